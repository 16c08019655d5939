using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management.Instances;
using Microsoft.AspNetCore.Mvc;

namespace FederationWorkflows.Server.Pages.Runs;

/// <summary>A run, step by step, and what can be done with it.</summary>
internal static class RunPages
{
    private const int LongestInput = 1024 * 1024;

    public static void MapRunPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/runs/{id}", ShowAsync).Requires(Permissions.RunsRead);
        pages.MapPost("/runs/{id}/cancel", CancelAsync).Requires(Permissions.RunsOperate).Audited("run.cancel", "id");
        pages.MapPost("/runs/{id}/retry", RetryAsync).Requires(Permissions.RunsOperate).Audited("run.retry", "id");
        pages.MapPost("/runs/{id}/rerun", RerunAsync).Requires(Permissions.RunsOperate).Audited("run.repeat", "id");
    }

    private static Task<IResult> ShowAsync(string id, HttpContext context, IRunStore runs, IDefinitionStore definitions, TimeProvider timeProvider) =>
        PageAsync(id, context, runs, definitions, timeProvider);

    private static async Task<IResult> CancelAsync(string id, [FromForm] FormOnly form, HttpContext context, WorkflowRuntime runtime, IRunStore runs)
    {
        await context.CancelToldAsync(id, runtime, runs, context.RequestAborted);
        return PageResult.SeeOther(context, $"runs/{Uri.EscapeDataString(id)}");
    }

    private static async Task<IResult> RetryAsync(
        string id, [FromForm] FormOnly form, HttpContext context, WorkflowRuntime runtime, IRunStore runs, IDefinitionStore definitions, TimeProvider timeProvider) =>
        await runtime.RetryAsync(id, context.User, context.RequestAborted)
            ? PageResult.SeeOther(context, $"runs/{Uri.EscapeDataString(id)}")
            : await PageAsync(id, context, runs, definitions, timeProvider, "Only a faulted run of a version that is still there can be retried. It may have been retried in the meantime.");

    private static async Task<IResult> RerunAsync(
        string id, [FromForm] string? input, HttpContext context, WorkflowRuntime runtime, IRunStore runs, IDefinitionStore definitions, TimeProvider timeProvider)
    {
        IReadOnlyDictionary<string, object?>? values = null;
        if (!string.IsNullOrWhiteSpace(input))
        {
            if (input.Length > LongestInput)
            {
                return await PageAsync(id, context, runs, definitions, timeProvider, "The input is longer than a mebibyte.");
            }

            try
            {
                values = JsonValues.Parse(input) is { ValueKind: JsonValueKind.Object } json
                    ? json.EnumerateObject().ToDictionary(property => property.Name, property => JsonValues.Unwrap(property.Value))
                    : null;
            }
            catch (Exception e) when (e is JsonException or FormatException)
            {
                return await PageAsync(id, context, runs, definitions, timeProvider, $"The input is no JSON: {e.Message}", input);
            }

            if (values is null)
            {
                return await PageAsync(id, context, runs, definitions, timeProvider, "The input must be a JSON object: {\"name\": value}.", input);
            }
        }

        try
        {
            return await runtime.RerunAsync(id, values, context.User, context.RequestAborted) is { } handle
                ? PageResult.SeeOther(context, $"runs/{Uri.EscapeDataString(handle.RunId)}")
                : await PageAsync(id, context, runs, definitions, timeProvider, "The version of the story that this run belongs to was deleted. Start the story anew.");
        }
        catch (ValueConversionException e)
        {
            return await PageAsync(id, context, runs, definitions, timeProvider, e.Message, input);
        }
    }

    private static async Task<IResult> PageAsync(
        string id, HttpContext context, IRunStore runs, IDefinitionStore definitions, TimeProvider timeProvider, string? problem = null, string? refusedInput = null)
    {
        if (await runs.FindAsync(id, context.RequestAborted) is not { } run)
        {
            return PageResult.Of<ProblemPage>(
                context,
                new { Caller = context.User, Heading = "No such run", Detail = $"There is no run '{id}'. It may have been deleted, or pruned because of its age." },
                StatusCodes.Status404NotFound);
        }

        var executions = await runs.GetExecutionsAsync(id, null, context.RequestAborted);
        var story = await definitions.FindVersionAsync(run.Identity.DefinitionVersionId, context.RequestAborted);
        var now = timeProvider.GetUtcNow();
        return PageResult.Of<RunPage>(
            context,
            new
            {
                Caller = context.User,
                Run = run,
                StoryName = story?.FindName() ?? run.Identity.DefinitionId,
                Timeline = new RunTimeline(run, executions, now),
                Now = now,
                Problem = problem,
                RefusedInput = refusedInput,
            },
            problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }

    /// <summary>A form without fields of its own. Taking it as one is what makes ASP.NET Core check the form's token.</summary>
    internal sealed record FormOnly;
}
