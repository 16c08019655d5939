using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Google.Requests;
using FederationWorkflows.Federation.Requests;

namespace FederationWorkflows.Federation.Google.Activities;

/// <summary>
/// Calls any Google API with an access token. The result is the content of the answer, or what the pages of a list hold. A refusal is a fault, unless the
/// story expects it: then it takes the way <c>Refused</c>.
/// </summary>
[Activity("Google", "Google Cloud", "Calls any Google API with an access token.", Type = "Request", DisplayName = "Google API Request")]
[FlowNode(Outcomes.Done, Refused)]
public sealed class GoogleApiRequest : CodeActivity<object?>
{
    private const string Refused = "Refused";
    private const string Advanced = "Advanced";
    private const int MaxItems = 10_000;
    private const int MaxPages = 1000;

    /// <summary>The access token.</summary>
    [Required]
    [Input(Description = "The access token: the result of an activity that gets or makes one.", Order = 0)]
    public Input<Sensitive<string>> Token { get; set; } = default!;

    /// <summary>The API.</summary>
    [Required]
    [Input(Description = "The API: what stands before .googleapis.com, such as storage, iam, cloudresourcemanager.", Order = 1)]
    public Input<string> Service { get; set; } = default!;

    /// <summary>The path.</summary>
    [Required]
    [Input(Description = "The path, such as /storage/v1/b, escaped where it must be.", Order = 2)]
    public Input<string> Path { get; set; } = default!;

