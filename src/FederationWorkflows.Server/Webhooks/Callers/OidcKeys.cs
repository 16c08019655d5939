using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using FederationWorkflows.Federation.Trust;
using FederationWorkflows.Http.Outbound;

namespace FederationWorkflows.Server.Webhooks.Callers;

/// <summary>
/// Keys of OpenID Connect issuers, found as OpenID Connect Discovery 1.0 (section 4) says. They are kept for an hour; a token with a key that is not
/// among them has them fetched again, once a minute at most, so that strangers cannot make this server call others as often as they like.
/// </summary>
internal sealed class OidcKeys(IOutboundHttp http, TimeProvider timeProvider)
{
    private const int MaxBytes = 256 * 1024;

    private const int MaxIssuers = 100;

    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Issuer> issuers = new(StringComparer.Ordinal);

    /// <summary>The keys of an issuer, with the one that is asked for if the issuer has it.</summary>
    /// <exception cref="HttpRequestException">They cannot be had.</exception>
    public async ValueTask<IReadOnlyList<JsonWebKey>> GetAsync(string issuer, string? keyId, CancellationToken cancellationToken)
    {
        if (!issuers.TryGetValue(issuer, out var known))
        {
            if (issuers.Count >= MaxIssuers)
            {
                issuers.Clear();
            }

            known = issuers.GetOrAdd(issuer, _ => new Issuer());
        }

        if (!IsDue(known, keyId))
        {
            return known.Keys ?? throw new HttpRequestException("They could not be fetched a moment ago.");
        }

        await known.Fetching.WaitAsync(cancellationToken);
        try
        {
            if (IsDue(known, keyId))
            {
                known.TriedAt = timeProvider.GetUtcNow();
                try
                {
                    known.Keys = await FetchAsync(issuer, cancellationToken);
                    known.FetchedAt = known.TriedAt;
                }
                catch (HttpRequestException) when (known.Keys is not null)
                {
                    // An issuer that is away for a while does not take its keys back.
                }
            }
        }
        finally
        {
            known.Fetching.Release();
        }

        return known.Keys ?? throw new HttpRequestException("They could not be fetched a moment ago.");
    }

    private bool IsDue(Issuer known, string? keyId)
    {
        var now = timeProvider.GetUtcNow();
        var isWanted = known.Keys is not { } keys || now >= known.FetchedAt + Fresh || !keys.Any(key => key.KeyId == keyId);
        return isWanted && now >= known.TriedAt + Pause;
    }

    private async Task<IReadOnlyList<JsonWebKey>> FetchAsync(string issuer, CancellationToken cancellationToken)
    {
        using var client = http.CreateClient();
        client.MaxResponseContentBufferSize = MaxBytes;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeLimit);
        try
        {
            using var configuration = await GetJsonAsync(client, new Uri(issuer.TrimEnd('/') + "/.well-known/openid-configuration"), limit.Token);
            var root = configuration.RootElement;
            if (!root.TryGetProperty("issuer", out var named) || named.ValueKind != JsonValueKind.String || named.GetString() != issuer)
            {
                throw new HttpRequestException("Its configuration document is another issuer's.");
            }

            if (!root.TryGetProperty("jwks_uri", out var address) || address.ValueKind != JsonValueKind.String || !Uri.TryCreate(address.GetString(), UriKind.Absolute, out var keysAddress)
                || !(keysAddress.Scheme == Uri.UriSchemeHttps || keysAddress.IsLoopback))
            {
                throw new HttpRequestException("Its configuration document has no https address of keys.");
            }

            using var keys = await GetJsonAsync(client, keysAddress, limit.Token);
            return JsonWebKey.ParseSet(keys.RootElement);
        }
        catch (Exception e) when (e is JsonException or FormatException or OutboundRequestRefusedException or OutboundResponseTooLargeException)
        {
            throw new HttpRequestException(e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"It did not answer within {TimeLimit.TotalSeconds} seconds.", e);
        }
    }

    private static async Task<JsonDocument> GetJsonAsync(HttpClient client, Uri address, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var response = await client.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken), new JsonDocumentOptions { MaxDepth = 16 });
    }

    private sealed class Issuer
    {
#pragma warning disable CA2213, CA1001 // A semaphore whose wait handle is never asked for holds nothing to dispose of.
        public SemaphoreSlim Fetching { get; } = new(1, 1);
#pragma warning restore CA2213, CA1001

        public IReadOnlyList<JsonWebKey>? Keys { get; set; }

        public DateTimeOffset FetchedAt { get; set; } = DateTimeOffset.MinValue;

        public DateTimeOffset TriedAt { get; set; } = DateTimeOffset.MinValue;
    }
}
