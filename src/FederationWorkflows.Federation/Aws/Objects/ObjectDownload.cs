using Amazon.S3;
using Amazon.S3.Model;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>An object on its way into a file. What breaks off goes on behind what has come: of the same object, which its ETag tells.</summary>
internal sealed class ObjectDownload(OutboundCall call, ObjectAddress address, IncomingFile file, TransferFolder folder, IProgress<TransferProgress>? progress)
{
    private const int BufferBytes = 128 * 1024;

    private readonly byte[] buffer = new byte[BufferBytes];

    private ObjectFacts? facts;

    /// <summary>Reads until all has come, or the connection breaks.</summary>
    public async Task<ObjectFacts> GoOnAsync(AmazonS3Client client, Action moved, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest { BucketName = address.Bucket, Key = address.Key, VersionId = address.VersionId };
        if (facts is not null)
        {
            request.EtagToMatch = facts.ETag;
            request.ByteRange = new ByteRange(file.Length, facts.Size - 1);
        }

        using var answer = await client.GetObjectAsync(request, cancellationToken);
        facts ??= S3Facts.Of(call, answer);
        if (facts.Size > folder.MaxFileBytes)
        {
            throw folder.TooLarge(call, $"the object has {facts.Size} bytes");
        }

        while (file.Length < facts.Size)
        {
            var read = await answer.ResponseStream.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                throw new IOException("The answer ended before the object did.");
            }

            await file.AppendAsync(buffer.AsMemory(0, (int)Math.Min(read, facts.Size - file.Length)), cancellationToken);
            moved();
            progress?.Report(new TransferProgress(file.Length, facts.Size));
        }

        return facts;
    }
}
