using System.Text.Json;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>
/// A story as it is written: Elsa 3's workflow definition. Immutable. What this product does not know is kept in <see cref="Json"/>
/// and goes out again as it came in.
/// </summary>
public sealed class WorkflowDefinition
{
    internal WorkflowDefinition(JsonElement json, string revision)
    {
        Json = json;
        Revision = revision;
    }

    /// <summary>The whole definition as JSON.</summary>
    public JsonElement Json { get; }

    /// <summary>
    /// SHA-256 over the canonical form of everything that makes the definition what it is, in lower-case hex. Versions, publication state,
    /// computed node ids and the order of properties are no part of it. A run is pinned to it.
    /// </summary>
    public string Revision { get; }

    /// <summary>The id that all versions share.</summary>
    public required string DefinitionId { get; init; }

    /// <summary>The id of this version.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>The version number, from 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Variables of the whole workflow.</summary>
    public IReadOnlyList<Variable> Variables { get; init; } = [];

    /// <summary>What a run can be given.</summary>
    public IReadOnlyList<ArgumentDefinition> Inputs { get; init; } = [];

    /// <summary>What a run yields.</summary>
    public IReadOnlyList<ArgumentDefinition> Outputs { get; init; } = [];

    /// <summary>What a run may end with, when it is used as an activity.</summary>
    public IReadOnlyList<string> Outcomes { get; init; } = [];

    /// <summary>Elsa's <c>options.incidentStrategyType</c>; null for the default.</summary>
    public string? IncidentStrategy { get; init; }

    /// <summary>Elsa's <c>options.commitStrategyName</c>; null for the default.</summary>
    public string? CommitStrategy { get; init; }

    /// <summary>The story to start when a run of this one faults, from <c>customProperties.onFault</c>; null for none. Elsa has no such thing.</summary>
    public string? OnFault { get; init; }

    /// <summary>How many runs of it one node drives at once, from <c>customProperties.maxConcurrentRuns</c>; null for no limit of its own. Elsa has no such thing.</summary>
    public int? MaxConcurrentRuns { get; init; }

    /// <summary>It appears as an activity type once it is published: Elsa's <c>options.usableAsActivity</c>, or the older one at the top.</summary>
    public bool UsableAsActivity { get; init; }

    /// <summary>The group of the palette it appears in as an activity; null for the default.</summary>
    public string? ActivityCategory { get; init; }

    /// <summary>What reading found that does not keep it from running.</summary>
    public IReadOnlyList<DefinitionProblem> Warnings { get; init; } = [];

    /// <summary>The activity that is run.</summary>
    public JsonElement Root => Json.GetProperty("root");
}

/// <summary>An input or output of a workflow.</summary>
/// <param name="Name">The name, unique among its kind.</param>
/// <param name="Type">The type values are converted to.</param>
/// <param name="DisplayName">The title people see, or null.</param>
/// <param name="Description">What it is for, or null.</param>
public sealed record ArgumentDefinition(string Name, Type Type, string? DisplayName, string? Description);
