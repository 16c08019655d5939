namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>What to check when S3 refuses a call on objects (Amazon S3 API Reference, "Error responses").</summary>
internal static class ObjectAdvice
{
    public const string PreconditionFailed = "PreconditionFailed";
    public const string Conflict = "ConditionalRequestConflict";
    public const string NoSuchKey = "NoSuchKey";

    public static string For(string code, string permission) => code switch
    {
        // A HEAD has no body, and so no code but its status.
        "AccessDenied" or "Forbidden" when permission is "s3:GetObject" =>
            $"{AwsAdvice.Signed("AccessDenied", permission)} The bucket's policy and the key of its encryption (kms:Decrypt) count, too. Without s3:ListBucket the same is answered for a key that does not exist.",
        "AccessDenied" or "Forbidden" => $"{AwsAdvice.Signed("AccessDenied", permission)} The bucket's policy and the key of its encryption (kms:GenerateDataKey) count, too.",
        "BadRequest" => "S3 gives no reason without a body: the credentials may have expired (assume the role again), or the bucket is in another region.",
        "NoSuchBucket" => "Check the bucket's name, and that the credentials are of the right partition.",
        NoSuchKey or "NotFound" => "Check the key: it is compared exactly, without a slash at its beginning.",
        "NoSuchVersion" => "Check the version id: it belongs to one key only.",
        "AuthorizationHeaderMalformed" or "PermanentRedirect" or "IllegalLocationConstraintException" => "Give the bucket's region as the region.",
        PreconditionFailed when permission is "s3:GetObject" => "The object was changed while it was read: try again.",
        PreconditionFailed => "The object is not as the condition asks.",
        Conflict or "OperationAborted" => "Somebody else writes the same object: try again.",
        "InvalidObjectState" => "The object is archived: restore it first (aws s3api restore-object).",
        "MethodNotAllowed" => "The version is a delete marker, or the object is locked.",
        "KeyTooLongError" => "Shorten the key.",
        "EntityTooLarge" => "One write takes 5 GiB: upload a file, which goes in parts.",
        "NoSuchUpload" => "The upload was ended by somebody else, or by a lifecycle rule.",
        "InvalidPart" or "BadDigest" or "IncompleteBody" or "XAmzContentSHA256Mismatch" => "Something between changed the content, or the file was changed while it was read: try again.",
        _ => AwsAdvice.Signed(code, permission),
    };
}
