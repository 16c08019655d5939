using System.Security.Cryptography;
using System.Text;

namespace FederationWorkflows.CloudLab.Aws.Signing;

/// <summary>Verifies Signature Version 4 (IAM User Guide, "AWS Signature Version 4 for API requests").</summary>
internal sealed class SigV4Verifier(AccessKeyStore keys)
{
    /// <summary>Who signed the request, or an <see cref="AwsException"/> in the service's words.</summary>
    /// <param name="call">The request.</param>
    /// <param name="authorization">What it says of its signature.</param>
    /// <param name="payloadHash">What stands for the body in the canonical request.</param>
    /// <param name="errors">The service's rules and words.</param>
    public SignedCall Verify(AwsCall call, SigV4Authorization authorization, string payloadHash, SignatureErrors errors)
    {
        var key = keys.Find(authorization.AccessKeyId) is { IsActive: true } found ? found : throw errors.UnknownKey(authorization.AccessKeyId);
        CheckTime(call, authorization, errors);
        if (authorization.Service != errors.Service)
        {
            throw errors.WrongService(authorization.Service);
        }

        if (!AwsWorldRules.IsRegion(authorization.Region) || (errors.Service == "iam" && authorization.Region != "us-east-1"))
        {
            throw errors.WrongRegion(authorization.Region);
        }

        CheckSignedHeaders(call, authorization, errors);
        var signingKey = SigningKey(key.Secret.Reveal(), authorization);
        var canonicalRequest = CanonicalRequest(call, authorization, payloadHash);
        var stringToSign = $"{SigV4Authorization.Algorithm}\n{authorization.Timestamp}\n{authorization.Scope}\n{AwsCall.HashOf(Encoding.UTF8.GetBytes(canonicalRequest))}";
        if (!SameSignature(Sign(signingKey, stringToSign), authorization.Signature))
        {
            throw errors.Mismatch(key.Id, stringToSign, canonicalRequest, authorization.Signature);
        }

        CheckSession(call, key, authorization, errors);
        var caller = key.Caller();
        call.Identity = caller.Identity;
        call.Region = authorization.Region;
        key.LastUse = new AwsAccessKeyUse { Date = call.Now, Service = authorization.Service, Region = authorization.Region };
        return new SignedCall(caller, authorization, signingKey);
    }

    public static string Sign(byte[] signingKey, string text) => Convert.ToHexStringLower(HMACSHA256.HashData(signingKey, Encoding.UTF8.GetBytes(text)));

    public static bool SameSignature(string expected, string given) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.UTF8.GetBytes(given));

    private static void CheckTime(AwsCall call, SigV4Authorization authorization, SignatureErrors errors)
    {
        if (authorization.Time > call.Now + SignatureErrors.MaximumSkew)
        {
            throw errors.Skewed(authorization.Time, call.Now);
        }

        if (authorization.Lifetime is { } lifetime)
        {
            if (call.Now > authorization.Time + lifetime)
            {
                throw errors.PresignedExpired(authorization.Time, lifetime, call.Now);
            }
        }
        else if (authorization.Time < call.Now - SignatureErrors.MaximumSkew)
        {
            throw errors.Skewed(authorization.Time, call.Now);
        }
    }

    // Host and every x-amz-* header that is present must be signed; otherwise one could be changed or added on the way.
    private static void CheckSignedHeaders(AwsCall call, SigV4Authorization authorization, SignatureErrors errors)
    {
        var unsigned = call.Http.Request.Headers.Keys
            .Select(static name => name.ToLowerInvariant())
            .Where(name => (name == "host" || name.StartsWith("x-amz-", StringComparison.Ordinal)) && !authorization.SignedHeaders.Contains(name))
            .ToList();
        if (unsigned.Count > 0)
        {
            throw errors.NotSigned(unsigned);
        }
    }

    private static void CheckSession(AwsCall call, AccessKey key, SigV4Authorization authorization, SignatureErrors errors)
    {
        if (key.SessionToken is null ? authorization.SecurityToken is not null : !SameSignature(key.SessionToken.Reveal(), authorization.SecurityToken ?? string.Empty))
        {
            throw errors.InvalidToken();
        }

        if (call.Now >= key.Expires)
        {
            throw errors.ExpiredToken();
        }
    }

    private static string CanonicalRequest(AwsCall call, SigV4Authorization authorization, string payloadHash)
    {
        var text = new StringBuilder();
        text.Append(call.Method).Append('\n');
        text.Append(CanonicalPath(call.RawPath, authorization.Service == "s3")).Append('\n');
        text.AppendJoin('&', call.Query
            .Where(static pair => pair.Key != "X-Amz-Signature")
            .Select(static pair => (Name: Uri.EscapeDataString(pair.Key), Value: Uri.EscapeDataString(pair.Value)))
            .OrderBy(static pair => pair.Name, StringComparer.Ordinal)
            .ThenBy(static pair => pair.Value, StringComparer.Ordinal)
            .Select(static pair => $"{pair.Name}={pair.Value}")).Append('\n');
        foreach (var name in authorization.SignedHeaders)
        {
            text.Append(name).Append(':');
            if (call.Http.Request.Headers.TryGetValue(name, out var values))
            {
                text.AppendJoin(',', values.Select(static value => Collapse(value ?? string.Empty)));
            }

            text.Append('\n');
        }

        return text.Append('\n').AppendJoin(';', authorization.SignedHeaders).Append('\n').Append(payloadHash).ToString();
    }

    // S3 signs the path encoded once; the others sign it encoded once more than it is sent.
    private static string CanonicalPath(string rawPath, bool isS3) => string.Join('/', rawPath
        .Split('/')
        .Select(segment => Uri.EscapeDataString(isS3 ? Uri.UnescapeDataString(segment) : segment)));

    private static string Collapse(string value) => string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static byte[] SigningKey(string secret, SigV4Authorization authorization)
    {
        var key = HMACSHA256.HashData(Encoding.UTF8.GetBytes($"AWS4{secret}"), Encoding.UTF8.GetBytes(authorization.Date));
        key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(authorization.Region));
        key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(authorization.Service));
        return HMACSHA256.HashData(key, "aws4_request"u8);
    }
}

/// <summary>A request whose signature is good.</summary>
/// <param name="Caller">Who signed it.</param>
/// <param name="Authorization">What it said of its signature.</param>
/// <param name="SigningKey">With which the chunks of a streamed body are signed too.</param>
internal sealed record SignedCall(AwsCaller Caller, SigV4Authorization Authorization, byte[] SigningKey);
