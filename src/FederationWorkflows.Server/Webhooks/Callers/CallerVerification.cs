using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Access.Keys;
using FederationWorkflows.Server.Secrets;

namespace FederationWorkflows.Server.Webhooks.Callers;

/// <summary>
/// Says whether the caller of a webhook is who its endpoint names. What can be told from the headers is told before the body is read. Callers learn
/// that they are refused and not why; the log says why.
/// </summary>
internal sealed partial class CallerVerification(SecretVault secrets, OidcCaller oidc, SnsCaller sns, TimeProvider timeProvider, ILogger<CallerVerification> logger)
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "FederationWorkflows.Webhooks";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Refused = Meter.CreateCounter<long>("fedflow.webhooks.refused", "{request}", "Requests to webhooks whose callers are not who the endpoints name.");

    private static readonly byte[] Nothing = RandomNumberGenerator.GetBytes(32);

    /// <summary>What the headers tell.</summary>
    public async ValueTask<CallerVerdict> VerifyHeadersAsync(HttpCaller caller, HttpContext context) => Told(caller, context, caller.Kind switch
    {
        HttpCallerKind.SignedIn => IsMadeByAnotherSite(context) ? CallerVerdict.Refuse("a page of another site made a browser send it")
            : context.User.May(Permissions.RunsStart) ? CallerVerdict.Welcome
            : CallerVerdict.Refuse("nobody who may start stories is signed in"),
        HttpCallerKind.ApiKey => IsApiKey(context) && context.User.May(Permissions.RunsStart) ? CallerVerdict.Welcome : CallerVerdict.Refuse("it has no API key that may start stories"),
        HttpCallerKind.Bearer => await VerifyBearerAsync(caller, context),
        HttpCallerKind.Oidc => await oidc.VerifyAsync(caller, context.Request, context.RequestAborted),
        _ => CallerVerdict.Welcome,
    });

    /// <summary>What the body tells, once the headers told nothing wrong.</summary>
    public async ValueTask<CallerVerdict> VerifyBodyAsync(HttpCaller caller, HttpContext context, ReadOnlyMemory<byte> body) => Told(caller, context, caller.Kind switch
    {
        HttpCallerKind.Hmac => HmacSignature.Verify(caller, context.Request.Headers, body, await secrets.GetVerifyingAsync(caller.Secret!, context.RequestAborted), timeProvider.GetUtcNow()),
        HttpCallerKind.Sns => await sns.VerifyAsync(caller, body, context.RequestAborted),
        HttpCallerKind.Oidc => PubSubMessage(body) is { } id ? CallerVerdict.Once("pubsub:" + id, caller.Tolerance) : CallerVerdict.Welcome,
        _ => CallerVerdict.Welcome,
    });

    /// <summary>
    /// Browsers send the cookie of a session along with a link of another site, and a GET starts runs here like any other method. A key is
    /// never sent by a browser on its own.
    /// </summary>
    private static bool IsMadeByAnotherSite(HttpContext context) => !IsApiKey(context) && SameOrigin.IsFromAnotherSite(context.Request);

    private static bool IsApiKey(HttpContext context) => context.User.KeyId() is not null;

    private async ValueTask<CallerVerdict> VerifyBearerAsync(HttpCaller caller, HttpContext context)
    {
        const string scheme = "Bearer ";
        var header = context.Request.Headers[caller.Header ?? "Authorization"] is [{ } value] ? value : "";
        var given = caller.Header is not null ? header : header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..].Trim() : "";
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(given));
        var known = await secrets.GetVerifyingAsync(caller.Secret!, context.RequestAborted);
        var isKnown = false;
        foreach (var expected in known.Count == 0 ? [Nothing] : known.Select(secret => SHA256.HashData(Encoding.UTF8.GetBytes(secret.Reveal()))))
        {
            isKnown |= CryptographicOperations.FixedTimeEquals(hash, expected);
        }

        return known.Count == 0 ? CallerVerdict.Refuse("its secret cannot be used")
            : given.Length == 0 ? CallerVerdict.Refuse("it has no secret where one is asked for")
            : isKnown ? CallerVerdict.Welcome : CallerVerdict.Refuse("its secret is another one");
    }

    /// <summary>The id of the message that Google Pub/Sub pushes: the same message comes again when the answer was lost.</summary>
    private static string? PubSubMessage(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.Object
                && message.TryGetProperty("messageId", out var id) && id.ValueKind == JsonValueKind.String && id.GetString() is { Length: > 0 and < 200 } text ? text : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private CallerVerdict Told(HttpCaller caller, HttpContext context, CallerVerdict verdict)
    {
        if (verdict.Refusal is { } why)
        {
            Refused.Add(1, new KeyValuePair<string, object?>("fedflow.caller", caller.Kind.ToString()));
            LogRefused(context.Request.Method, context.Request.Path.ToUriComponent(), caller.Kind, context.Connection.RemoteIpAddress?.ToString(), why);
        }

        return verdict;
    }

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} refused: from {Address}, not verified as {Kind}: {Why}")]
    private partial void LogRefused(string method, string path, HttpCallerKind kind, string? address, string why);
}
