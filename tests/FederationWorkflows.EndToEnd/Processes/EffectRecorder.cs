using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.EndToEnd.Processes;

/// <summary>A request that a story sent.</summary>
/// <param name="Step">The path it was sent to.</param>
/// <param name="Body">What it carried.</param>
/// <param name="Key">Its <c>Idempotency-Key</c>.</param>
/// <param name="At">When it arrived.</param>
internal sealed record Attempt(string Step, string Body, string Key, DateTimeOffset At);

/// <summary>The world outside the server: notes every request as it comes and removes nothing.</summary>
internal sealed class EffectRecorder : IAsyncDisposable
{
    private readonly WebApplication app;

    private readonly ConcurrentQueue<Attempt> attempts = new();

    private EffectRecorder(WebApplication app) => this.app = app;

    public Uri Address => new(app.Urls.Single());

    public IReadOnlyList<Attempt> Attempts => [.. attempts];

    /// <param name="seed">The answers take up to 40 ms, drawn from it.</param>
    public static async Task<EffectRecorder> StartAsync(int seed)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var recorder = new EffectRecorder(builder.Build());
        var random = new Random(seed);
        recorder.app.MapPost("/{step}", async (string step, HttpContext context) =>
        {
            var at = DateTimeOffset.UtcNow;
            using var reader = new StreamReader(context.Request.Body);
            recorder.attempts.Enqueue(new Attempt(step, await reader.ReadToEndAsync(), context.Request.Headers["Idempotency-Key"].ToString(), at));
            int delay;
            lock (random)
            {
                delay = random.Next(40);
            }

            await Task.Delay(delay);
        });
        await recorder.app.StartAsync();
        return recorder;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
