using System.Diagnostics.CodeAnalysis;
using System.Text;
using FederationWorkflows.CloudLab.Aws.S3.Payload;

namespace FederationWorkflows.CloudLab.Aws.S3.Storage;

/// <summary>The lab's buckets and what lies in them, bounded. Safe for use by several threads.</summary>
internal sealed class BucketStore
{
    public const int MaximumBuckets = 1000;

    /// <summary>How many objects all buckets together hold.</summary>
    public const int MaximumObjects = 200_000;

    private readonly Lock gate = new();
    private readonly SortedDictionary<string, LabBucket> buckets = new(StringComparer.Ordinal);
    private int objects;

    public BucketStore(AwsWorld world, Spool spool, DateTimeOffset now)
    {
        Spool = spool;
        foreach (var account in world.Accounts)
        {
            foreach (var declared in account.Buckets)
            {
                var bucket = new LabBucket(declared.Name, account.Id, declared.Region, declared.CreationDate ?? now) { Tags = [.. declared.Tags] };
                buckets.Add(bucket.Name, bucket);
                foreach (var item in declared.Objects)
                {
                    Put(bucket, item.Key, Declared(item, now), static _ => { });
                }
            }
        }
    }

    public Spool Spool { get; }

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

    /// <summary>Removes a bucket; false when something lies in it.</summary>
    public bool TryRemove(LabBucket bucket)
    {
        lock (gate)
        {
            if (bucket.Objects.Count > 0)
            {
                return false;
            }

            buckets.Remove(bucket.Name);
            return true;
        }
    }

    public LabObject? Get(LabBucket bucket, string key)
    {
        lock (gate)
        {
            return bucket.Objects.GetValueOrDefault(key);
        }
    }

    /// <summary>An object to read from: its content stays until the caller disposes it, whatever becomes of the object.</summary>
    public LabObject? Open(LabBucket bucket, string key)
    {
        lock (gate)
        {
            return bucket.Objects.GetValueOrDefault(key) is { } found ? found with { Content = found.Content.Share() } : null;
        }
    }

    /// <summary>Says that a conditional write of a key begins; dispose it when it has ended.</summary>
    public IDisposable Begin(LabBucket bucket, ConditionalWrite write)
    {
        lock (gate)
        {
            bucket.Writes.Add(write);
        }

        return new Ending(() =>
        {
            lock (gate)
            {
                bucket.Writes.Remove(write);
            }
        });
    }

    /// <summary>
    /// Stores an object, whose content it takes over, when <paramref name="precondition"/>, given the one it replaces, does not throw.
    /// False when there are too many objects. When it does not store it, the content is still the caller's.
    /// </summary>
    public bool Put(LabBucket bucket, string key, LabObject value, Action<LabObject?> precondition)
    {
        LabObject? before;
        lock (gate)
        {
            before = bucket.Objects.GetValueOrDefault(key);
            precondition(before);
            if (!buckets.ContainsKey(bucket.Name))
            {
                throw S3Errors.NoSuchBucket(bucket.Name);
            }

            if (before is null && objects == MaximumObjects)
            {
                return false;
            }

            objects += before is null ? 1 : 0;
            bucket.Objects[key] = value;
        }

        before?.Content.Dispose();
        return true;
    }

    /// <summary>Changes what belongs to an object and not to its content; false when there is none.</summary>
    public bool Change(LabBucket bucket, string key, Func<LabObject, LabObject> change)
    {
        lock (gate)
        {
            if (!bucket.Objects.TryGetValue(key, out var before))
            {
                return false;
            }

            bucket.Objects[key] = change(before);
            return true;
        }
    }

    public void Delete(LabBucket bucket, string key, Action<LabObject?> precondition)
    {
        LabObject? before;
        lock (gate)
        {
            before = bucket.Objects.GetValueOrDefault(key);
            precondition(before);
            if (bucket.Objects.Remove(key))
            {
                objects--;
                foreach (var write in bucket.Writes.Where(write => write.Key == key))
                {
                    write.IsDisturbed = true;
                }
            }
        }

        before?.Content.Dispose();
    }

    /// <summary>The objects whose keys begin with <paramref name="prefix"/>, in the order of their keys.</summary>
    public IReadOnlyList<KeyValuePair<string, LabObject>> List(LabBucket bucket, string prefix)
    {
        lock (gate)
        {
            return [.. bucket.Objects.Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal))];
        }
    }

    public IReadOnlyList<KeyValuePair<string, string>> TagsOf(LabBucket bucket)
    {
        lock (gate)
        {
            return bucket.Tags;
        }
    }

    public void Tag(LabBucket bucket, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        lock (gate)
        {
            bucket.Tags = tags;
        }
    }

    // The world says nothing larger than its file: it stays in memory beside the declarations themselves.
    [SuppressMessage("Reliability", "CA2000", Justification = "The object takes the content over.")]
    private LabObject Declared(AwsObject item, DateTimeOffset now)
    {
        var content = Encoding.UTF8.GetBytes(item.Content);
        using var digest = new ContentDigest(ChecksumAlgorithm.Crc64Nvme);
        digest.Append(content);
        var (md5, checksum) = digest.Finish();
        if (!Spool.TryReserve(content.Length) || !Spool.TryKeepInMemory(content.Length))
        {
            throw new WorldFormatException("$.aws", "The objects it declares need more room than the lab has.");
        }

        return new LabObject(
            ObjectContent.Of(new Blob(Spool, content)),
            ContentDigest.ETag(md5),
            LabObject.ToSeconds(now),
            new ObjectHeaders { ContentType = "text/plain; charset=utf-8" },
            checksum) { Tags = [.. item.Tags] };
    }

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
