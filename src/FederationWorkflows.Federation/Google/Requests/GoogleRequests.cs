using System.Text.RegularExpressions;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Requests;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Google.Requests;

/// <summary>Sends requests with a bearer token by the host's HTTP client.</summary>
internal sealed partial class GoogleRequests(GoogleHttp http, IOptionsMonitor<FederationOptions> options) : IGoogleRequests
{
    private const string Domain = ".googleapis.com";

    public async Task<CloudAnswer> SendAsync(GoogleRequest request, CancellationToken cancellationToken = default)
    {
        var service = request.Service.EndsWith(Domain, StringComparison.Ordinal) ? request.Service[..^Domain.Length] : request.Service;
        var isNamed = Service().IsMatch(service);
        var call = new GoogleCall(isNamed ? $"Google's API {service}{Domain}" : "Google", isNamed ? $"{service}:{request.Method}" : "Google.Request")
        {
            Caller = "the identity of the token", GivesToken = false, Secrets = [request.Token, .. request.Secrets.Select(Sensitive.Of)],
        };
        if (!isNamed)
        {
            throw call.Input("the service is no host of googleapis.com", "Give what stands before .googleapis.com, such as storage, iam, cloudresourcemanager; no other host and no URL.");
        }

        GoogleInputs.RequireBearer(call, request.Token, "the token");
        var method = RequestInputs.RequireMethod(call, request.Method, "GET");
        RequestInputs.RequirePath(call, request.Path);
        ObjectInputs.RequireContentType(call, request.ContentType);
        if (request.QuotaProject is { } project && !Project().IsMatch(project))
        {
            throw call.Input("the quota project is no project", "Give the id or the number of a project.");
        }

        if (request.Body.Length > options.CurrentValue.Objects.MaxContentBytes)
        {
            throw call.Input($"the body has {request.Body.Length} bytes", $"At most {options.CurrentValue.Objects.MaxContentBytes} are taken.");
        }

        var @base = options.CurrentValue.Endpoints.GoogleApis is { } configured ? $"{configured.AbsoluteUri.TrimEnd('/')}/{service}" : $"https://{service}{Domain}";
        var url = new Uri($"{@base}{request.Path}{RequestInputs.QueryString(call, request.Query)}");
        return await http.SendAsync(call, () => Message(request, method, url), request.Token, FederationHttpClients.GoogleApis, Read, cancellationToken);

        CloudAnswer Read(HttpResponseMessage response, byte[] body)
        {
            var answer = AnswerContent.Read(response, body, [request.Token.Reveal(), .. request.Secrets]);
            return request.IsForJson && answer.Content is string or byte[] or Sensitive<string> or Sensitive<byte[]> ? throw call.Unreadable("its answer is no JSON") : answer;
        }
    }

    private static HttpRequestMessage Message(GoogleRequest request, string method, Uri url)
    {
        var message = new HttpRequestMessage(new HttpMethod(method), url);
        if (!request.Body.IsEmpty)
        {
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType ?? "application/json");
        }

        if (request.QuotaProject is { } project)
        {
            message.Headers.TryAddWithoutValidation("x-goog-user-project", project);
        }

        return message;
    }

    // One name, perhaps of a region ("us-central1-aiplatform"), or a regional endpoint ("aiplatform.us-central1.rep"); no bucket's or customer's host.
    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,62}(\.[a-z0-9-]{1,40}\.rep)?(\.mtls)?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Service();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.:-]{2,62}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Project();
}
