using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Hosting;
using FederationWorkflows.Server.Pages;
using FederationWorkflows.Server.Webhooks.Callers;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Webhooks;

/// <summary>Requests that start or resume runs. Whoever gets a 2xx has a run on disk.</summary>
internal sealed partial class WebhookEndpoint(
    WebhookRoutes routes,
    WorkflowRuntime runtime,
    DefinitionCatalog catalog,
    IRunStore runs,
    ResponseWaiters waiters,
    CallerVerification callers,
    ResumeClaims claims,
    IHostApplicationLifetime lifetime,
    TimeProvider timeProvider,
    IOptions<ServerOptions> options,
    IOptions<HttpRequestLimits> limits,
    IOptions<WebhookOptions> webhooks,
    ExpressionHost expressions,
    ILogger<WebhookEndpoint> logger)
{
    private const string RunIdHeader = "x-elsa-workflow-instance-id";

    private const string ResponseActivity = "Elsa.WriteHttpResponse";

    private const string Stranger = "This webhook is only for the callers that its story names, and this one could not be verified. The server's log says why.";

    /// <summary>Of how many places at one path it is looked up whether runs still wait there.</summary>
    private const int MostPlaces = 16;

    /// <summary>When a request is to be sent again that is being dealt with.</summary>
    private static readonly TimeSpan WhilePending = TimeSpan.FromSeconds(5);

    private static readonly HttpCaller SignedIn = new(HttpCallerKind.SignedIn);

    private static readonly HttpCaller Everybody = new(HttpCallerKind.Anonymous);

    private long lookedAt;

    private static readonly ClaimsPrincipal Anonymous = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "webhook")]));

    public async Task HandleAsync(HttpContext context)
    {
        var match = routes.Find(context.Request.Method, EncodedPath(context));
        if (match.Result == HttpRouteResult.Ambiguous && await ForgetGoneAsync(match.Candidates, context.RequestAborted))
        {
            match = routes.Find(context.Request.Method, EncodedPath(context));
        }

        switch (match.Result)
        {
            case HttpRouteResult.NotFound:
                await ProblemAsync(context, StatusCodes.Status404NotFound, "No story listens on this path.");
                return;
            case HttpRouteResult.MethodNotAllowed:
                context.Response.Headers.Allow = string.Join(", ", match.AllowedMethods);
                await ProblemAsync(context, StatusCodes.Status405MethodNotAllowed, $"This path takes {string.Join(", ", match.AllowedMethods)}.");
                return;
            case HttpRouteResult.Ambiguous:
                LogAmbiguous(context.Request.Method, context.Request.Path.ToUriComponent(), Names(match.Candidates));
                await ProblemAsync(context, StatusCodes.Status409Conflict, "Several stories or runs listen on this path and method, and none of them was started or resumed. The server's log names them.");
                return;
        }

        var target = match.Endpoint!;
        if (target.Trigger is not null && runtime.TurnsAway() is { } busy)
        {
            context.Response.TellRetryAfter(busy.RetryAfter);
            await ProblemAsync(context, StatusCodes.Status429TooManyRequests, busy.Message);
            return;
        }

        if (await ReadAsync(context, target.Stimulus) is var (request, verdict))
        {
            request = request with { RouteData = match.RouteData };
            await (target.Trigger is { } trigger ? StartAsync(context, target.Stimulus, trigger, request, verdict) : ResumeAsync(context, target, request, verdict));
        }
    }

    /// <summary>Once a second at most: who asks is not verified yet.</summary>
    private async ValueTask<bool> ForgetGoneAsync(IReadOnlyList<WebhookTarget> candidates, CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow().UtcTicks;
        var last = Interlocked.Read(ref lookedAt);
        return now - last >= TimeSpan.TicksPerSecond
            && Interlocked.CompareExchange(ref lookedAt, now, last) == last
            && await routes.ForgetGoneAsync(candidates.Select(candidate => candidate.BookmarkHash).OfType<string>().Take(MostPlaces), cancellationToken);
    }

    /// <summary>A story or a run listens on the path of a request, with whatever method.</summary>
    public bool HasRoute(HttpContext context) => routes.Find(context.Request.Method, EncodedPath(context)).Result != HttpRouteResult.NotFound;

    /// <summary>Who may call, once it is asked of somebody: null when it is not told, and the server lets nobody in then.</summary>
    public HttpCaller? CallerOf(HttpEndpointStimulus stimulus) =>
        stimulus.Caller ?? (stimulus.Authorize ? SignedIn : webhooks.Value.AllowUnnamedCallers ? Everybody : null);

    /// <summary>The stories and runs of some endpoints, for the log: who asks is not verified yet.</summary>
    private static string Names(IReadOnlyList<WebhookTarget> candidates) => string.Join(
        ", ",
        candidates.Select(candidate => candidate.Trigger is { } trigger ? $"story {trigger.DefinitionId}, activity {trigger.ActivityId}" : "a run that waits").Distinct().Order(StringComparer.Ordinal));

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} starts and resumes nothing: several listen there ({Candidates}). Change the path of all but one, or put something of the run, such as its id, into it")]
    private partial void LogAmbiguous(string method, string path, string candidates);

    private static string Several(string runs) => $"{runs} wait on this path, and none of them was resumed. Put something of the run, such as its id, into the path.";

    /// <summary>
    /// Reads the request of a caller who may call; null when the request was answered. Before the caller is verified, nothing but the bytes of the
    /// body is read, and no more of them than the endpoint takes.
    /// </summary>
    private async Task<(HttpRequestData Request, CallerVerdict Verdict)?> ReadAsync(HttpContext context, HttpEndpointStimulus stimulus)
    {
        if (CallerOf(stimulus) is not { } caller)
        {
            await ProblemAsync(
                context,
                StatusCodes.Status403Forbidden,
                "The story names nobody who may call this webhook, so nobody may. Choose its endpoint's input 'Caller' (category Security) and publish it again, or set Webhooks:AllowUnnamedCallers on the server.");
            return null;
        }

        if ((await callers.VerifyHeadersAsync(caller, context)).Refusal is not null)
        {
            await RefuseAsync(context, caller);
            return null;
        }

        // The reader counts by the same limit and explains it; the web server's own could be lower.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = limits.Value.MaxBodyBytes;
        }

        try
        {
            var body = await HttpRequestReader.ReadBodyAsync(context.Request, limits.Value, stimulus.Rules, context.RequestAborted);
            var verdict = await callers.VerifyBodyAsync(caller, context, body);
            if (verdict.Refusal is not null)
            {
                await RefuseAsync(context, caller);
                return null;
            }

            if (verdict.IsHandled)
            {
                context.Response.StatusCode = StatusCodes.Status200OK;
                return null;
            }

            return (await HttpRequestReader.ParseAsync(context.Request, body, limits.Value, stimulus.Rules, caller.SecretHeader, context.RequestAborted), verdict);
        }
        catch (HttpBodyTooLargeException e)
        {
            await ProblemAsync(context, StatusCodes.Status413PayloadTooLarge, e.Message);
        }
        catch (BadHttpRequestException e)
        {
            await ProblemAsync(context, e.StatusCode, "The request's body cannot be read.");
        }
        catch (HttpBodyException e)
        {
            await ProblemAsync(context, e.StatusCode, e.Message);
        }

        return null;
    }

    private async Task StartAsync(HttpContext context, HttpEndpointStimulus stimulus, WorkflowTrigger trigger, HttpRequestData request, CallerVerdict verdict)
    {
        var since = timeProvider.GetTimestamp();
        var workflow = await catalog.FindPublishedAsync(trigger.DefinitionId, context.RequestAborted);
        var answers = workflow?.Nodes.Any(node => node.Descriptor.TypeName == ResponseActivity) is true;
        StartRequest start;
        try
        {
            start = await RequestOfAsync(workflow, trigger, request, verdict, context.RequestAborted);
        }
        catch (Exception e) when (e is ExpressionException or FormatException)
        {
            await ProblemAsync(context, StatusCodes.Status400BadRequest, $"The request cannot be told from others: {e.Message}");
            return;
        }

        var runId = start.RunId!;

        // Of two callers with the same request, the first one's run is the only one: its answer is his.
        using var waiter = waiters.Add(runId, takesOver: false);
        var caller = context.User.Identity?.IsAuthenticated is true ? context.User : Anonymous;
        RunHandle handle;
        try
        {
            handle = await runtime.StartAsync(start, caller, context.RequestAborted);
        }
        catch (DuplicateRunException e)
        {
            await AcceptedAsync(context, e.ExistingRunId);
            return;
        }
        catch (RunExistsException) when (verdict.ReplayKey is not null)
        {
            await AcceptedAsync(context, runId);
            return;
        }

        await AnswerAsync(context, runId, answers ? waiter.Response : null, () => handle.Rest, stimulus.RequestTimeout, since);
    }

    /// <summary>
    /// A signed request is known again by its signature: headers that nobody signed, such as Idempotency-Key, could be changed by who sends it again.
    /// Where the author has a key of his own, that one is the run's, and the signature becomes the run's id.
    /// </summary>
    private async ValueTask<StartRequest> RequestOfAsync(ExecutableWorkflow? workflow, WorkflowTrigger trigger, HttpRequestData request, CallerVerdict verdict, CancellationToken cancellationToken)
    {
        var start = new StartRequest(trigger.DefinitionId) { RunId = runtime.NewRunId(), TriggerActivityId = trigger.ActivityId, TriggerPayload = request, IsTriggered = true };
        var endpoint = workflow?.Nodes.FirstOrDefault(node => node.Id == trigger.ActivityId);
        if (verdict.ReplayKey is not { } signed)
        {
            return start with { DeduplicationKey = endpoint is null ? null : await HttpDelivery.KeyOfAsync(endpoint, request, expressions, cancellationToken) };
        }

        return endpoint is not null && await HttpDelivery.AuthorsKeyOfAsync(endpoint, request, expressions, cancellationToken) is { } own
            ? start with { DeduplicationKey = own, RunId = RunIds.Of(trigger.DefinitionId, trigger.ActivityId, signed) }
            : start with { DeduplicationKey = signed, DeduplicationWindow = verdict.ReplayWindow };
    }

    private async Task ResumeAsync(HttpContext context, WebhookTarget target, HttpRequestData request, CallerVerdict verdict)
    {
        var since = timeProvider.GetTimestamp();
        var waiting = await runs.FindBookmarksAsync(WebhookRoutes.Kind, target.BookmarkHash, context.RequestAborted);
        if (waiting.Count == 0)
        {
            await routes.ForgetGoneAsync([target.BookmarkHash!], context.RequestAborted);
            await ProblemAsync(context, StatusCodes.Status404NotFound, "No run waits on this path any more.");
            return;
        }

        if (waiting.Count > 1)
        {
            await ProblemAsync(context, StatusCodes.Status409Conflict, Several($"{waiting.Count} runs"));
            return;
        }

        var (runId, bookmark) = waiting[0];
        Document? claim = null;
        if (verdict.ReplayKey is { } signed)
        {
            if (await claims.ClaimAsync(signed, verdict.ReplayWindow, runId, context.RequestAborted) is not { } claimed)
            {
                // Not accepted: if the one before comes to nothing, the sender must send it again.
                context.Response.TellRetryAfter(WhilePending);
                await ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, $"The same request came a moment ago, and whether run {runId} has it is not known yet. Send it again in a few seconds.");
                return;
            }

            if (claimed.Document is null)
            {
                await AcceptedAsync(context, claimed.RunId);
                return;
            }

            claim = claimed.Document;
        }

        using var waiter = waiters.Add(runId);
        if (!await ResumeAsync(runId, bookmark.Id, request, claim, context))
        {
            await ProblemAsync(context, StatusCodes.Status404NotFound, "No run waits on this path any more.");
            return;
        }

        await AnswerAsync(context, runId, waiter.Response, () => runtime.RestOfAsync(runId), target.Stimulus.RequestTimeout, since);
    }

    /// <summary>When it fails, it may be carried out all the same, and the claim stands until its time is over. What becomes of a claimed one is waited for also when its sender does not.</summary>
    private async Task<bool> ResumeAsync(string runId, string bookmarkId, HttpRequestData request, Document? claim, HttpContext context)
    {
        var isResumed = await runtime.ResumeAsync(runId, bookmarkId, request, context.User, claim is null ? context.RequestAborted : lifetime.ApplicationStopping);
        if (claim is not null)
        {
            await (isResumed ? claims.SettleAsync(claim) : claims.GiveUpAsync(claim));
        }

        return isResumed;
    }

    /// <summary>Gives the story's answer when it comes in time, otherwise the run's id. The time counts from when the request was read: a run that was slow to be stored takes of it.</summary>
    private async Task AnswerAsync(HttpContext context, string runId, Task<HttpResponseEffect>? response, Func<Task> rest, TimeSpan? timeout, long since)
    {
        context.Response.Headers[RunIdHeader] = runId;
        if (response is not null)
        {
            using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            var time = Task.Delay(Left(timeout ?? options.Value.ResponseTimeout, since), timeProvider, gone.Token);
            await Task.WhenAny(response, rest(), time);
            await gone.CancelAsync();
            if (response.IsCompletedSuccessfully)
            {
                await SendAsync(context, await response);
                return;
            }

            if (await runs.FindAsync(runId, CancellationToken.None) is { SubStatus: WorkflowSubStatus.Faulted })
            {
                await ProblemAsync(context, StatusCodes.Status500InternalServerError, $"The story failed before it answered. See run {runId}.");
                return;
            }
        }

        await AcceptedAsync(context, runId);
    }

    /// <summary>The run is on disk; where it stands can be asked.</summary>
    private static async Task AcceptedAsync(HttpContext context, string runId)
    {
        context.Response.Headers[RunIdHeader] = runId;
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.Headers.Location = string.Create(CultureInfo.InvariantCulture, $"{context.Request.PathBase}/elsa/api/workflow-instances/{runId}");

        // As one write with its length: a serializer that writes piece by piece is seen in what an event costs.
        var body = JsonSerializer.SerializeToUtf8Bytes(new AcceptedRun(runId), AcceptedRunJson.Default.AcceptedRun);
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, CancellationToken.None);
    }

    /// <summary>An author may ask for any time; a caller waits for what the host could be configured for.</summary>
    private TimeSpan Left(TimeSpan timeout, long since)
    {
        var longest = timeout < ServerOptions.LongestResponseTimeout ? timeout : ServerOptions.LongestResponseTimeout;
        var left = longest - timeProvider.GetElapsedTime(since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static async Task SendAsync(HttpContext context, HttpResponseEffect effect)
    {
        var response = context.Response;
        response.StatusCode = effect.StatusCode;
        foreach (var (name, values) in effect.Headers)
        {
            response.Headers[name] = values;
        }

        // A story's page must not act as one of the server's own.
        response.Headers.XContentTypeOptions = "nosniff";
        if (effect.Body.Length > 0)
        {
            response.ContentType = effect.ContentType;
            response.ContentLength = effect.Body.Length;
            await response.Body.WriteAsync(effect.Body, context.RequestAborted);
        }
    }

    /// <summary>The same words whatever is wrong.</summary>
    private static Task RefuseAsync(HttpContext context, HttpCaller caller) =>
        ProblemAsync(context, StatusCodes.Status401Unauthorized, caller.Kind == HttpCallerKind.SignedIn ? "This webhook is only for callers who are signed in." : Stranger);

    private static async Task ProblemAsync(HttpContext context, int status, string detail) => await Results.Problem(detail, statusCode: status).ExecuteAsync(context);

    /// <summary>The path as it was sent, below the base: a decoded one could not tell %2F from a slash.</summary>
    private string EncodedPath(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? context.Request.Path.ToUriComponent();
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? target : target[..query];
        var start = context.Request.PathBase.Value!.Length + options.Value.WebhookBasePath.Length;
        return path.Length > start ? path[start..] : "";
    }
}

/// <summary>The answer to an event that a run was stored for.</summary>
internal sealed record AcceptedRun(string WorkflowInstanceId);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(AcceptedRun))]
internal sealed partial class AcceptedRunJson : JsonSerializerContext;

/// <summary>Maps the webhooks.</summary>
internal static class WebhookMapping
{
    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        var endpoint = routes.ServiceProvider.GetRequiredService<WebhookEndpoint>();
        var basePath = routes.ServiceProvider.GetRequiredService<IOptions<ServerOptions>>().Value.WebhookBasePath;
        routes.Map(basePath + "/{**path}", endpoint.HandleAsync).OpenToEverybody().WithMetadata(SecurityHeaders.Sandbox);
    }
}
