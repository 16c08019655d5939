using Microsoft.Win32.SafeHandles;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>A part of a file, read where it is: several can be read from one file at the same time, and each can be read again.</summary>
internal sealed class FileSlice(SafeFileHandle file, long offset, long length, Action<int> onRead) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer) => Count(RandomAccess.Read(file, buffer[..Wanted(buffer.Length)], offset + Position));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await RandomAccess.ReadAsync(file, buffer[..Wanted(buffer.Length)], offset + Position, cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => Position,
        _ => length,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Wanted(int room) => (int)Math.Clamp(length - Position, 0, room);

    private int Count(int read)
    {
        if (read == 0 && Position < length)
        {
            throw new IOException("The file became shorter while it was read.");
        }

        Position += read;
        onRead(read);
        return read;
    }
}
