using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>An answer, as far as the client looks at it.</summary>
internal readonly record struct Answer(int Status, string? RunId, bool HasRetryAfter)
{
    public bool IsAccepted => Status is >= 200 and < 300;
}

/// <summary>One kept-alive HTTP/1.1 connection to a server that answers as Kestrel does: with a length or in chunks.</summary>
internal sealed class LoadConnection : IDisposable
{
    private readonly Socket socket;

    private readonly byte[] buffer = new byte[8192];

    private LoadConnection(Socket socket) => this.socket = socket;

    public static async Task<LoadConnection> OpenAsync(Uri server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Parse(server.Host), server.Port);
        return new LoadConnection(socket);
    }

    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="InvalidDataException">The answer is none, or too long.</exception>
    public async ValueTask<Answer> ExchangeAsync(byte[] request)
    {
        await socket.SendAsync(request);
        var length = 0;
        while (true)
        {
            if (length == buffer.Length)
            {
                throw new InvalidDataException("an answer of more than 8 KB");
            }

            var read = await socket.ReceiveAsync(buffer.AsMemory(length));
            if (read == 0)
            {
                throw new InvalidDataException("the server closed the connection");
            }

            length += read;
            if (IsComplete(buffer.AsSpan(0, length), out var answer))
            {
                return answer;
            }
        }
    }

    public void Dispose() => socket.Dispose();

    private static bool IsComplete(ReadOnlySpan<byte> received, out Answer answer)
    {
        answer = default;
        var end = received.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        var head = received[..(end + 2)];
        var body = received[(end + 4)..];
        var isWhole = Header(head, "\r\nContent-Length: "u8) is { Length: > 0 } length
            ? Utf8Parser.TryParse(length, out int expected, out _) && body.Length >= expected
            : Header(head, "\r\nTransfer-Encoding: "u8).IsEmpty || body.EndsWith("0\r\n\r\n"u8);
        if (!isWhole || !Utf8Parser.TryParse(head["HTTP/1.1 ".Length..], out int status, out _))
        {
            return false;
        }

        var id = Header(head, "\r\nx-elsa-workflow-instance-id: "u8);
        answer = new Answer(status, id.IsEmpty ? null : Encoding.ASCII.GetString(id), !Header(head, "\r\nRetry-After: "u8).IsEmpty);
        return true;
    }

    private static ReadOnlySpan<byte> Header(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        var start = head.IndexOf(name);
        if (start < 0)
        {
            return [];
        }

        var value = head[(start + name.Length)..];
        return value[..value.IndexOf((byte)'\r')];
    }
}
