using System.Text;
using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.Iam;
using FederationWorkflows.CloudLab.Aws.Signing;
using FederationWorkflows.CloudLab.Aws.Sts;
using FederationWorkflows.CloudLab.Faults;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>STS and IAM: one address, told apart by the service a call is signed for; unsigned calls are STS's.</summary>
internal sealed class QueryApi(StsService sts, IamService iam, SigV4Verifier verifier, AwsFaults faults)
{
    private const int MaximumBody = 256 * 1024;

    /// <summary>Whether a call to / is a query API call and not one of S3.</summary>
    public static bool Handles(AwsCall call) =>
        call.RawPath == "/" && (HttpMethods.IsPost(call.Method) || (HttpMethods.IsGet(call.Method) && call.QueryValue("Action") is not null));

    public async Task HandleAsync(AwsCall call, CancellationToken cancellationToken)
    {
        var isIam = SigV4Authorization.ServiceOf(call) == "iam";
        XNamespace xmlns = isIam ? IamCall.Xmlns : StsService.Xmlns;
        call.EventSource = isIam ? "iam.amazonaws.com" : "sts.amazonaws.com";
        try
        {
            var body = await call.ReadBodyAsync(MaximumBody, TooLarge, cancellationToken);
            var values = new Dictionary<string, string>(StringComparer.Ordinal);
            var isForm = call.Header("Content-Type")?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true;
            foreach (var (name, value) in isForm ? call.Query.Concat(AwsCall.ParsePairs(Encoding.UTF8.GetString(body))) : call.Query)
            {
                values[name] = value;
            }

            var action = values.GetValueOrDefault("Action") ?? throw new AwsException("MissingAction", "Missing Action", StatusCodes.Status400BadRequest);
            call.EventName = action;
            await faults.MeetAsync(call, cancellationToken);
            var errors = new QuerySignatureErrors(isIam ? "iam" : "sts");
            var authorization = SigV4Authorization.Read(call, errors);
            var caller = authorization is null ? null : verifier.Verify(call, authorization, AwsCall.HashOf(body), errors).Caller;
            var parameters = new QueryParameters(values);
            var result = isIam
                ? iam.Handle(call, caller, action, parameters)
                : await sts.HandleAsync(call, caller, action, parameters, cancellationToken);
            var response = new XElement(xmlns + $"{action}Response", result, new XElement(xmlns + "ResponseMetadata", new XElement(xmlns + "RequestId", call.RequestId)));
            await AnswerAsync(call, response, cancellationToken);
        }
        catch (AwsException exception)
        {
            var error = new XElement(
                xmlns + "ErrorResponse",
                new XElement(
                    xmlns + "Error",
                    new XElement(xmlns + "Type", exception.Status < 500 ? "Sender" : "Receiver"),
                    new XElement(xmlns + "Code", exception.Code),
                    new XElement(xmlns + "Message", exception.Message)),
                new XElement(xmlns + "RequestId", call.RequestId));
            call.Refuse(exception);
            await AnswerAsync(call, error, cancellationToken);
            throw;
        }
    }

    public static AwsException UnknownAction(string action, string version) =>
        new("InvalidAction", $"Could not find operation {action} for version {version}", StatusCodes.Status400BadRequest);

    private static AwsException TooLarge() =>
        new("RequestEntityTooLarge", "The request is larger than any request this service takes.", StatusCodes.Status413PayloadTooLarge);

    private static async Task AnswerAsync(AwsCall call, XElement root, CancellationToken cancellationToken)
    {
        var response = call.Http.Response;
        response.ContentType = "text/xml";
        response.Headers["x-amzn-RequestId"] = call.RequestId;
        await response.Body.WriteAsync(AwsXml.Write(root), cancellationToken);
    }
}
