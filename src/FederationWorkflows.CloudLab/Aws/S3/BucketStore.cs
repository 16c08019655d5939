using System.Text;

namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>The lab's buckets and what lies in them, in memory and bounded. Safe for use by several threads.</summary>
internal sealed class BucketStore
{
    public const int MaximumBuckets = 1000;

    /// <summary>How much all objects together may take.</summary>
    public const long MaximumBytes = 1024L * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly SortedDictionary<string, LabBucket> buckets = new(StringComparer.Ordinal);
    private long bytes;

    public BucketStore(AwsWorld world, DateTimeOffset now)
    {
        foreach (var account in world.Accounts)
        {
            foreach (var declared in account.Buckets)
            {
                var bucket = new LabBucket(declared.Name, account.Id, declared.Region, declared.CreationDate ?? now);
                buckets.Add(bucket.Name, bucket);
                foreach (var item in declared.Objects)
                {
                    Put(bucket, item.Key, new LabObject(Encoding.UTF8.GetBytes(item.Content), now, new ObjectHeaders { ContentType = "text/plain; charset=utf-8" }), static _ => { });
                }
            }
        }
    }

    public LabBucket? Find(string name)
    {
        lock (gate)
        {
            return buckets.GetValueOrDefault(name);
        }
    }

    public IReadOnlyList<LabBucket> OwnedBy(string accountId)
    {
        lock (gate)
        {
            return [.. buckets.Values.Where(bucket => bucket.AccountId == accountId)];
        }
    }

    /// <summary>Adds a bucket; returns the one that has the name already, null when there is none. False when there are too many.</summary>
    public bool TryAdd(LabBucket bucket, out LabBucket? existing)
    {
        lock (gate)
        {
            if (buckets.TryGetValue(bucket.Name, out existing))
            {
                return true;
            }

            return buckets.Count < MaximumBuckets && buckets.TryAdd(bucket.Name, bucket);
        }
    }

    public LabObject? Get(LabBucket bucket, string key)
    {
        lock (gate)
        {
            return bucket.Objects.GetValueOrDefault(key);
        }
    }

    /// <summary>Stores an object when <paramref name="precondition"/>, given the one it replaces, does not throw. False when there is no room.</summary>
    public bool Put(LabBucket bucket, string key, LabObject value, Action<LabObject?> precondition)
    {
        lock (gate)
        {
            var before = bucket.Objects.GetValueOrDefault(key);
            precondition(before);
            var after = bytes - (before?.Content.Length ?? 0) + value.Content.Length;
            if (after > MaximumBytes)
            {
                return false;
            }

            bytes = after;
            bucket.Objects[key] = value;
            return true;
        }
    }

    public void Delete(LabBucket bucket, string key)
    {
        lock (gate)
        {
            if (bucket.Objects.Remove(key, out var before))
            {
                bytes -= before.Content.Length;
            }
        }
    }

    /// <summary>The objects whose keys begin with <paramref name="prefix"/>, in the order of their keys.</summary>
    public IReadOnlyList<KeyValuePair<string, LabObject>> List(LabBucket bucket, string prefix)
    {
        lock (gate)
        {
            return [.. bucket.Objects.Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(static item => item.Key, StringComparer.Ordinal)];
        }
    }
}

/// <summary>A bucket. Its objects are guarded by the store.</summary>
internal sealed record LabBucket(string Name, string AccountId, string Region, DateTimeOffset Created)
{
    public string Arn => $"arn:aws:s3:::{Name}";

    internal Dictionary<string, LabObject> Objects { get; } = new(StringComparer.Ordinal);
}

/// <summary>An object: content and headers, never changed once stored.</summary>
internal sealed record LabObject(byte[] Content, DateTimeOffset LastModified, ObjectHeaders Headers)
{
    public string ETag { get; } = $"\"{Convert.ToHexStringLower(Checksums.Md5(Content))}\"";
}

/// <summary>The headers stored with an object and given back with it.</summary>
internal sealed record ObjectHeaders
{
    public string ContentType { get; init; } = "application/octet-stream";

    /// <summary>Content-Encoding, Cache-Control, Content-Disposition, x-amz-meta-*, ...</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Others { get; init; } = [];

    /// <summary>The checksum the client sent, by its header's name.</summary>
    public KeyValuePair<string, string>? Checksum { get; init; }
}
