using System.Security.Claims;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>
/// Executes one activity of a definition by itself, for its author to see what it does. It is the real thing: what it does to the world is done.
/// Nothing of it is stored. What it would leave to the runtime, such as starting another story or answering a webhook, is not carried out, and
/// activities inside it are left out.
/// </summary>
public sealed class ActivityTest
{
    private readonly WorkflowCompiler compiler;

    private readonly StoryAccess access;

    private readonly RunEnvironment environment;

    internal ActivityTest(WorkflowCompiler compiler, StoryAccess access, RunEnvironment environment)
    {
        this.compiler = compiler;
        this.access = access;
        this.environment = environment;
    }

    /// <summary>How long the activity may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Executes an activity.</summary>
    /// <param name="definition">The definition it is in, whose variables and inputs it sees. The object is changed.</param>
    /// <param name="activity">The activity, an object inside the definition or a copy.</param>
    /// <param name="caller">Who tries it: by hand.</param>
    /// <param name="cancellationToken">Ends the test.</param>
    /// <returns>What became of it.</returns>
    /// <exception cref="StoryNotAllowedException">The caller may not use what the activity uses.</exception>
    /// <exception cref="DefinitionException">The activity has errors, or names what only the whole story has.</exception>
    public async ValueTask<ActivityExecutionRecord> ExecuteAsync(JsonObject definition, JsonObject activity, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var alone = (JsonObject)activity.DeepClone();
        RemoveChildren(alone);
        definition["root"] = alone;
        var workflow = compiler.Compile(Encoding.UTF8.GetBytes(definition.ToJsonString())).Require();
        access.RequireToStart(workflow, caller);
        var id = environment.NewId();
        using var run = WorkflowRun.Create(workflow, new RunStart { RunId = id, StartedBy = caller.ToPerson(), Hands = [caller.Hand()] }, environment);
        using var limit = new CancellationTokenSource(Patience, environment.TimeProvider);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var records = new Dictionary<string, ActivityExecutionRecord>();
        try
        {
            while (true)
            {
                var step = run.Advance();
                switch (step)
                {
                    case RunStep.Wait:
                        await run.WaitAsync(ending.Token);
                        break;
                    case RunStep.Yield:
                        await Task.Yield();
                        break;
                    case RunStep.Commit:
                        Collect(run, records);
                        break;
                    default:
                        Collect(run, records);
                        return Find(alone, records);
                }

                ending.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            await run.AbandonAsync();
            Collect(run, records);
            return Find(alone, records) with { Status = ActivityStatus.Canceled, Exception = new ErrorInfo(nameof(TimeoutException), $"The activity did not complete within {Patience}.", null) };
        }
    }

    private static void Collect(WorkflowRun run, Dictionary<string, ActivityExecutionRecord> records)
    {
        using var commit = run.TakeCommit();
        foreach (var record in RunProjection.Project(run.Id, commit.Journal).Executions)
        {
            records[record.Id] = record;
        }
    }

    private static ActivityExecutionRecord Find(JsonObject activity, Dictionary<string, ActivityExecutionRecord> records) =>
        records.Values.Last(record => record.ActivityId == (string?)activity["id"]);

    private static void RemoveChildren(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject json:
                foreach (var name in json.Where(property => IsActivity(property.Value)).Select(property => property.Key).ToArray())
                {
                    json.Remove(name);
                }

                foreach (var (name, value) in json)
                {
                    if (name is not ("expression" or "customProperties" or "metadata"))
                    {
                        RemoveChildren(value);
                    }
                }

                break;
            case JsonArray items:
                foreach (var child in items.Where(IsActivity).ToArray())
                {
                    items.Remove(child);
                }

                foreach (var item in items)
                {
                    RemoveChildren(item);
                }

                break;
        }
    }

    private static bool IsActivity(JsonNode? node) => node is JsonObject json && json.ContainsKey("type") && json.ContainsKey("id") && json.ContainsKey("version");
}
