using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using FederationWorkflows.Engine;
using Google.Apis.Auth;
using Google.Apis.Auth.OAuth2.Responses;
using Google.Apis.Http;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Google;

/// <summary>Runs calls to Google over the host's HTTP clients, whether Google's library makes them or we do, with the same limits and the same errors.</summary>
internal sealed class GoogleHttp(IHttpMessageHandlerFactory handlers, IOptionsMonitor<FederationOptions> options, TimeProvider time)
{
    private static readonly JsonSerializerOptions WireJson = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Runs <paramref name="action"/> of Google's library, giving it the client factory to use.</summary>
    public Task<T> RunAsync<T>(
        GoogleCall call,
        Func<global::Google.Apis.Http.IHttpClientFactory, CancellationToken, Task<T>> action,
        CancellationToken cancellationToken,
        string client = FederationHttpClients.Google) =>
        call.RunAsync(
            async limited =>
            {
                try
                {
                    return await action(new ClientFactory(args => Answers(call, client, limited)), limited);
                }
                catch (Exception exception) when (IsUnreadable(exception))
                {
                    throw call.Unreadable("its answer is not the JSON of a token");
                }
            },
            options.CurrentValue.Timeout,
            time,
            cancellationToken);

    /// <summary>POSTs JSON and reads JSON.</summary>
    public Task<T> PostAsync<T>(GoogleCall call, Uri url, Sensitive<string> bearer, object body, Func<JsonElement, T> read, CancellationToken cancellationToken) =>
        PostAsync(
            call,
            () => new HttpRequestMessage(HttpMethod.Post, url)
            {
                Content = JsonContent.Create(body, options: WireJson),
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", bearer.Reveal()) },
            },
            read,
            cancellationToken);

    /// <summary>POSTs a form without a bearer token and reads JSON.</summary>
    public Task<T> PostFormAsync<T>(GoogleCall call, Uri url, IReadOnlyDictionary<string, string> form, Func<JsonElement, T> read, CancellationToken cancellationToken) =>
        PostAsync(call, () => new HttpRequestMessage(HttpMethod.Post, url) { Content = new FormUrlEncodedContent(form) }, read, cancellationToken);

    private Task<T> PostAsync<T>(GoogleCall call, Func<HttpRequestMessage> make, Func<JsonElement, T> read, CancellationToken cancellationToken) =>
        call.RunAsync(
            async limited =>
            {
                using var http = new HttpClient(Answers(call, FederationHttpClients.Google, limited)) { Timeout = Timeout.InfiniteTimeSpan };
                using var request = make();
                using var response = await http.SendAsync(request, limited);
                try
                {
                    using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(limited));
                    return read(document.RootElement);
                }
                catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
                {
                    throw call.Unreadable("its answer is not the JSON that the API documents");
                }
            },
            options.CurrentValue.Timeout,
            time,
            cancellationToken);

    /// <summary>Sends a request of any kind with a bearer token, and reads its answer.</summary>
    public Task<T> SendAsync<T>(
        GoogleCall call, Func<HttpRequestMessage> make, Sensitive<string> bearer, string client, Func<HttpResponseMessage, byte[], T> read, CancellationToken cancellationToken) =>
        call.RunAsync(
            async limited =>
            {
                using var http = new HttpClient(Answers(call, client, limited)) { Timeout = Timeout.InfiniteTimeSpan };
                using var request = make();
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer.Reveal());
                using var response = await http.SendAsync(request, limited);
                return read(response, await response.Content.ReadAsByteArrayAsync(limited));
            },
            options.CurrentValue.Timeout,
            time,
            cancellationToken);

    // Error answers never get to the library, so these are about a success that it could not read; it dereferences what is absent.
    private static bool IsUnreadable(Exception exception) => exception is
        TokenResponseException or InvalidJwtException or Newtonsoft.Json.JsonException or NullReferenceException or ArgumentException or FormatException or OverflowException;

    private GoogleAnswers Answers(GoogleCall call, string client, CancellationToken limited) => new(handlers.CreateHandler(client), call, time, limited);

    private sealed class ClientFactory(Func<CreateHttpClientArgs, HttpMessageHandler> create) : HttpClientFactory
    {
        protected override HttpMessageHandler CreateHandler(CreateHttpClientArgs args) => create(args);
    }
}
