using System.Text.RegularExpressions;

namespace FederationWorkflows.Http.Endpoints;

/// <summary>The inputs of an endpoint that say who may call it, as a story gives them.</summary>
internal sealed partial record HttpCallerInputs
{
    /// <summary>The kinds of callers, as stories write them.</summary>
    public static readonly string[] Kinds = ["anonymous", "signedIn", "hmac", "bearer", "apiKey", "oidc", "sns"];

    /// <summary>The forms of signatures, as stories write them.</summary>
    public static readonly string[] Forms = ["generic", "github", "slack", "stripe"];

    /// <summary>How signatures are written, as stories say it.</summary>
    public static readonly string[] Encodings = ["hex", "base64"];

    public string? Caller { get; init; }

    public bool Authorize { get; init; }

    public string? Secret { get; init; }

    public string? Form { get; init; }

    public string? Header { get; init; }

    public string? Prefix { get; init; }

    public string? Encoding { get; init; }

    public string? TimestampHeader { get; init; }

    public TimeSpan? Tolerance { get; init; }

    public string? Audience { get; init; }

    public string? Issuer { get; init; }

    public string? Identity { get; init; }

    public string? TopicArn { get; init; }

    /// <summary>Who may call; null when the story names nobody, or says it by Elsa's own input alone.</summary>
    /// <exception cref="FormatException">The inputs do not fit together; the message says how to mend them.</exception>
    public HttpCaller? Read()
    {
        if (Text(Caller) is not { } name)
        {
            return null;
        }

        var kind = (HttpCallerKind)OneOf(Kinds, name, "caller");
        if (Authorize && kind != HttpCallerKind.SignedIn)
        {
            throw new FormatException($"The endpoint asks for authorized callers, which are signedIn, and names '{name}'. Choose one: clear 'Authorize', or the caller.");
        }

        if (Tolerance <= TimeSpan.Zero || Tolerance > HttpCaller.LongestTolerance)
        {
            throw new FormatException("The tolerance for the age of requests must be above zero and at most one day, for example 00:05:00.");
        }

        return kind switch
        {
            HttpCallerKind.Hmac => ReadHmac(),
            HttpCallerKind.Bearer => new HttpCaller(kind) { Secret = Needed(Secret, name, "Secret"), Header = HeaderName(Header) },
            HttpCallerKind.Oidc => ReadOidc(),
            HttpCallerKind.Sns => new HttpCaller(kind) { TopicArn = ReadTopic(), Tolerance = Tolerance ?? HttpCaller.DefaultSnsTolerance },
            _ => new HttpCaller(kind),
        };
    }

    private HttpCaller ReadHmac()
    {
        var form = (HttpSignatureForm)OneOf(Forms, Text(Form) ?? Forms[0], "signature form");
        var caller = new HttpCaller(HttpCallerKind.Hmac) { Secret = Needed(Secret, "hmac", "Secret"), Form = form, Tolerance = Tolerance ?? HttpCaller.DefaultTolerance };
        return form != HttpSignatureForm.Generic ? caller : caller with
        {
            Header = HeaderName(Header),
            Prefix = Text(Prefix),
            IsBase64 = OneOf(Encodings, Text(Encoding) ?? Encodings[0], "signature encoding") == 1,
            TimestampHeader = HeaderName(TimestampHeader),
        };
    }

    private HttpCaller ReadOidc()
    {
        var issuer = Text(Issuer) ?? HttpCaller.DefaultIssuer;
        if (!Uri.TryCreate(issuer, UriKind.Absolute, out var address) || !(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            || address.Query.Length > 0 || address.Fragment.Length > 0)
        {
            throw new FormatException("The issuer of tokens must be an https URL without query, for example https://accounts.google.com.");
        }

        return new HttpCaller(HttpCallerKind.Oidc)
        {
            Issuer = issuer,
            Audience = Needed(Audience, "oidc", "Audience"),
            Identity = Needed(Identity, "oidc", "Caller identity"),
            Tolerance = Tolerance ?? HttpCaller.DefaultTolerance,
        };
    }

    private string ReadTopic()
    {
        var topic = Needed(TopicArn, "sns", "Topic ARN");
        return TopicPattern().IsMatch(topic) ? topic : throw new FormatException("The topic must be the ARN of an SNS topic, for example arn:aws:sns:us-east-1:111122223333:alerts.");
    }

    private static int OneOf(string[] names, string given, string what) =>
        Array.FindIndex(names, name => string.Equals(name, given, StringComparison.OrdinalIgnoreCase)) is >= 0 and var index
            ? index
            : throw new FormatException($"'{given}' is no {what}. Use one of: {string.Join(", ", names)}.");

    private static string Needed(string? value, string kind, string input) =>
        Text(value) ?? throw new FormatException($"A caller of the kind {kind} needs the input '{input}'.");

    private static string? HeaderName(string? name) =>
        Text(name) is not { } given || HeaderFields.IsToken(given) ? Text(name) : throw new FormatException("The name of a header has letters, digits and hyphens only, for example X-Signature.");

    private static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    [GeneratedRegex(@"\Aarn:aws[a-z\-]*:sns:[a-z0-9\-]+:[0-9]{12}:[A-Za-z0-9_\-]{1,256}(\.fifo)?\z")]
    private static partial Regex TopicPattern();
}
