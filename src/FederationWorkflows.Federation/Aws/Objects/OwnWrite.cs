using Amazon.S3.Model;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>The mark by which a write finds its own object again: user metadata with its idempotency key, which is no secret.</summary>
internal static class OwnWrite
{
    public const string Name = "fedflow-write";

    public static bool Is(ObjectFacts facts, ObjectTarget target) =>
        target.IdempotencyKey is { } key && facts.Metadata.TryGetValue(Name, out var mark) && mark == key;

    /// <summary>Gives a request the target's metadata and mark.</summary>
    public static void Mark(MetadataCollection metadata, ObjectTarget target)
    {
        foreach (var (name, value) in target.Metadata)
        {
            metadata[name] = value;
        }

        if (target.IdempotencyKey is { } key)
        {
            metadata[Name] = key;
        }
    }
}
