using System.ComponentModel.DataAnnotations;
using System.Globalization;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Http.Endpoints;

/// <summary>Waits for a request, or is started by one.</summary>
[Activity("Elsa", "HTTP", "Wait for an inbound HTTP request that matches the specified path and methods.", DisplayName = "HTTP Endpoint")]
[FlowNode("Done", RequestTooLarge, FileTooLarge, InvalidFileExtension, InvalidFileMimeType)]
[NoSideEffects]
internal sealed class HttpEndpoint : Trigger<HttpRequestData>, IStoryCheck
{
    private const string Security = "Security";

    private const string Upload = "Upload";

    private const string Delivery = "Delivery";

    private const string OutcomesGroup = "Outcomes";

    private const string RequestTooLarge = "Request too large";

    private const string FileTooLarge = "File too large";

    private const string InvalidFileExtension = "Invalid file extension";

    private const string InvalidFileMimeType = "Invalid file MIME type";

    [Required]
    [Input(Description = "The path below the base path of the server, for example orders/{id}.", UIHint = InputUIHints.SingleLine)]
    public Input<string>? Path { get; set; }

    [Input(
        Description = "The HTTP methods to accept.", UIHint = InputUIHints.CheckList, DefaultValue = new[] { "GET" },
        Options = new[] { "GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS" })]
    public Input<ICollection<string>>? SupportedMethods { get; set; }

    [Input(
        Description = "Who may call: everybody (anonymous), who is signed in and may start stories (signedIn), who signs the body (hmac), knows a secret (bearer), has an API key (apiKey) or an OpenID Connect token (oidc), or a topic of Amazon SNS (sns).",
        Category = Security, UIHint = InputUIHints.DropDown, Options = new[] { "anonymous", "signedIn", "hmac", "bearer", "apiKey", "oidc", "sns" })]
    public Input<string?>? Caller { get; set; }

    [Input(Description = "For hmac and bearer: the secret shared with the caller.", Category = Security, UIHint = InputUIHints.SecretPicker, AutoEvaluate = false)]
    public Input<string?>? Secret { get; set; }

    [Input(Description = "For hmac: whose way of signing it is.", Category = Security, UIHint = InputUIHints.DropDown, Options = new[] { "generic", "github", "slack", "stripe" })]
    public Input<string?>? SignatureForm { get; set; }

    [Input(Description = "For hmac, generic: the header with the signature, X-Signature when empty. For bearer: the header with the secret, Authorization when empty.", Category = Security)]
    public Input<string?>? CallerHeader { get; set; }

    [Input(Description = "For hmac, generic: what stands before the signature, for example sha256=.", Category = Security)]
    public Input<string?>? SignaturePrefix { get; set; }

    [Input(Description = "For hmac, generic: how the signature is written.", Category = Security, UIHint = InputUIHints.DropDown, Options = new[] { "hex", "base64" })]
    public Input<string?>? SignatureEncoding { get; set; }

    [Input(Description = "For hmac, generic: the header with the time in seconds since 1970; it is signed before the body, with a full stop between. No time is checked when empty.", Category = Security)]
    public Input<string?>? TimestampHeader { get; set; }

    [Input(Description = "How old a signed request may be, and how long the same one is known again: 00:05:00 when empty, 01:00:00 for sns.", Category = Security)]
    public Input<TimeSpan?>? Tolerance { get; set; }

    [Input(Description = "For oidc: what the token must be for.", Category = Security)]
    public Input<string?>? Audience { get; set; }

    [Input(Description = "For oidc: who must have issued the token, https://accounts.google.com when empty.", Category = Security)]
    public Input<string?>? Issuer { get; set; }

    [Input(Description = "For oidc: the e-mail address of the caller's service account, or the token's subject.", Category = Security)]
    public Input<string?>? CallerIdentity { get; set; }

    [Input(DisplayName = "Topic ARN", Description = "For sns: the only topic that may call.", Category = Security)]
    public Input<string?>? TopicArn { get; set; }

