using System.Text.Json;
using FederationWorkflows.Federation.Trust;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Access.Oidc;

/// <summary>What the provider publishes of itself (OpenID Connect Discovery 1.0): where it is asked, and the keys it signs with.</summary>
internal sealed class OidcProvider : IOidcKeySource, IDisposable
{
    private const int LargestDocument = 1024 * 1024;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>A key that is unknown makes it look again, but not more often than this: tokens come from outside.</summary>
    private static readonly TimeSpan ShortestLifetime = TimeSpan.FromMinutes(1);

    /// <summary>A provider that fails is not asked again for so long, however many want to sign in meanwhile.</summary>
    private static readonly TimeSpan FailureLifetime = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim fetching = new(1, 1);

    private readonly OidcOptions options;

    private readonly TimeProvider timeProvider;

    private readonly SocketsHttpHandler handler;

    private readonly HttpClient client;

    private OidcMetadata? known;

    private (HttpRequestException Error, DateTimeOffset At)? failure;

    public OidcProvider(IOptions<OidcOptions> options, TimeProvider timeProvider)
    {
        this.options = options.Value;
        this.timeProvider = timeProvider;

        // A proxy of the environment could not reach a provider on this machine.
        handler = new SocketsHttpHandler { UseProxy = this.options.Authority?.IsLoopback is false, AllowAutoRedirect = false };
        client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(15), MaxResponseContentBufferSize = LargestDocument };
    }

    /// <summary>For the handler, which redeems codes.</summary>
    public HttpClient Client => client;

    /// <exception cref="HttpRequestException">The provider does not answer, or not as it should.</exception>
    public async ValueTask<OidcMetadata> GetAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref known) is { } fresh && timeProvider.GetUtcNow() - fresh.ReadAt < Lifetime)
        {
            return fresh;
        }

        await fetching.WaitAsync(cancellationToken);
        try
        {
            if (known is null || timeProvider.GetUtcNow() - known.ReadAt >= Lifetime)
            {
                if (failure is { } last && timeProvider.GetUtcNow() - last.At < FailureLifetime)
                {
                    throw new HttpRequestException(last.Error.Message, last.Error);
                }

                Volatile.Write(ref known, await TryFetchAsync(cancellationToken));
            }

            return known;
        }
        finally
        {
            fetching.Release();
        }
    }

    /// <summary>Looks again next time, unless it just did.</summary>
    /// <returns>Whether it will.</returns>
    public bool Forget()
    {
        if (Volatile.Read(ref known) is not { } current || timeProvider.GetUtcNow() - current.ReadAt < ShortestLifetime)
        {
            return false;
        }

        Volatile.Write(ref known, null);
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<JsonWebKey>> GetKeysAsync(string issuer, CancellationToken cancellationToken) =>
        issuer == options.Issuer ? (await GetAsync(cancellationToken)).Keys : [];

    public void Dispose()
    {
        client.Dispose();
        handler.Dispose();
        fetching.Dispose();
    }

    private async Task<OidcMetadata> TryFetchAsync(CancellationToken cancellationToken)
    {
        try
        {
            var metadata = await FetchAsync(cancellationToken);
            failure = null;
            return metadata;
        }
        catch (HttpRequestException e)
        {
            failure = (e, timeProvider.GetUtcNow());
            throw;
        }
    }

    private async Task<OidcMetadata> FetchAsync(CancellationToken cancellationToken)
    {
        var issuer = options.Issuer;
        var document = await ReadAsync(new Uri(issuer.TrimEnd('/') + "/.well-known/openid-configuration"), cancellationToken);

        // Discovery 4.3: another issuer's document would have its tokens believed as this one's.
        if (Text(document, "issuer") != issuer)
        {
            throw new HttpRequestException($"The provider at {issuer} calls itself '{Text(document, "issuer")}'. Write SignIn:Oidc:Authority exactly so, if that is the one that is meant.");
        }

        var keys = await ReadAsync(Endpoint(document, "jwks_uri"), cancellationToken);
        try
        {
            return new OidcMetadata(
                Endpoint(document, "authorization_endpoint").ToString(), Endpoint(document, "token_endpoint").ToString(), JsonWebKey.ParseSet(keys), timeProvider.GetUtcNow());
        }
        catch (FormatException e)
        {
            throw new HttpRequestException($"The keys of {issuer} cannot be read: {e.Message}", e);
        }
    }

    private async Task<JsonElement> ReadAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            return JsonElement.Parse(await client.GetByteArrayAsync(address, cancellationToken));
        }
        catch (JsonException e)
        {
            throw new HttpRequestException($"{address} does not answer with JSON.", e);
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"{address} does not answer.", e);
        }
    }

    private static string? Text(JsonElement document, string name) =>
        document.ValueKind == JsonValueKind.Object && document.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static Uri Endpoint(JsonElement document, string name) =>
        Uri.TryCreate(Text(document, name), UriKind.Absolute, out var address) && OidcOptions.IsSafe(address)
            ? address
            : throw new HttpRequestException($"The provider's configuration has no '{name}' that is an https URL.");
}

/// <summary>What a provider said of itself at a time.</summary>
internal sealed record OidcMetadata(string AuthorizationEndpoint, string TokenEndpoint, IReadOnlyList<JsonWebKey> Keys, DateTimeOffset ReadAt);
