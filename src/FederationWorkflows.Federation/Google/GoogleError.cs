using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace FederationWorkflows.Federation.Google;

/// <summary>
/// An error answer of Google, of either shape: OAuth's <c>{"error":"code","error_description":"text"}</c> (RFC 6749 section 5.2)
/// or the APIs' <c>{"error":{"code":403,"message":"text","status":"CODE","details":[...]}}</c> (google.rpc.Status).
/// </summary>
/// <param name="Code">OAuth's error or the status; the HTTP status' name when the body has neither.</param>
/// <param name="Message">What Google says.</param>
/// <param name="Reason">OAuth's <c>error_subtype</c> or google.rpc.ErrorInfo's <c>reason</c>.</param>
/// <param name="Permission">The permission that is missing, when ErrorInfo says it.</param>
/// <param name="RetryDelay">google.rpc.RetryInfo's <c>retryDelay</c>.</param>
internal sealed record GoogleError(string Code, string Message, string? Reason, string? Permission, TimeSpan? RetryDelay)
{
    public static GoogleError Read(HttpStatusCode status, ReadOnlyMemory<byte> body)
    {
        var unknown = new GoogleError(status.ToString(), "", null, null, null);
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
            // IAM answers batches with an array of one.
            var root = document.RootElement is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0 ? list[0] : document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("error", out var error))
            {
                return unknown;
            }

            return error.ValueKind switch
            {
                JsonValueKind.String => new GoogleError(
                    CloudText.Code(error.GetString(), unknown.Code), Text(root, "error_description") ?? "", Text(root, "error_subtype"), null, null),
                JsonValueKind.Object => FromStatus(error, unknown),
                _ => unknown,
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // A proxy's page, or text that is no Unicode: the HTTP status is all there is to say.
            return unknown;
        }
    }

    public static TimeSpan? RetryAfter(RetryConditionHeaderValue? header, TimeProvider time) => header switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > time.GetUtcNow() ? date - time.GetUtcNow() : TimeSpan.Zero,
        _ => null,
    };

    private static GoogleError FromStatus(JsonElement error, GoogleError unknown)
    {
        string? reason = null;
        string? permission = null;
        TimeSpan? delay = null;
        if (error.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Array)
        {
            foreach (var detail in details.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object))
            {
                switch (Text(detail, "@type"))
                {
                    case "type.googleapis.com/google.rpc.ErrorInfo":
                        reason ??= Text(detail, "reason");
                        permission ??= detail.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object ? Text(metadata, "permission") : null;
                        break;
                    case "type.googleapis.com/google.rpc.RetryInfo":
                        delay ??= Duration(Text(detail, "retryDelay"));
                        break;
                    default:
                        break;
                }
            }
        }

        return new GoogleError(CloudText.Code(Text(error, "status"), unknown.Code), Text(error, "message") ?? "", reason, permission, delay);
    }

    // A duration in protobuf's JSON form: "3.5s".
    private static TimeSpan? Duration(string? text) =>
        text is [.., 's'] && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 86_400
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private static string? Text(JsonElement from, string property) =>
        from.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
