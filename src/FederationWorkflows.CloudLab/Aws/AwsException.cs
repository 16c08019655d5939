using System.Diagnostics.CodeAnalysis;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>An answer that says no, as AWS words it.</summary>
[SuppressMessage("Design", "CA1064", Justification = "It never leaves the AWS side: every one becomes an answer.")]
internal sealed class AwsException(string code, string message, int status, params IReadOnlyList<(string Name, string Value)> fields) : Exception(message)
{
    public string Code { get; } = code;

    public int Status { get; } = status;

    /// <summary>S3's further elements of the error, such as <c>BucketName</c>.</summary>
    public IReadOnlyList<(string Name, string Value)> Fields { get; } = fields;

    /// <summary>The <c>Retry-After</c> of the answer; null: none.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Which rule refused: for the event log only, as AWS does not tell clients.</summary>
    public string? Explanation { get; init; }
}
