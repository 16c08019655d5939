using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>What a bare server does with a request before it answers.</summary>
internal sealed record BareOrder
{
    /// <summary>The file to store it in; null for none.</summary>
    public string? SqliteFile { get; init; }

    /// <summary>The database to store it in; null for none.</summary>
    public string? PostgreSql { get; init; }

    /// <summary>Bytes that are stored with each request, beside its row.</summary>
    public int StoredBytes { get; init; }
}

/// <summary>What a bare server stores of a request: one row of a run, and one of its history.</summary>
internal interface IBareStore : IAsyncDisposable
{
    /// <summary>Stores it; completes when it is on disk.</summary>
    Task StoreAsync(BareRow row);
}

/// <summary>A row, about as big as the server's own.</summary>
internal sealed record BareRow(string Id, DateTimeOffset At, byte[] Data)
{
    public const string DefinitionId = "five";

    public static readonly string Revision = new('a', 64);
}

/// <summary>Kestrel and nothing else: what answering, and answering after two inserts, costs on this machine at least.</summary>
internal static class BareServer
{
    public const string Name = "load-bare";

    public static async Task<int> RunAsync(string json)
    {
        var order = JsonSerializer.Deserialize<BareOrder>(json)!;
        await using var store = order switch
        {
            { SqliteFile: { } file } => new BareSqlite(file),
            { PostgreSql: { } connection } => await BarePostgreSql.OpenAsync(connection),
            _ => (IBareStore?)null,
        };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.Run(async context =>
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            if (store is not null)
            {
                await store.StoreAsync(new BareRow(Guid.CreateVersion7().ToString("N"), DateTimeOffset.UtcNow, Fill(body, order.StoredBytes)));
            }

            context.Response.StatusCode = StatusCodes.Status202Accepted;
        });
        await app.StartAsync();
        await Console.Out.WriteLineAsync($"Now listening on: {app.Urls.Single()}");
        await app.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>The body again and again: compressible, as a history is.</summary>
    private static byte[] Fill(MemoryStream body, int length)
    {
        var data = new byte[length];
        var source = body.GetBuffer().AsSpan(0, (int)body.Length);
        for (var at = 0; at < length && !source.IsEmpty; at += source.Length)
        {
            source[..Math.Min(source.Length, length - at)].CopyTo(data.AsSpan(at));
        }

        return data;
    }
}
