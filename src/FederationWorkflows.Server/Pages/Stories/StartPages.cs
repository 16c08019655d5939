using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;

namespace FederationWorkflows.Server.Pages.Stories;

/// <summary>Starting a story with input, for which the designer has no form. As its own button does, it starts the latest version.</summary>
internal static class StartPages
{
    public static void MapStartPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/stories/{id}/start", ShowAsync).Requires(Permissions.RunsStart);
        pages.MapPost("/stories/{id}/start", StartAsync).Requires(Permissions.RunsStart).Audited("run.start", "id");
    }

    private static async Task<IResult> ShowAsync(string id, HttpContext context, IDefinitionStore store) =>
        await store.FindLatestAsync(id, context.RequestAborted) is { } story
            ? Page(context, story, [.. DefinitionParser.Parse(story.Json).Inputs.Select(input => new StoryInput(input, null))], null, null)
            : NoStory(context, id);

    private static async Task<IResult> StartAsync(string id, IFormCollection form, HttpContext context, IDefinitionStore store, WorkflowRuntime runtime)
    {
        if (await store.FindLatestAsync(id, context.RequestAborted) is not { } story)
        {
            return NoStory(context, id);
        }

        StoryInput[] inputs = [.. DefinitionParser.Parse(story.Json).Inputs.Select(input => new StoryInput(input, form[StoryInput.Prefix + input.Name].LastOrDefault()))];
        var correlationId = form["correlation"].ToString().Trim();
        try
        {
            var handle = await runtime.StartAsync(
                new StartRequest(id)
                {
                    VersionId = story.Id,
                    CorrelationId = correlationId.Length == 0 ? null : correlationId,
                    Input = inputs.Where(input => !string.IsNullOrEmpty(input.Typed)).ToDictionary(input => input.Definition.Name, input => input.Value()),
                },
                context.User,
                context.RequestAborted);
            context.Tell(after: new { handle.RunId, story.Version });
            return PageResult.SeeOther(context, $"studio/workflows/instances/{Uri.EscapeDataString(handle.RunId)}/view");
        }
        catch (Exception e) when (e is ValueConversionException or DefinitionException or NodeBusyException)
        {
            return Page(context, story, inputs, correlationId, e is DefinitionException definition ? string.Join('\n', definition.Problems.Select(problem => problem.Message)) : e.Message);
        }
    }

    private static IResult Page(HttpContext context, StoredDefinition story, IReadOnlyList<StoryInput> inputs, string? correlationId, string? problem) => PageResult.Of<StartPage>(
        context,
        new { Caller = context.User, Story = story, Inputs = inputs, Correlation = correlationId, Problem = problem },
        problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);

    private static IResult NoStory(HttpContext context, string id) =>
        PageResult.Of<ProblemPage>(context, new { Caller = context.User, Heading = "No such story", Detail = $"There is no story '{id}'. It may have been deleted." }, StatusCodes.Status404NotFound);
}
