using System.Text.Json.Serialization;

namespace FederationWorkflows.Http.Endpoints;

/// <summary>How the callers of an endpoint prove who they are.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HttpCallerKind>))]
public enum HttpCallerKind
{
    /// <summary>They do not: everybody may call.</summary>
    Anonymous,

    /// <summary>They are signed in to the server and may start stories.</summary>
    SignedIn,

    /// <summary>They sign the body with a shared secret (HMAC-SHA256).</summary>
    Hmac,

    /// <summary>They send a shared secret.</summary>
    Bearer,

    /// <summary>They send an API key of the server that may start stories.</summary>
    ApiKey,

    /// <summary>They send an OpenID Connect token, as Google Pub/Sub does.</summary>
    Oidc,

    /// <summary>They are a topic of Amazon SNS.</summary>
    Sns,
}

/// <summary>Where a signature stands and what it is over.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HttpSignatureForm>))]
public enum HttpSignatureForm
{
    /// <summary>A header of the author's choice, over the body, or over timestamp, full stop and body.</summary>
    Generic,

    /// <summary><c>X-Hub-Signature-256: sha256=hex</c>, over the body (GitHub documentation: Validating webhook deliveries).</summary>
    GitHub,

    /// <summary><c>X-Slack-Signature: v0=hex</c>, over <c>v0:timestamp:body</c> (Slack documentation: Verifying requests from Slack).</summary>
    Slack,

    /// <summary><c>Stripe-Signature: t=timestamp,v1=hex</c>, over <c>timestamp.body</c> (Stripe documentation: Verify webhook signatures manually).</summary>
    Stripe,
}

/// <summary>Who may call an endpoint. It names secrets and never holds one.</summary>
/// <param name="Kind">How callers prove who they are.</param>
public sealed record HttpCaller(HttpCallerKind Kind)
{
    /// <summary>How old a signed request may be, when an endpoint does not say.</summary>
    public static readonly TimeSpan DefaultTolerance = TimeSpan.FromMinutes(5);

    /// <summary>How old a message of Amazon SNS may be, when an endpoint does not say: SNS goes on to deliver for about that long.</summary>
    public static readonly TimeSpan DefaultSnsTolerance = TimeSpan.FromHours(1);

    /// <summary>Google's, for tokens of its service accounts.</summary>
    public const string DefaultIssuer = "https://accounts.google.com";

    internal static readonly TimeSpan LongestTolerance = TimeSpan.FromDays(1);

    /// <summary>The name of the shared secret.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }

    /// <summary>The form of the signature.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public HttpSignatureForm Form { get; init; }

    /// <summary>The header with the signature of the generic form, or with the shared secret; null for <c>X-Signature</c> and <c>Authorization</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Header { get; init; }

    /// <summary>What stands before the signature in the generic form; null for nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Prefix { get; init; }

    /// <summary>The generic form writes the signature in base64; otherwise in hexadecimal digits.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsBase64 { get; init; }

    /// <summary>The header with the signed time of the generic form, in seconds since 1970; null when it signs none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TimestampHeader { get; init; }

    /// <summary>How far the signed time may be from now, and how long the same request is known again.</summary>
    public TimeSpan Tolerance { get; init; } = DefaultTolerance;

    /// <summary>What the token must be for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Audience { get; init; }

    /// <summary>Who must have issued the token.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Issuer { get; init; }

    /// <summary>Whose token it must be: an e-mail address that the issuer verified, or a subject.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Identity { get; init; }

    /// <summary>The ARN of the topic.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TopicArn { get; init; }

    /// <summary>The header that holds the shared secret itself and must be shown to nobody; null when there is none.</summary>
    [JsonIgnore]
    public string? SecretHeader => Kind == HttpCallerKind.Bearer ? Header : null;
}
