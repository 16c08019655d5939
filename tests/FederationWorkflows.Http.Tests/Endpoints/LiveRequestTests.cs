using System.Net.Sockets;
using System.Text;
using FederationWorkflows.Http.Endpoints;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.Http.Tests.Endpoints;

/// <summary>What only a real connection can do.</summary>
public sealed class LiveRequestTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}", "{\"a\":1}")]
    [InlineData("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n", "{\"a\":1}")]
    [InlineData("Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789!\r\n0\r\n\r\n", "413 The request's body is longer than 100 bytes.")]
    [InlineData("Content-Type: text/plain\r\nContent-Length: 101\r\n\r\n01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890", "413 The request's body is longer than 100 bytes.")]
    [InlineData("Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", "400 The body ended before it was complete, or its chunks are malformed. Send it again.")]
    [InlineData("Content-Type: application/json\r\nContent-Length: 5\r\n\r\n{\"a\":", "400 The body is not valid JSON: Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed (line 1, column 6).")]
    public async Task A_body_is_taken_or_refused_as_it_arrives(string headersAndBody, string expected)
    {
        await using var server = await StubServer.StartAsync(async context => await context.Response.WriteAsync(await OutcomeAsync(context), Ct));

        var answer = await TalkAsync(server, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headersAndBody);

        answer.ShouldEndWith(expected);
    }

    [Fact]
    public async Task A_body_that_breaks_off_is_refused()
    {
        var outcome = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StubServer.StartAsync(async context => outcome.SetResult(await OutcomeAsync(context)));

        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", server.Port, Ct);
        await client.GetStream().WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 50\r\n\r\nonly this"u8.ToArray(), Ct);
        client.Client.Shutdown(SocketShutdown.Send);

        (await outcome.Task.WaitAsync(Ct)).ShouldStartWith("400 ");
    }

    private static async Task<string> OutcomeAsync(HttpContext context)
    {
        try
        {
            var request = await HttpRequestReader.ReadAsync(context.Request, new HttpRequestLimits { MaxBodyBytes = 100 }, null, Ct);
            return request.ParsedContent?.GetRawText() ?? "";
        }
        catch (HttpBodyTooLargeException e)
        {
            return $"413 {e.Message}";
        }
        catch (HttpBodyException e)
        {
            return $"{e.StatusCode} {e.Message}";
        }
    }

    private static async Task<string> TalkAsync(StubServer server, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", server.Port, Ct);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request), Ct);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(Ct);

        // The answer is chunked: its one chunk stands between two sizes.
        return answer.TrimEnd().EndsWith("\r\n0", StringComparison.Ordinal) ? answer.TrimEnd()[..^3] : answer;
    }
}
