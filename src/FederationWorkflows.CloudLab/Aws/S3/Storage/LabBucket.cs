namespace FederationWorkflows.CloudLab.Aws.S3.Storage;

/// <summary>A bucket. What lies in it is guarded by the store.</summary>
internal sealed record LabBucket(string Name, string AccountId, string Region, DateTimeOffset Created)
{
    public string Arn => $"arn:aws:s3:::{Name}";

    internal SortedDictionary<string, LabObject> Objects { get; } = new(StringComparer.Ordinal);

    internal IReadOnlyList<KeyValuePair<string, string>> Tags { get; set; } = [];

    /// <summary>The conditional writes under way, for <see cref="ConditionalWrite.IsDisturbed"/>.</summary>
    internal List<ConditionalWrite> Writes { get; } = [];
}

/// <summary>A conditional write from the start of its upload to its end.</summary>
internal sealed class ConditionalWrite(string key)
{
    public string Key => key;

    /// <summary>The object was deleted meanwhile: the condition can no longer be judged.</summary>
    public bool IsDisturbed { get; set; }
}
