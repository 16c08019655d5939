using System.Buffers;

namespace FederationWorkflows.CloudLab.Aws.S3.Storage;

/// <summary>Takes the next bytes of something that is read piece by piece. The memory is the giver's again when the task ends.</summary>
internal delegate ValueTask ByteSink(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

/// <summary>Bytes that never change, shared by all that hold a reference: objects, their copies, parts, readers. Gone with the last one.</summary>
internal sealed class Blob
{
    private const int BlockSize = 128 * 1024;

    private readonly Spool spool;
    private readonly byte[]? memory;
    private readonly string? path;
    private int references = 1;

    public Blob(Spool spool, byte[] memory)
    {
        this.spool = spool;
        this.memory = memory;
        Length = memory.Length;
    }

    public Blob(Spool spool, string path, long length)
    {
        this.spool = spool;
        this.path = path;
        Length = length;
    }

    public long Length { get; }

    /// <summary>One more reference; whoever calls holds one already.</summary>
    public void Share() => Interlocked.Increment(ref references);

    public void Release()
    {
        if (Interlocked.Decrement(ref references) > 0)
        {
            return;
        }

        spool.GiveBack(Length);
        if (path is null)
        {
            spool.GiveBackMemory(memory!.Length);
        }
        else
        {
            File.Delete(path);
        }
    }

    public async Task ReadAsync(long from, long length, ByteSink sink, CancellationToken cancellationToken)
    {
        if (memory is not null)
        {
            await sink(memory.AsMemory((int)from, (int)length), cancellationToken);
            return;
        }

        using var file = File.OpenHandle(path!, options: FileOptions.Asynchronous | FileOptions.SequentialScan, share: FileShare.Read | FileShare.Delete);
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            for (var position = from; position < from + length;)
            {
                var wanted = (int)Math.Min(buffer.Length, from + length - position);
                var read = await RandomAccess.ReadAsync(file, buffer.AsMemory(0, wanted), position, cancellationToken);
                if (read == 0)
                {
                    throw new EndOfStreamException($"{path} is shorter than what was written to it: somebody else changed the lab's folder.");
                }

                await sink(buffer.AsMemory(0, read), cancellationToken);
                position += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