    [Input(Description = "Accept authenticated and authorized requests only: the same as the caller signedIn.", Category = Security)]
    public Input<bool>? Authorize { get; set; }

    [Input(Description = "The authorization policy to apply. The server's default policy when empty.", Category = Security)]
    public Input<string?>? Policy { get; set; }

    [Input(Description = "How long the caller waits for an answer, for example 00:00:30.", Category = Upload)]
    public Input<TimeSpan?>? RequestTimeout { get; set; }

    [Input(
        Description = "The same value again within a day starts no second run, but answers with the first. The Idempotency-Key header when empty; CEL such as trigger.body.id.",
        Category = Delivery, AutoEvaluate = false)]
    public Input<string?>? DeduplicationKey { get; set; }

    [Input(Description = "The longest body in bytes.", Category = Upload)]
    public Input<long?>? RequestSizeLimit { get; set; }

    [Input(Description = "The longest file in bytes.", Category = Upload)]
    public Input<long?>? FileSizeLimit { get; set; }

    [Input(Description = "The only extensions of files that are taken.", Category = Upload, UIHint = InputUIHints.MultiText)]
    public Input<ICollection<string>?>? AllowedFileExtensions { get; set; }

    [Input(Description = "Extensions of files that are not taken.", Category = Upload, UIHint = InputUIHints.MultiText)]
    public Input<ICollection<string>?>? BlockedFileExtensions { get; set; }

    [Input(Description = "The only MIME types of files that are taken.", Category = Upload, UIHint = InputUIHints.MultiText)]
    public Input<ICollection<string>?>? AllowedMimeTypes { get; set; }

    [Input(DisplayName = "Expose 'Request too large' outcome", Description = "Continue there instead of answering 413.", Category = OutcomesGroup)]
    public bool ExposeRequestTooLargeOutcome { get; set; }

    [Input(DisplayName = "Expose 'File too large' outcome", Description = "Continue there instead of answering 413.", Category = OutcomesGroup)]
    public bool ExposeFileTooLargeOutcome { get; set; }

    [Input(DisplayName = "Expose 'Invalid file extension' outcome", Description = "Continue there instead of answering 415.", Category = OutcomesGroup)]
    public bool ExposeInvalidFileExtensionOutcome { get; set; }

    [Input(DisplayName = "Expose 'Invalid file MIME type' outcome", Description = "Continue there instead of answering 415.", Category = OutcomesGroup)]
    public bool ExposeInvalidFileMimeTypeOutcome { get; set; }

    [Output(Description = "The body by its content type: JSON, the fields of a form, text, or bytes.")]
    public Output<object?>? ParsedContent { get; set; }

    [Output(Description = "The files of a form.")]
    public Output<HttpFile[]>? Files { get; set; }

    [Output(Description = "The values of the path's parameters.")]
    public Output<IDictionary<string, object?>>? RouteData { get; set; }

    [Output(Description = "The parameters of the query.")]
    public Output<IDictionary<string, object?>>? QueryStringData { get; set; }

    [Output(Description = "The headers; their names are in lower case.")]
    public Output<IDictionary<string, object?>>? Headers { get; set; }

    public override IEnumerable<object> GetTriggerPayloads(TriggerIndexingContext context)
    {
        try
        {
            return Stimuli(
                context.Get(Path), context.Get(SupportedMethods), Callers(context.Get(Authorize), context.Get(Tolerance), context.Get).Read(), context.Get(Authorize), context.Get(Policy), context.Get(RequestTimeout),
                Rules(context.Get(RequestSizeLimit), context.Get(FileSizeLimit), context.Get(AllowedFileExtensions), context.Get(BlockedFileExtensions), context.Get(AllowedMimeTypes)));
        }
        catch (FormatException e)
        {
            throw new DefinitionException(new DefinitionProblem("invalid-http-endpoint", e.Message, context.Node.Path, context.Node.Id));
        }
    }

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        if (context.TriggerPayload is HttpRequestData request)
        {
            return TakeAsync(context, request);
        }

