using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Requests;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Requests;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>
/// Calls any AWS API: with an action and parameters (query protocol), with a target and a JSON body, or with method, path and body (REST). The result is the
/// content of the answer. A refusal is a fault, unless the story expects it: then it takes the way <c>Refused</c>.
/// </summary>
[Activity("Aws", "AWS", "Calls any AWS API, signed with the credentials.", Type = "Request", DisplayName = "AWS API Request")]
[FlowNode(Outcomes.Done, Refused)]
public sealed class AwsApiRequest : CodeActivity<object?>
{
    internal const string Refused = "Refused";

    private const string Rest = "REST";
    private const string Advanced = "Advanced";

    /// <summary>Whose rights.</summary>
    [Required]
    [Input(Description = "The credentials: the result of an activity that gives some.", CanContainSecrets = true, Order = 0)]
    public Input<AwsCredentials> Credentials { get; set; } = default!;

    /// <summary>The service.</summary>
    [Required]
    [Input(Description = "The service as its endpoint's name begins: iam, ec2, dynamodb, api.ecr. Where it is follows from service and region.", Order = 1)]
    public Input<string> Service { get; set; } = default!;

    /// <summary>The region; the host's default when empty.</summary>
    [Input(Description = "The region. Empty for the host's default. IAM and other global services have their own.", Order = 2)]
    public Input<string>? Region { get; set; }

    /// <summary>Query protocol: the action.</summary>
    [Input(Description = "For IAM, EC2, STS and others with the query protocol: the action, such as ListRoles. Needs the version.", Order = 3)]
    public Input<string>? Action { get; set; }

    /// <summary>Query protocol: the API's version.</summary>
    [Input(Description = "The API's version, such as 2010-05-08 of IAM or 2016-11-15 of EC2.", Order = 4)]
    public Input<string>? ApiVersion { get; set; }

    /// <summary>Query protocol: the parameters.</summary>
    [Input(Description = "The action's parameters. Lists and objects inside are written as the protocol asks.", UIHint = InputUIHints.JsonEditor, Order = 5)]
    [TakesSensitive]
    public Input<IDictionary<string, object?>?>? Parameters { get; set; }

    /// <summary>JSON protocol: the target.</summary>
    [Input(Description = "For services with the JSON protocol: X-Amz-Target, such as DynamoDB_20120810.ListTables. The body has the parameters.", Order = 6)]
    public Input<string>? Target { get; set; }

    /// <summary>The body.</summary>
    [Input(Description = "The body: text as it is, bytes, or anything else as JSON.", UIHint = InputUIHints.MultiLine, Order = 7)]
    [TakesSensitive]
    public Input<object?>? Body { get; set; }

