using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Faults;

/// <summary>The body of an answer of which only so many bytes go out before the connection is cut.</summary>
internal sealed class CutBody(Stream inner, long allowed) : Stream
{
    private long left = allowed;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Lets the answer of a call be cut; dispose what is returned when the call has done its work.</summary>
    public static IDisposable Arm(HttpContext http, long allowed)
    {
        http.Response.Body = new CutBody(http.Response.Body, allowed);
        return new Cut(http);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = (int)Math.Min(left, buffer.Length);
        if (count > 0)
        {
            await inner.WriteAsync(buffer[..count], cancellationToken);
        }

        left -= count;
        if (count < buffer.Length)
        {
            await inner.FlushAsync(cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // The server itself closes the connection of an answer that ends before its Content-Length, and what was written still arrives. Any other answer would end well.
    private sealed class Cut(HttpContext http) : IDisposable
    {
        public void Dispose()
        {
            if (!http.Response.HasStarted || http.Response.ContentLength is null)
            {
                http.Abort();
            }
        }
    }
}