        foreach (var stimulus in Stimuli(
            context.Get(Path), context.Get(SupportedMethods), Callers(context.Get(Authorize), context.Get(Tolerance), context.Get).Read(), context.Get(Authorize), context.Get(Policy),
            context.Get(RequestTimeout), Rules(context)))
        {
            // One request ends the waiting for every method: the bookmarks go together, when the endpoint completes.
            context.CreateBookmark(new CreateBookmarkArgs { BookmarkName = Type, Stimulus = stimulus, Callback = OnRequestAsync, AutoBurn = false });
        }

        return ValueTask.CompletedTask;
    }

    private ValueTask OnRequestAsync(ActivityExecutionContext context) =>
        context.ResumeInput is HttpRequestData request
            ? TakeAsync(context, request)
            : throw new InvalidOperationException("The endpoint was resumed without a request. Resume it by calling its path.");

    private ValueTask TakeAsync(ActivityExecutionContext context, HttpRequestData request)
    {
        // What has an output of its own is not repeated in this one: bodies can be large.
        // A body that the story keeps as a secret is in none.
        context.SetResult(request with { ParsedContent = null, Body = context.ActivityNode.GivesSecrets ? null : request.Body, Files = [] });
        context.Set(RouteData, request.RouteData.ToDictionary(p => p.Key, p => (object?)p.Value));
        context.Set(QueryStringData, Merge(request.Query, request.SecretQuery));
        context.Set(Headers, Merge(request.Headers, request.SecretHeaders));
        if (Rules(context).Check(request) is { } problem)
        {
            var outcome = Outcome(problem.Check) ?? throw problem.Error;
            context.JournalData["Rejected"] = problem.Error.Message;
            return context.CompleteActivityWithOutcomesAsync(outcome);
        }

        context.Set(ParsedContent, request.ParsedContent is { } json ? JsonValues.Unwrap(json) : BodyType.Parse(request.ContentType) is { Kind: BodyKind.Binary } ? request.Body : null);
        context.Set(Files, [.. request.Files]);
        return context.CompleteActivityAsync();
    }

    /// <summary>What an author should know of an endpoint that anybody may call, or nobody.</summary>
    public IEnumerable<DefinitionProblem> Check(ActivityNode node)
    {
        var name = Caller?.Expression is { Type: Engine.Expressions.Expression.LiteralType, Text: var text } ? text.Trim() : Caller is null ? "" : null;
        if (name is { Length: 0 } && Authorize is null)
        {
            yield return new DefinitionProblem(
                "unnamed-caller", "The endpoint names nobody who may call it, so a server refuses every call unless it is set up otherwise. Choose its input 'Caller'.", node.Path, node.Id, ProblemSeverity.Warning);
        }
        else if (string.Equals(name, "anonymous", StringComparison.OrdinalIgnoreCase))
        {
            yield return new DefinitionProblem(
                "anonymous-caller", "Everybody who reaches the server may call this endpoint. If that is not meant, choose a caller who proves who he is: hmac, bearer, apiKey, oidc, sns or signedIn.", $"{node.Path}.caller", node.Id, ProblemSeverity.Warning);
        }
    }

    private HttpCallerInputs Callers(bool authorize, TimeSpan? tolerance, Func<Input<string?>?, string?> get) => new()
    {
        Authorize = authorize,
        Tolerance = tolerance,
        Caller = get(Caller),
        Secret = Engine.Expressions.SecretReference.NameOf(Secret),
        Form = get(SignatureForm),
        Header = get(CallerHeader),
        Prefix = get(SignaturePrefix),
        Encoding = get(SignatureEncoding),
        TimestampHeader = get(TimestampHeader),
        Audience = get(Audience),
        Issuer = get(Issuer),
        Identity = get(CallerIdentity),
        TopicArn = get(TopicArn),
    };

    private IEnumerable<HttpEndpointStimulus> Stimuli(string? path, ICollection<string>? methods, HttpCaller? caller, bool authorize, string? policy, TimeSpan? timeout, HttpUploadRules rules)
    {
        var template = RoutePath.Normalize(path ?? "");
        var names = (methods is { Count: > 0 } ? methods : ["GET"]).Select(method => method.Trim().ToLowerInvariant()).Distinct().ToList();
        if (names.Find(name => !HeaderFields.IsToken(name)) is { } wrong)
        {
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{wrong}' is no HTTP method. Use GET, POST, PUT, PATCH, HEAD, DELETE or OPTIONS."));
        }

        if (timeout <= TimeSpan.Zero)
        {
            throw new FormatException("The time a caller waits must be above zero, for example 00:00:30.");
        }

        var immediate = new HttpUploadRules
        {
            RequestSizeLimit = ExposeRequestTooLargeOutcome ? null : rules.RequestSizeLimit,
            FileSizeLimit = ExposeFileTooLargeOutcome ? null : rules.FileSizeLimit,
            AllowedFileExtensions = ExposeInvalidFileExtensionOutcome ? null : rules.AllowedFileExtensions,
            BlockedFileExtensions = ExposeInvalidFileExtensionOutcome ? null : rules.BlockedFileExtensions,
            AllowedMimeTypes = ExposeInvalidFileMimeTypeOutcome ? null : rules.AllowedMimeTypes,
        };
        return names.Select(name => new HttpEndpointStimulus(template, name)
        {
            Authorize = authorize,
            Caller = caller,
            Policy = string.IsNullOrWhiteSpace(policy) ? null : policy,
            RequestTimeout = timeout,
            Rules = immediate == new HttpUploadRules() ? null : immediate,
        });
    }

    private HttpUploadRules Rules(ActivityExecutionContext context) =>
        Rules(context.Get(RequestSizeLimit), context.Get(FileSizeLimit), context.Get(AllowedFileExtensions), context.Get(BlockedFileExtensions), context.Get(AllowedMimeTypes));

    private static HttpUploadRules Rules(long? requestSize, long? fileSize, ICollection<string>? allowedExtensions, ICollection<string>? blockedExtensions, ICollection<string>? mimeTypes) =>
        new()
        {
            RequestSizeLimit = requestSize,
            FileSizeLimit = fileSize,
            AllowedFileExtensions = allowedExtensions is { Count: > 0 } ? [.. allowedExtensions] : null,
            BlockedFileExtensions = blockedExtensions is { Count: > 0 } ? [.. blockedExtensions] : null,
            AllowedMimeTypes = mimeTypes is { Count: > 0 } ? [.. mimeTypes] : null,
        };

    private string? Outcome(UploadCheck check) => check switch
    {
        UploadCheck.RequestSize when ExposeRequestTooLargeOutcome => RequestTooLarge,
        UploadCheck.FileSize when ExposeFileTooLargeOutcome => FileTooLarge,
        UploadCheck.FileExtension when ExposeInvalidFileExtensionOutcome => InvalidFileExtension,
        UploadCheck.FileMimeType when ExposeInvalidFileMimeTypeOutcome => InvalidFileMimeType,
        _ => null,
    };

    /// <summary>One value as it is, several as a list, secrets as secrets.</summary>
    private static Dictionary<string, object?> Merge(IReadOnlyDictionary<string, string[]> plain, IReadOnlyDictionary<string, Sensitive<string>> secret) =>
        plain.Select(p => KeyValuePair.Create(p.Key, p.Value.Length == 1 ? p.Value[0] : (object?)p.Value.ToArray<object?>()))
            .Concat(secret.Select(p => KeyValuePair.Create(p.Key, (object?)p.Value)))
            .ToDictionary();
}
