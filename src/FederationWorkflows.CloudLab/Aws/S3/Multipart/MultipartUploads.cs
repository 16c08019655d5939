using System.Security.Cryptography;
using FederationWorkflows.CloudLab.Aws.S3.Storage;

namespace FederationWorkflows.CloudLab.Aws.S3.Multipart;

/// <summary>The uploads under way, bounded. Safe for use by several threads.</summary>
internal sealed class MultipartUploads
{
    /// <summary>Amazon S3 User Guide, "Amazon S3 multipart upload limits".</summary>
    public const int MaximumParts = 10_000;

    private const int MaximumUploads = 1000;
    private const int MaximumPartsTogether = 200_000;
    private const string IdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

    private readonly Lock gate = new();
    private readonly Dictionary<string, MultipartUpload> uploads = new(StringComparer.Ordinal);
    private int parts;

    public static string NewId() => RandomNumberGenerator.GetString(IdAlphabet, 96);

    /// <summary>False when there are too many.</summary>
    public bool TryAdd(MultipartUpload upload)
    {
        lock (gate)
        {
            return uploads.Count < MaximumUploads && uploads.TryAdd(upload.Id, upload);
        }
    }

    /// <summary>The upload of that id, bucket and key.</summary>
    public MultipartUpload Get(LabBucket bucket, string key, string? id)
    {
        lock (gate)
        {
            return id is not null && uploads.TryGetValue(id, out var upload) && upload.Bucket == bucket && upload.Key == key ? upload : throw S3Errors.NoSuchUpload(id ?? string.Empty);
        }
    }

    /// <summary>The uploads of a bucket, by key and then by time.</summary>
    public IReadOnlyList<MultipartUpload> Of(LabBucket bucket)
    {
        lock (gate)
        {
            return
            [
                .. uploads.Values
                    .Where(upload => upload.Bucket == bucket)
                    .OrderBy(static upload => upload.Key, StringComparer.Ordinal)
                    .ThenBy(static upload => upload.Initiated)
                    .ThenBy(static upload => upload.Id, StringComparer.Ordinal),
            ];
        }
    }

    public IReadOnlyList<UploadedPart> PartsOf(MultipartUpload upload)
    {
        lock (gate)
        {
            return [.. upload.Parts.Values];
        }
    }

    /// <summary>Adds a part, in place of an earlier one of its number; its content is taken over, or disposed when the upload has ended meanwhile.</summary>
    public void AddPart(MultipartUpload upload, UploadedPart part)
    {
        UploadedPart? before;
        AwsException? refused = null;
        lock (gate)
        {
            before = upload.Parts.GetValueOrDefault(part.Number);
            refused = upload.IsClosed ? S3Errors.NoSuchUpload(upload.Id) : before is null && parts == MaximumPartsTogether ? S3Errors.NoRoom() : null;
            if (refused is null)
            {
                parts += before is null ? 1 : 0;
                upload.Parts[part.Number] = part;
            }
        }

        (refused is null ? before?.Content : part.Content)?.Dispose();
        if (refused is not null)
        {
            throw refused;
        }
    }

    /// <summary>Shares the contents of parts, so that they stay whatever becomes of the upload.</summary>
    public ObjectContent Join(MultipartUpload upload, IReadOnlyList<UploadedPart> chosen)
    {
        lock (gate)
        {
            return !upload.IsClosed && chosen.All(part => upload.Parts.GetValueOrDefault(part.Number) == part)
                ? ObjectContent.Concat(chosen.Select(static part => part.Content))
                : throw S3Errors.NoSuchUpload(upload.Id);
        }
    }

    /// <summary>Ends an upload and lets go of its parts; false when somebody else has ended it.</summary>
    public bool Close(MultipartUpload upload)
    {
        lock (gate)
        {
            if (upload.IsClosed)
            {
                return false;
            }

            upload.IsClosed = true;
            uploads.Remove(upload.Id);
            parts -= upload.Parts.Count;
        }

        foreach (var part in upload.Parts.Values)
        {
            part.Content.Dispose();
        }

        return true;
    }

    public void AbortAll(LabBucket bucket)
    {
        foreach (var upload in Of(bucket))
        {
            Close(upload);
        }
    }
}
