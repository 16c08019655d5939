using Microsoft.Win32.SafeHandles;

namespace FederationWorkflows.CloudLab.Aws.S3.Storage;

/// <summary>Takes down bytes as they come. What is not completed leaves nothing behind.</summary>
internal sealed class BlobWriter(Spool spool) : IDisposable
{
    private byte[] buffer = [];
    private int buffered;
    private SafeFileHandle? file;
    private string? path;
    private long length;
    private bool isCompleted;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (!spool.TryReserve(bytes.Length))
        {
            throw S3Errors.NoRoom();
        }

        length += bytes.Length;
        if (file is null && buffered + bytes.Length <= Spool.SmallContent)
        {
            Buffer(bytes.Span);
            return;
        }

        await SpillAsync(cancellationToken);
        await RandomAccess.WriteAsync(file!, bytes, length - bytes.Length, cancellationToken);
    }

    /// <summary>The bytes, whose one reference is the caller's.</summary>
    public async ValueTask<Blob> CompleteAsync(CancellationToken cancellationToken)
    {
        if (file is null && !spool.TryKeepInMemory(buffered))
        {
            await SpillAsync(cancellationToken);
        }

        isCompleted = true;
        return file is null ? new Blob(spool, buffer[..buffered]) : new Blob(spool, path!, length);
    }

    public void Dispose()
    {
        file?.Dispose();
        if (isCompleted)
        {
            return;
        }

        spool.GiveBack(length);
        if (path is not null)
        {
            File.Delete(path);
        }
    }

    private void Buffer(ReadOnlySpan<byte> bytes)
    {
        if (buffered + bytes.Length > buffer.Length)
        {
            Array.Resize(ref buffer, Math.Max(buffered + bytes.Length, Math.Min(2 * buffer.Length, Spool.SmallContent)));
        }

        bytes.CopyTo(buffer.AsSpan(buffered));
        buffered += bytes.Length;
    }

    private async ValueTask SpillAsync(CancellationToken cancellationToken)
    {
        if (file is not null)
        {
            return;
        }

        path = spool.NewFile();
        file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous);
        await RandomAccess.WriteAsync(file, buffer.AsMemory(0, buffered), 0, cancellationToken);
        buffer = [];
    }
}
