using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Runtime.Nodes;
using FederationWorkflows.Runtime.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Access.Users;

/// <summary>
/// While there is no administrator, each start of each node tells in the log a link where the administrator is made. Whoever can read the log is the one
/// who set up the server. What is stored of a link is its hash.
/// </summary>
internal sealed partial class SetUp(
    UserDirectory users,
    IDocumentStore store,
    IServer server,
    IOptions<SignInOptions> options,
    IOptions<Hosting.ServerOptions> serverOptions,
    IHostApplicationLifetime lifetime,
    TimeProvider timeProvider,
    ILogger<SetUp> logger) : BackgroundLoop
{
    private const string Kind = "set-up";

    private const int TokenBytes = 32;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>The token is one that was told within the last 24 hours, and there is still no administrator.</summary>
    public async ValueTask<bool> IsValidAsync(string? token, CancellationToken cancellationToken) =>
        token is { Length: > 0 and <= 100 }
        && await store.FindAsync(Kind, Hash(token), cancellationToken) is { } told
        && JsonSerializer.Deserialize<Told>(told.Json.Span)!.Until > timeProvider.GetUtcNow()
        && !await users.AnyAdministratorAsync(cancellationToken);

    /// <summary>Makes a token, to be told once.</summary>
    public async ValueTask<string> NewTokenAsync(CancellationToken cancellationToken)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        var told = new Told(timeProvider.GetUtcNow() + Lifetime);
        await store.PutAsync(new Document(Kind, Hash(token), null, JsonSerializer.SerializeToUtf8Bytes(told), 0), cancellationToken);
        return token;
    }

    /// <summary>Forgets all tokens: there is an administrator now.</summary>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        foreach (var told in await store.ListAsync(Kind, null, 1000, cancellationToken))
        {
            await store.DeleteAsync(Kind, told.Id, null, cancellationToken);
        }
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        if (options.Value.TrustLocalCallers)
        {
            return;
        }

        // Where the server listens is known once it does.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var onStart = lifetime.ApplicationStarted.Register(started.SetResult);
        await using var onStop = stoppingToken.Register(() => started.TrySetCanceled(stoppingToken));
        await started.Task;
        if (!await users.AnyAdministratorAsync(stoppingToken))
        {
            var address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? Hosting.ServerHost.DefaultUrl;
            var token = await NewTokenAsync(stoppingToken);
            LogLink($"{address.TrimEnd('/')}{serverOptions.Value.PathBase}/set-up?token={token}");
        }
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    [LoggerMessage(LogLevel.Warning, "There is no administrator yet. Open this link within 24 hours to choose the administrator's name and password; it works once: {Link}")]
    private partial void LogLink(string link);

    private sealed record Told(DateTimeOffset Until);
}
