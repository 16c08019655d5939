namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>An operation of S3: by which method, on what, with which query parameter it is called, and who does it.</summary>
/// <param name="Name">As the event log has it (Amazon S3 User Guide, "Amazon S3 CloudTrail events").</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Level">What the path names.</param>
/// <param name="Handle">Does it.</param>
internal sealed record S3Operation(string Name, string Method, S3Level Level, Func<S3Call, CancellationToken, Task> Handle)
{
    // They belong to no operation: SDKs and presigned URLs add them anywhere.
    private static readonly HashSet<string> Anywhere = new(StringComparer.Ordinal) { "x-id" };

    /// <summary>The query parameter that makes a call this operation; null when none does.</summary>
    public string? Selector { get; init; }

    /// <summary>The header that makes a call this operation; null when none does.</summary>
    public string? SelectingHeader { get; init; }

    /// <summary>The other query parameters it knows.</summary>
    public IReadOnlyList<string> Parameters { get; init; } = [];

    public bool Fits(AwsCall call, S3Level level) =>
        call.Method == Method
        && level == Level
        && (Selector is null || call.QueryValue(Selector) is not null)
        && (SelectingHeader is null || call.Header(SelectingHeader) is not null);

    /// <summary>A query parameter that it does not know, and that would change what is asked; null when there is none.</summary>
    public string? Unknown(AwsCall call) => call.Query.FirstOrDefault(pair =>
        pair.Key != Selector && !Parameters.Contains(pair.Key) && !Anywhere.Contains(pair.Key) && !pair.Key.StartsWith("X-Amz-", StringComparison.OrdinalIgnoreCase)).Key;
}

/// <summary>What the path of a call names.</summary>
internal enum S3Level
{
    /// <summary>Nothing: all buckets.</summary>
    Service,

    /// <summary>A bucket.</summary>
    Bucket,

    /// <summary>An object.</summary>
    Object,
}

/// <summary>The operations the lab has. The first that fits a call is meant.</summary>
internal sealed class S3Operations(IReadOnlyList<S3Operation> operations)
{
    public S3Operation Of(AwsCall call, S3Level level)
    {
        if (operations.FirstOrDefault(candidate => candidate.Fits(call, level)) is { } operation)
        {
            return operation.Unknown(call) is { } unknown ? throw NotImplemented(call, unknown) : operation;
        }

        // A method that only other query parameters would make right.
        return call.Query.FirstOrDefault(static pair => !pair.Key.StartsWith("X-Amz-", StringComparison.OrdinalIgnoreCase)) is { Key: { } parameter }
            ? throw NotImplemented(call, parameter)
            : throw S3Errors.MethodNotAllowed(call.Method);
    }

    private static AwsException NotImplemented(AwsCall call, string parameter) => S3Errors.NotImplemented($"{call.Method} with the query parameter {parameter}");
}