    /// <summary>REST: the method.</summary>
    [Input(Description = "The method. Empty for GET, or POST with a body.", Category = Rest, UIHint = InputUIHints.DropDown, Options = new[] { "", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" }, Order = 8)]
    public Input<string>? Method { get; set; }

    /// <summary>REST: the path.</summary>
    [Input(Description = "The path, escaped where it must be.", Category = Rest, DefaultValue = "/", Order = 9)]
    public Input<string>? Path { get; set; }

    /// <summary>REST: the query.</summary>
    [Input(Description = "The query: a text or a list of texts for each name.", Category = Rest, UIHint = InputUIHints.JsonEditor, Order = 10)]
    public Input<IDictionary<string, object?>?>? Query { get; set; }

    /// <summary>Headers.</summary>
    [Input(Description = "Headers: a text for each name.", Category = Rest, UIHint = InputUIHints.JsonEditor, Order = 11)]
    [TakesSensitive]
    public Input<IDictionary<string, object?>?>? RequestHeaders { get; set; }

    /// <summary>The body's media type.</summary>
    [Input(Description = "The body's media type. Empty for application/x-amz-json-1.1 with a target, else application/json.", Category = Rest, Order = 12)]
    public Input<string>? ContentType { get; set; }

    /// <summary>Refusals that the story handles.</summary>
    [Input(Description = "Refusals that the story handles on the way Refused: AWS's codes (AccessDenied), statuses (404) or classes of them (4xx). Others are faults.", Order = 13)]
    public Input<ICollection<string>>? ExpectedErrors { get; set; }

    /// <summary>Where the API takes an idempotency token.</summary>
    [Input(Description = "The parameter in which the API takes an idempotency token, such as ClientToken: it is given the activity's, so that a repetition is recognised.", Category = Advanced, Order = 14)]
    public Input<string>? IdempotencyParameter { get; set; }

    /// <summary>The service in the signature.</summary>
    [Input(Description = "The service in the signature, where it is not the endpoint's.", Category = Advanced, Order = 15)]
    public Input<string>? SigningName { get; set; }

    /// <summary>The result is a secret.</summary>
    [Input(Description = "Keep the result as a secret. Answers with credentials, passwords or decrypted values are kept so anyway.", Category = Advanced, Order = 16)]
    public Input<bool>? IsSecret { get; set; }

    /// <summary>The HTTP status.</summary>
    [Output(Description = "The HTTP status.")]
    public Output<int>? StatusCode { get; set; }

    /// <summary>The headers of the answer.</summary>
    [Output(Description = "The headers; the names are in lower case.")]
    public Output<IDictionary<string, object?>>? ResponseHeaders { get; set; }

    /// <summary>AWS's code, when it refused.</summary>
    [Output(Description = "AWS's code, when it refused.")]
    public Output<string>? ErrorCode { get; set; }

    /// <summary>AWS's message, when it refused.</summary>
    [Output(Description = "AWS's message, when it refused.")]
    public Output<string>? ErrorMessage { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var requests = context.GetRequiredService<IAwsRequests>();
        var request = Read(context);
        try
        {
            var answer = await context.CallAsync(request.Credentials, current => requests.SendAsync(request with { Credentials = current }, context.CancellationToken));
            context.Set(StatusCode, answer.StatusCode);
            context.Set(ResponseHeaders, answer.Headers.ToDictionary(header => header.Key, header => (object?)header.Value));
            context.SetResult(context.Get(IsSecret) && answer.Content is { } content and not Sensitive ? Sensitive.Of(content) : answer.Content);
        }
        catch (FederationException refusal) when (new ExpectedErrors(context.Get(ExpectedErrors)).Cover(refusal))
        {
            context.Set(StatusCode, refusal.HttpStatus ?? 0);
            context.Set(ErrorCode, refusal.Code);
            context.Set(ErrorMessage, refusal.Detail);
            await context.CompleteActivityWithOutcomesAsync(Refused);
        }
    }

    private AwsRequest Read(ActivityExecutionContext context)
    {
        var request = new AwsRequest
        {
            Credentials = AwsInputs.RequireCredentials(context, "Aws.Request", Credentials),
            Service = context.Get(Service) ?? "",
            Region = context.Get(Region),
            SigningName = context.GetText(SigningName),
            Path = context.GetText(Path) ?? "/",
            Query = RequestInputs.Pairs(context.Get(Query)),
            Headers = RequestInputs.Pairs(context.Get(RequestHeaders)).GroupBy(item => item.Key).ToDictionary(group => group.Key, group => string.Join(", ", group.Select(item => item.Value))),
            Secrets = [.. StorySecrets.Of(context, Parameters), .. StorySecrets.Of(context, Body), .. StorySecrets.Of(context, RequestHeaders)],
        };
        var (action, target) = (context.GetText(Action), context.GetText(Target));
        return (action, target) switch
        {
            (not null, null) => QueryStyle(context, request, action),
            (null, not null) => AwsRequest.JsonStyle(request, target, Json(context, required: true), context.GetText(ContentType)),
            (null, null) => RestStyle(context, request),
            _ => throw Wrong("both an action and a target are given", "Give the action for services with the query protocol, the target for those with the JSON protocol."),
        };
    }

    private AwsRequest QueryStyle(ActivityExecutionContext context, AwsRequest request, string action)
    {
        if (context.GetMasked(Body) is not null)
        {
            throw Wrong("both an action and a body are given", "Give what the action takes as parameters.");
        }

        var version = context.GetText(ApiVersion) ?? throw Wrong("the action has no version", "Give the version of the API, such as 2010-05-08 of IAM or 2016-11-15 of EC2: its reference has it.");
        var parameters = context.Get(Parameters) is { } given ? new Dictionary<string, object?>(given) : [];
        if (context.GetText(IdempotencyParameter) is { } name)
        {
            parameters.TryAdd(name, context.IdempotencyKey);
        }

        return AwsRequest.QueryStyle(request, action, version, QueryProtocol.Flatten(request.Service, parameters));
    }

    private AwsRequest RestStyle(ActivityExecutionContext context, AwsRequest request)
    {
        if (context.Get(Parameters) is { Count: > 0 })
        {
            throw Wrong("parameters are given without an action", "Give the action, or put them into the query or the body.");
        }

        var body = context.GetMasked(Body) is Sensitive secret ? InClear.Reveal(secret) : context.GetMasked(Body);
        var (bytes, type) = body switch
        {
            null => (default, null),
            string text => (Encoding.UTF8.GetBytes(text), "application/json"),
            byte[] given => (given, "application/octet-stream"),
            _ => (Json(context, required: false), "application/json"),
        };
        var method = context.GetText(Method) ?? (bytes.IsEmpty ? "GET" : "POST");
        return request with { Method = method, Body = bytes, ContentType = bytes.IsEmpty ? null : context.GetText(ContentType) ?? type };
    }

    /// <summary>The body as JSON, with the idempotency token where the API takes it.</summary>
    private ReadOnlyMemory<byte> Json(ActivityExecutionContext context, bool required)
    {
        var body = context.GetMasked(Body) is Sensitive secret ? InClear.Reveal(secret) : context.GetMasked(Body);
        var json = body switch
        {
            null => "{}"u8.ToArray(),
            string text => Encoding.UTF8.GetBytes(text),
            byte[] given => given,
            _ => InClear.ToJson(body),
        };
        var name = context.GetText(IdempotencyParameter);
        if (name is null && !required)
        {
            return json;
        }

        try
        {
            if (JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = JsonValues.MaxDepth }) is not JsonObject parameters)
            {
                throw Wrong("the body is not a JSON object", "Give the parameters of the operation as an object.");
            }

            if (name is not null && !parameters.ContainsKey(name))
            {
                parameters[name] = context.IdempotencyKey;
                json = Encoding.UTF8.GetBytes(parameters.ToJsonString());
            }

            return json;
        }
        catch (JsonException exception)
        {
            throw Wrong($"the body is not JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}", "Give the parameters of the operation as an object.");
        }
    }

    private static FederationException Wrong(string detail, string advice) => Failure.Input(Cloud.Aws, "AWS", "Aws.Request", detail, advice);
}
