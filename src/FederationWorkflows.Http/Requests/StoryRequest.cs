using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Http.Outbound;

namespace FederationWorkflows.Http.Requests;

/// <summary>A request as a story wants it: checked, with its secrets in clear. Every attempt makes a new message of it.</summary>
internal sealed class StoryRequest
{
    private static readonly string[] NotIdempotent = ["POST", "PATCH"];

    private readonly List<StoryHeader> headers;

    private StoryRequest(Uri url, string method, List<StoryHeader> headers)
    {
        Url = url;
        Method = method;
        this.headers = headers;
    }

    public Uri Url { get; }

    public string Method { get; }

    /// <summary>What the answer must not give back in clear.</summary>
    public List<string> Secrets { get; } = [];

    private byte[]? Body { get; set; }

    private string? ContentType { get; set; }

    private bool IsBodySensitive { get; set; }

    private bool IsUrlSensitive { get; set; }

    /// <summary>Checks and collects the inputs.</summary>
    /// <exception cref="InvalidOperationException">An input is wrong; the message says how to mend it and quotes no secret.</exception>
    public static StoryRequest Read(SendHttpRequestBase activity, ActivityExecutionContext context)
    {
        var url = context.Get(activity.Url);
        if (url is not { IsAbsoluteUri: true })
        {
            throw new InvalidOperationException("The URL is not absolute. Write it as https://host/path.");
        }

        var method = (context.Get(activity.Method) is { Length: > 0 } given ? given.Trim() : "GET").ToUpperInvariant();
        if (!HeaderFields.IsToken(method) || method is "CONNECT" or "TRACE")
        {
            throw new InvalidOperationException($"The method{(context.IsSensitive(activity.Method) ? "" : $" '{method}'")} cannot be sent. Use GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS.");
        }

        var request = new StoryRequest(url, method, HeaderValues.Read(context.Get(activity.RequestHeaders), context.IsSensitive(activity.RequestHeaders)));
        if (context.IsSensitive(activity.Url))
        {
            request.AddSecrets([url.OriginalString, url.PathAndQuery]);
            request.IsUrlSensitive = true;
        }

        request.ReadAuthorization(context.Get(activity.Authorization)?.Reveal(), context.Get(activity.DisableAuthorizationHeaderValidation));
        foreach (var header in request.headers.Where(header => header.IsSensitive || HeaderFields.IsSecret(header.Name)))
        {
            request.AddSecrets(header.Values);
        }

        request.ReadContent(context.GetMasked(activity.Content), context.Get(activity.ContentType), context.IsSensitive(activity.Content));
        request.AddDefault("User-Agent", "FederationWorkflows");
        if (NotIdempotent.Contains(method))
        {
            request.AddDefault("Idempotency-Key", context.IdempotencyKey);
        }

        return request;
    }

    /// <summary>A message of its own for one attempt.</summary>
    public HttpRequestMessage ToMessage()
    {
        var message = new HttpRequestMessage(new HttpMethod(Method), Url);
        message.Options.Set(OutboundTelemetry.UrlIsSensitive, IsUrlSensitive);
        if (Body is not null)
        {
            message.Content = new ByteArrayContent(Body);
            message.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
            message.Options.Set(OutboundHttp.ContentIsSensitive, IsBodySensitive);
        }

        foreach (var header in headers.Where(header => !message.Headers.TryAddWithoutValidation(header.Name, header.Values)))
        {
            // Headers such as Content-Language describe a body: without one there is nothing to describe.
            message.Content?.Headers.TryAddWithoutValidation(header.Name, header.Values);
        }

        return message;
    }

    private void ReadAuthorization(string? authorization, bool unchecked_)
    {
        if (string.IsNullOrWhiteSpace(authorization))
        {
            return;
        }

        if (!HeaderFields.IsValue(authorization) || (!unchecked_ && !AuthenticationHeaderValue.TryParse(authorization, out _)))
        {
            throw new InvalidOperationException("The authorization is not a valid header value. Write it as a scheme and a credential, for example: Bearer eyJ... "
                + "For other forms without line breaks, turn on disableAuthorizationHeaderValidation.");
        }

        headers.RemoveAll(header => header.Name.Equals("Authorization", StringComparison.OrdinalIgnoreCase));
        headers.Add(new StoryHeader("Authorization", [authorization], IsSensitive: true));
    }

    private void ReadContent(object? content, string? contentType, bool isSensitive)
    {
        contentType = string.IsNullOrWhiteSpace(contentType) ? TakeHeader("Content-Type") : contentType;
        var type = BodyType.Parse(contentType);
        if (type is null || (contentType is not null && !HeaderFields.IsValue(contentType)))
        {
            throw new InvalidOperationException("The content type is not valid. Write it as application/json.");
        }

        var secrets = InClear.FindSecrets(content);
        AddSecrets(secrets);
        IsBodySensitive = isSensitive || secrets.Count > 0;
        content = content is Sensitive sensitive ? InClear.Reveal(sensitive) : content;
        content = content is JsonElement json ? JsonValues.Unwrap(json) : content;
        if (content is null or "")
        {
            return;
        }

        (Body, ContentType) = content switch
        {
            string text => (Encoding.UTF8.GetBytes(text), contentType is null ? "application/json" : BodyType.WithUtf8(contentType)),
            byte[] bytes => (bytes, contentType ?? "application/octet-stream"),
            _ when type.Kind == BodyKind.Form => (FormContent(content), contentType),
            _ when type.Kind == BodyKind.Multipart => throw new InvalidOperationException("A multipart body must be given as text or bytes with its boundaries. Use application/json or application/x-www-form-urlencoded for objects."),
            _ => (InClear.ToJson(content), contentType ?? "application/json"),
        };
    }

    private static byte[] FormContent(object content)
    {
        using var document = JsonDocument.Parse(InClear.ToJson(content));
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidOperationException("The content of a form must be an object: each property becomes a field.");
        }

        var fields = document.RootElement.EnumerateObject().SelectMany(property =>
            (property.Value.ValueKind == JsonValueKind.Array ? property.Value.EnumerateArray() : Enumerable.Repeat(property.Value, 1))
                .Select(value => (property.Name, Text: (string?)ValueConversion.Convert(JsonValues.Unwrap(value), typeof(string)) ?? "")));
        return Encoding.ASCII.GetBytes(string.Join('&', fields.Select(field => $"{Encode(field.Name)}={Encode(field.Text)}")));

        static string Encode(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);
    }

    private void AddDefault(string name, string value)
    {
        if (!headers.Exists(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
        {
            headers.Add(new StoryHeader(name, [value], IsSensitive: false));
        }
    }

    private string? TakeHeader(string name)
    {
        var index = headers.FindIndex(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (index < 0)
        {
            return null;
        }

        var value = headers[index].Values[0];
        headers.RemoveAt(index);
        return value;
    }

    /// <summary>Of a header such as <c>Bearer x</c> the credential alone is a secret, too.</summary>
    private void AddSecrets(IEnumerable<string> values) =>
        Secrets.AddRange(values.SelectMany(value => new[] { value, value[(value.LastIndexOf(' ') + 1)..] }).Where(value => value.Length >= 8).Distinct());
}