    /// <summary>The method.</summary>
    [Input(Description = "The method. Empty for GET, or POST with a body.", UIHint = InputUIHints.DropDown, Options = new[] { "", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" }, Order = 3)]
    public Input<string>? Method { get; set; }

    /// <summary>The query.</summary>
    [Input(Description = "The query: a text or a list of texts for each name.", UIHint = InputUIHints.JsonEditor, Order = 4)]
    public Input<IDictionary<string, object?>?>? Query { get; set; }

    /// <summary>The body.</summary>
    [Input(Description = "The body: text as it is, bytes, or anything else as JSON.", UIHint = InputUIHints.MultiLine, Order = 5)]
    [TakesSensitive]
    public Input<object?>? Body { get; set; }

    /// <summary>The body's media type.</summary>
    [Input(Description = "The body's media type. Empty for application/json.", Category = Advanced, Order = 6)]
    public Input<string>? ContentType { get; set; }

    /// <summary>The property whose items all pages are read for.</summary>
    [Input(Description = "For lists in pages: the property that holds the items, such as items or keys. The result is then the items of all pages.", Order = 7)]
    public Input<string>? Collect { get; set; }

    /// <summary>1 to 10000.</summary>
    [Input(Description = "How many items to collect at most, up to 10000.", DefaultValue = 1000, Order = 8)]
    public Input<int>? Limit { get; set; }

    /// <summary>Refusals that the story handles.</summary>
    [Input(Description = "Refusals that the story handles on the way Refused: Google's codes (PERMISSION_DENIED), statuses (404) or classes of them (4xx). Others are faults.", Order = 9)]
    public Input<ICollection<string>>? ExpectedErrors { get; set; }

    /// <summary>The project that is billed.</summary>
    [Input(Description = "The project that is billed and whose quota counts. Empty for the API's choice.", Category = Advanced, Order = 10)]
    public Input<string>? QuotaProject { get; set; }

    /// <summary>The result is a secret.</summary>
    [Input(Description = "Keep the result as a secret. Answers with tokens, passwords or private keys are kept so anyway.", Category = Advanced, Order = 11)]
    public Input<bool>? IsSecret { get; set; }

    /// <summary>The HTTP status.</summary>
    [Output(Description = "The HTTP status.")]
    public Output<int>? StatusCode { get; set; }

    /// <summary>The headers of the answer.</summary>
    [Output(Description = "The headers; the names are in lower case.")]
    public Output<IDictionary<string, object?>>? ResponseHeaders { get; set; }

    /// <summary>Whether there are more items than were collected.</summary>
    [Output(Description = "Whether there are more items than were collected.")]
    public Output<bool>? IsTruncated { get; set; }

    /// <summary>Google's code, when it refused.</summary>
    [Output(Description = "Google's code, when it refused.")]
    public Output<string>? ErrorCode { get; set; }

    /// <summary>Google's message, when it refused.</summary>
    [Output(Description = "Google's message, when it refused.")]
    public Output<string>? ErrorMessage { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var requests = context.GetRequiredService<IGoogleRequests>();
        var request = Read(context);
        context.TellActedAs(context.GetRequiredService<TokenHolders>().Find(request.Token));
        try
        {
            var property = context.GetText(Collect);
            var answer = await context.CallAsync(
                request.Token,
                current => property is null
                    ? requests.SendAsync(request with { Token = current }, context.CancellationToken)
                    : CollectAsync(context, requests, request with { Token = current, IsForJson = true }, property));
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

    private GoogleRequest Read(ActivityExecutionContext context)
    {
        var masked = context.GetMasked(Body);
        var body = masked is Sensitive secret ? InClear.Reveal(secret) : masked;
        var bytes = body switch
        {
            null => [],
            string text => Encoding.UTF8.GetBytes(text),
            byte[] given => given,
            _ => InClear.ToJson(body),
        };
        return new GoogleRequest
        {
            Token = context.Get(Token) ?? Sensitive.Of(""),
            Service = context.Get(Service) ?? "",
            Path = context.Get(Path) ?? "",
            Method = context.GetText(Method) ?? (bytes.Length == 0 ? "GET" : "POST"),
            Query = RequestInputs.Pairs(context.Get(Query)),
            Body = bytes,
            ContentType = bytes.Length == 0 ? null : context.GetText(ContentType) ?? "application/json",
            QuotaProject = context.GetText(QuotaProject),
            Secrets = [.. StorySecrets.Of(context, Body)],
        };
    }

    /// <summary>Reads page after page (AIP-158: <c>nextPageToken</c> is the next one's <c>pageToken</c>), and puts their items together.</summary>
    private async Task<CloudAnswer> CollectAsync(ActivityExecutionContext context, IGoogleRequests requests, GoogleRequest request, string property)
    {
        var limit = context.Get(Limit);
        if (limit is < 1 or > MaxItems)
        {
            throw Wrong($"the limit is {limit}", $"Give 1 to {MaxItems}.");
        }

        var items = new List<JsonElement>();
        var isSecret = false;
        for (var (page, next) = (1, (string?)null); ; page++)
        {
            var answer = await requests.SendAsync(
                next is null ? request : request with { Query = [.. request.Query.Where(item => item.Key != "pageToken"), new("pageToken", next)] }, context.CancellationToken);
            isSecret |= answer.Content is Sensitive;
            if ((answer.Content is Sensitive<JsonElement> secret ? secret.Reveal() : answer.Content) is not JsonElement { ValueKind: JsonValueKind.Object } json)
            {
                throw Wrong("the answer is not a JSON object", "Leave collect out: the answer is no list in pages.");
            }

            // A list without items is left out.
            if (json.TryGetProperty(property, out var found))
            {
                items.AddRange(found.ValueKind == JsonValueKind.Array ? found.EnumerateArray() : throw Wrong($"the answer's {property} is not a list", "Name the property that holds the items."));
            }

            next = json.TryGetProperty("nextPageToken", out var token) && token.ValueKind == JsonValueKind.String && token.GetString() is { Length: > 0 } more ? more : null;
            if (next is null || items.Count >= limit || page == MaxPages)
            {
                context.Set(IsTruncated, next is not null || items.Count > limit);
                var all = JsonSerializer.SerializeToElement(items.Take(limit));
                return answer with { Content = isSecret ? Sensitive.Of(all) : all };
            }
        }
    }

    private static FederationException Wrong(string detail, string advice) => Failure.Input(Cloud.Google, "Google", "Google.Request", detail, advice);
}
