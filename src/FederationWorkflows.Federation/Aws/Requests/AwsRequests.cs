using System.Globalization;
using System.Text.RegularExpressions;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Aws.Signing;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Requests;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Aws.Requests;

/// <summary>Signs requests and sends them by the host's HTTP client.</summary>
internal sealed partial class AwsRequests(IHttpClientFactory http, AwsEndpoints endpoints, IOptionsMonitor<FederationOptions> options, TimeProvider time) : IAwsRequests
{
    public async Task<CloudAnswer> SendAsync(AwsRequest request, CancellationToken cancellationToken = default)
    {
        var call = Call(request);
        AwsInputs.RequireCredentials(call, request.Credentials);
        var region = AwsInputs.RequireRegion(call, request.Region, AwsInputs.PartitionOf(request.Credentials), options.CurrentValue.AwsRegion);
        var endpoint = endpoints.Find(request.Service, region);
        var url = SigV4.Verbatim($"{endpoint.Base}{request.Path}{RequestInputs.QueryString(call, request.Query)}");
        return await call.RunAsync(limited => SendAsync(call, request, url, endpoint, limited), options.CurrentValue.Timeout, time, cancellationToken);
    }

    /// <summary>The call, once its inputs are such that it can be named.</summary>
    private OutboundCall Call(AwsRequest request)
    {
        var isNamed = AwsEndpoints.IsService(request.Service);
        var operation = request.Operation is { } name && Operation().IsMatch(name) ? name : null;
        var call = new OutboundCall(Cloud.Aws, isNamed ? $"AWS {request.Service}" : "AWS", isNamed ? $"{request.Service}:{operation ?? request.Method}" : "Aws.Request")
        {
            Principal = request.Credentials.AssumedRoleArn,
        };
        if (!isNamed)
        {
            throw call.Input("the service is no name of an AWS service", "Give what its endpoint's name begins with, such as iam, ec2, s3, dynamodb, api.ecr; no host and no URL: where it is follows from service and region.");
        }

        if (request.Operation is not null && operation is null)
        {
            throw call.Input("the action is no name of an AWS action", "Give it as the API reference has it, such as ListRoles.");
        }

        if (request.SigningName is { } signing && !AwsEndpoints.IsService(signing))
        {
            throw call.Input("the signing name is no name of an AWS service", "Give the name that the service signs with, or none.");
        }

        RequestInputs.RequireMethod(call, request.Method, "GET");
        RequestInputs.RequirePath(call, request.Path);
        RequestInputs.RequireHeaders(call, request.Headers);
        ObjectInputs.RequireContentType(call, request.ContentType);
        if (request.Body.Length > options.CurrentValue.Objects.MaxContentBytes)
        {
            throw call.Input(
                $"the body has {request.Body.Length} bytes",
                $"At most {options.CurrentValue.Objects.MaxContentBytes} are taken ({FederationOptions.Section}:{nameof(FederationOptions.Objects)}:{nameof(ObjectOptions.MaxContentBytes)}).");
        }

        return call;
    }

    private async Task<CloudAnswer> SendAsync(OutboundCall call, AwsRequest request, Uri url, AwsEndpoint endpoint, CancellationToken cancellationToken)
    {
        using var client = http.CreateClient(FederationHttpClients.Aws);
        using var message = new HttpRequestMessage(new HttpMethod(request.Method.ToUpperInvariant()), url);
        if (!request.Body.IsEmpty)
        {
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType ?? "application/octet-stream");
        }

        foreach (var (name, value) in request.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value) && !(message.Content?.Headers.TryAddWithoutValidation(name, value) ?? false))
            {
                throw call.Input($"the header {name} describes a body, and there is none", "Leave it out, or give a body.");
            }
        }

        SigV4.Sign(message, request.Body.Span, request.Credentials, new SigV4Scope(endpoint.Region, request.SigningName ?? endpoint.SigningName, time.GetUtcNow()));
        using var response = await client.SendAsync(message, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        List<string> secrets = [.. request.Credentials.Secrets.Select(static secret => secret.Reveal()), .. request.Secrets.Where(static secret => secret.Length > 0)];
        if (response.IsSuccessStatusCode && request.Answer is var (form, isOne) && !isOne(body))
        {
            throw call.Unreadable($"its answer is not the {form} that the API documents");
        }

        return response.IsSuccessStatusCode ? AnswerContent.Read(response, body, secrets, XmlAnswer.ToJson) : throw Refused(call, response, AwsErrorAnswer.Read(response, body), secrets);
    }

    private FederationException Refused(OutboundCall call, HttpResponseMessage response, AwsErrorAnswer error, List<string> secrets)
    {
        var detail = CloudText.Message(error.Message, [.. secrets.Select(Sensitive.Of)]);
        return new FederationException(new Failure
        {
            Cloud = Cloud.Aws,
            Side = FailureSide.Cloud,
            Service = call.Service,
            Api = call.Api,
            Code = error.Code,
            HttpStatus = (int)response.StatusCode,
            Detail = detail.Length > 0 ? detail : string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)response.StatusCode} without an explanation"),
            Advice = ClockDifference.With(AwsAdvice.Signed(error.Code, call.Api, error.Message), call.Service, error.Code, error.Message, response.Headers.Date, time.GetUtcNow()),
            IsRetryable = OutboundCall.IsPassing(response.StatusCode) || AwsErrors.IsPassing(error.Code),
            RetryAfter = GoogleError.RetryAfter(response.Headers.RetryAfter, time),
        });
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9]{0,127}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Operation();
}
