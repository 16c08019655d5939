using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.Http.Tests.Requests;

/// <summary>What arrived at a stub server.</summary>
internal sealed record Arrived(string Method, string Target, Dictionary<string, string> Headers, string Body);

/// <summary>A stub server that keeps what it was sent.</summary>
internal sealed class RecordingServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<Arrived> arrived = new();

    private StubServer server = null!;

    public Uri Url => server.Url;

    public Arrived[] All => [.. arrived];

    public Arrived Only => arrived.ShouldHaveSingleItem();

    public static async Task<RecordingServer> StartAsync(RequestDelegate? answer = null)
    {
        var recording = new RecordingServer();
        recording.server = await StubServer.StartAsync(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync(context.RequestAborted);
            recording.arrived.Enqueue(new Arrived(
                context.Request.Method,
                context.Request.Path + context.Request.QueryString,
                context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
                body));
            await (answer ?? (_ => Task.CompletedTask))(context);
        });
        return recording;
    }

    public static Task<RecordingServer> StartAsync(int status, string? contentType = null, string? body = null) =>
        StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = contentType;
            return body is null ? Task.CompletedTask : context.Response.WriteAsync(body);
        });

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
