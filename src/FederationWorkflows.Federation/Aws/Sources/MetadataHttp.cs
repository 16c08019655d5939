using System.Globalization;
using System.Text.Json;
using FederationWorkflows.Engine;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Aws.Sources;

/// <summary>Requests to the metadata and credential services next to this host, over the one HTTP client that may reach link-local addresses of AWS.</summary>
internal sealed class MetadataHttp(IHttpClientFactory clients, IOptionsMonitor<FederationOptions> options, TimeProvider time)
{
    /// <summary>These services are on the same machine: what has not come by then does not come.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>Runs a call of one or several requests. Nothing that answers is a reason to try again, so it tells <paramref name="absent"/> instead.</summary>
    public async Task<T> RunAsync<T>(OutboundCall call, Func<HttpClient, CancellationToken, Task<T>> requests, string absent, CancellationToken cancellationToken)
    {
        var timeout = options.CurrentValue.Timeout < LongestWait ? options.CurrentValue.Timeout : LongestWait;
        try
        {
            return await call.RunAsync(
                async limited =>
                {
                    using var http = clients.CreateClient(FederationHttpClients.AwsMetadata);
                    return await requests(http, limited);
                },
                timeout,
                time,
                cancellationToken);
        }
        catch (FederationException exception) when (exception.Side == FailureSide.Network && exception.Code is FailureCodes.NetworkFailure or FailureCodes.Timeout)
        {
            throw new FederationException(
                new Failure
                {
                    Cloud = Cloud.Aws, Side = FailureSide.Network, Service = call.Service, Api = call.Api, Code = exception.Code, Detail = exception.Detail, Advice = absent,
                },
                exception.InnerException);
        }
    }

    /// <summary>Sends one request and gives the body of a success; <paramref name="advice"/> says what to check for the status of a refusal.</summary>
    public static async Task<string> SendAsync(
        HttpClient http, OutboundCall call, HttpRequestMessage request, Func<int, string> advice, CancellationToken cancellationToken, params Sensitive<string>?[] secrets)
    {
        using (request)
        {
            using var response = await http.SendAsync(request, cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return body;
            }

            var status = (int)response.StatusCode;
            var (code, message) = Error(body);
            var detail = CloudText.Message(message, secrets);
            throw new FederationException(new Failure
            {
                Cloud = Cloud.Aws,
                Side = FailureSide.Cloud,
                Service = call.Service,
                Api = call.Api,
                Code = CloudText.Code(code, response.StatusCode.ToString()),
                HttpStatus = status,
                Detail = detail.Length > 0 ? detail : string.Create(CultureInfo.InvariantCulture, $"HTTP {status} without an explanation"),
                Advice = advice(status),
                IsRetryable = OutboundCall.IsPassing(response.StatusCode),
            });
        }
    }

    /// <summary>The JSON of credentials, which both services answer with.</summary>
    public static AwsCredentials Credentials(OutboundCall call, string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            var answer = document.RootElement;
            if (answer.TryGetProperty("Code", out var code) && code.GetString() is { } text and not "Success")
            {
                throw call.Unreadable($"it has no credentials: {CloudText.Code(text, "no code")}");
            }

            return new AwsCredentials
            {
                AccessKeyId = Required(answer, "AccessKeyId"),
                SecretAccessKey = Sensitive.Of(Required(answer, "SecretAccessKey")),
                SessionToken = Sensitive.Of(Required(answer, "Token")),
                Expiration = answer.GetProperty("Expiration").GetDateTimeOffset(),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // The parser's message may quote the answer.
            throw call.Unreadable("its answer is not the JSON of credentials");
        }
    }

    private static string Required(JsonElement answer, string property) =>
        answer.GetProperty(property).GetString() is { Length: > 0 } value ? value : throw new FormatException();

    private static (string? Code, string? Message) Error(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8 });
            return document.RootElement.ValueKind == JsonValueKind.Object ? (Text(document.RootElement, "code"), Text(document.RootElement, "message")) : (null, null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The instance's service answers with a page, of which the status is all there is to say.
            return (null, null);
        }
    }

    private static string? Text(JsonElement from, string name) =>
        from.EnumerateObject().FirstOrDefault(member => string.Equals(member.Name, name, StringComparison.OrdinalIgnoreCase)).Value is { ValueKind: JsonValueKind.String } value
            ? value.GetString()
            : null;
}
