using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Shows what is in a run's state, as of its last commit. What is sensitive is masked.</summary>
public sealed class RunInspector(IRunStore runs, DefinitionCatalog definitions, RunEnvironment environment)
{
    /// <summary>The values of a run; null when there is no such run, or the version of its story was deleted, without which its state means nothing.</summary>
    public async ValueTask<RunValues?> InspectAsync(string runId, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(runId, cancellationToken) is not { Identity: { } identity }
            || await definitions.FindRevisionAsync(identity.DefinitionId, identity.Revision, cancellationToken) is not { } workflow
            || await runs.LoadAsync(runId, cancellationToken) is not { } parts)
        {
            return null;
        }

        using var run = WorkflowRun.Load(workflow, parts, environment);
        var declared = workflow.Definition.Variables;
        var values = run.Variables;
        var variables = new List<RunVariable>(declared.Count);
        for (var i = 0; i < declared.Count && i < values.Count; i++)
        {
            variables.Add(new RunVariable(declared[i].Id, declared[i].Name, ShownValuesWriter.Show(values[i], typeof(Sensitive).IsAssignableFrom(declared[i].Type))));
        }

        return new RunValues(variables, Show(run.Input), Show(run.Output));
    }

    private static Dictionary<string, JsonElement> Show(IReadOnlyDictionary<string, object?> values) =>
        values.ToDictionary(value => value.Key, value => ShownValuesWriter.Show(value.Value, isSensitive: false));
}

/// <summary>What is in a run's state.</summary>
/// <param name="Variables">The workflow's variables; empty before it has begun.</param>
/// <param name="Input">The values of its inputs, by name.</param>
/// <param name="Output">The values of its outputs so far, by name.</param>
public sealed record RunValues(IReadOnlyList<RunVariable> Variables, IReadOnlyDictionary<string, JsonElement> Input, IReadOnlyDictionary<string, JsonElement> Output);

/// <summary>A variable of a run.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value, masked where it is sensitive.</param>
public sealed record RunVariable(string Id, string Name, JsonElement Value);
