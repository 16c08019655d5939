using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;

namespace FederationWorkflows.Server.Pages.Runs;

/// <summary>The runs that failed, to be retried together: the designer's list can cancel and delete several, and not that.</summary>
internal static class FailedRunPages
{
    /// <summary>The newest; when they are retried, the next are shown.</summary>
    private const int Most = 100;

    public static void MapFailedRunPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/runs/failed", ShowAsync).Requires(Permissions.RunsRead);
        pages.MapPost("/runs/failed", RetryAsync).Requires(Permissions.RunsOperate).Audited("run.retry");
    }

    private static async Task<IResult> ShowAsync(int? retried, int? refused, HttpContext context, IRunStore runs, IDefinitionStore definitions)
    {
        var page = await runs.ListAsync(new RunQuery { SubStatuses = [WorkflowSubStatus.Faulted], Take = Most }, context.RequestAborted);
        var versions = page.Items.Select(run => run.Identity.DefinitionVersionId).Distinct().ToArray();
        var names = versions.Length == 0 ? [] : (await definitions.ListAsync(new DefinitionQuery { Versions = DefinitionVersions.All, Ids = versions, Take = Most }, context.RequestAborted)).Items.ToDictionary(version => version.Id, version => version.FindName());
        return PageResult.Of<FailedRunsPage>(context, new { Caller = context.User, Runs = page, Names = names, Retried = retried, Refused = refused });
    }

    private static async Task<IResult> RetryAsync(IFormCollection form, HttpContext context, WorkflowRuntime runtime)
    {
        var ids = form["run"].OfType<string>().Distinct(StringComparer.Ordinal).Take(Most).ToArray();
        var retried = 0;
        foreach (var id in ids)
        {
            retried += await runtime.RetryAsync(id, context.User, context.RequestAborted) ? 1 : 0;
        }

        context.Tell(after: new { WorkflowInstanceIds = ids, Retried = retried });
        return PageResult.SeeOther(context, FormattableString.Invariant($"runs/failed?retried={retried}&refused={ids.Length - retried}"));
    }
}
