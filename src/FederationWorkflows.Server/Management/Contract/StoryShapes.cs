using System.Text.Json;

namespace FederationWorkflows.Server.Management.Contract;

// What answers about stories look like, for the document that describes the API. A test holds them against the answers themselves.

/// <summary>Some things.</summary>
internal sealed record Listed<T>(IReadOnlyList<T> Items);

/// <summary>Some things, and how many those are.</summary>
internal sealed record Counted<T>(IReadOnlyList<T> Items, int Count);

/// <summary>A page of things, and how many there are on all pages.</summary>
internal sealed record Paged<T>(IReadOnlyList<T> Items, long TotalCount);

internal sealed record HowMany(long Count);

/// <summary>What can be done next; whoever may not gets no link to it.</summary>
internal sealed record Link(string Href, string Rel, string Method);

/// <summary>A version of a story in a list.</summary>
internal sealed record StorySummary(
    IReadOnlyList<Link> Links, string Id, string DefinitionId, string? Name, string? Description, int Version, bool IsLatest, bool IsPublished, DateTimeOffset CreatedAt, string ToolVersion, string? MaterializerName,
    bool? IsMaterializerAvailable, bool IsReadonly);

internal sealed record StoryPage(IReadOnlyList<StorySummary> Items, long TotalCount, IReadOnlyList<Link> Links);

/// <summary>A version of a story with its activities: Elsa's workflow definition JSON, and more than this where the story says more.</summary>
internal sealed record Story(
    string Id, string DefinitionId, string? Name, string? Description, int Version, DateTimeOffset CreatedAt, bool IsLatest, bool IsPublished, IReadOnlyList<JsonElement> Variables, IReadOnlyList<JsonElement> Inputs, IReadOnlyList<JsonElement> Outputs,
    IReadOnlyList<string> Outcomes, JsonElement CustomProperties, JsonElement Options, JsonElement Root, IReadOnlyList<Link>? Links, string? ToolVersion, bool? IsReadonly, bool? IsSystem);

internal sealed record StorySaved(Story WorkflowDefinition, bool AlreadyPublished, int ConsumingWorkflowCount, IReadOnlyList<JsonElement> ValidationErrors);

internal sealed record NameCheck(bool IsUnique);

internal sealed record ReferencesUpdated(IReadOnlyList<string> AffectedWorkflows);

internal sealed record HowManyDeleted(int Deleted);

/// <summary>What became of each; of those that were refused, why.</summary>
internal sealed record StoriesPublished(
    IReadOnlyList<string> Published,
    IReadOnlyList<string> AlreadyPublished,
    IReadOnlyList<string> NotFound,
    IReadOnlyList<string> UpdatedConsumers,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Errors);

internal sealed record StoriesRetracted(IReadOnlyList<string> Retracted, IReadOnlyList<string> AlreadyRetracted, IReadOnlyList<string> NotFound);

/// <summary>An activity of a story, and where it is in it.</summary>
internal sealed record ActivityNode(JsonElement Activity, string? ActivityId, string? NodeId, string? Port, IReadOnlyList<JsonElement> Parents, IReadOnlyList<JsonElement> Children);

internal sealed record PathSegment(string ActivityNodeId, string? ActivityId, string? ActivityType, string? ActivityName, string PortName);

internal sealed record ActivityPath(ActivityNode ChildNode, ActivityNode Container, IReadOnlyList<PathSegment> PathSegments);

/// <summary>A version that is or was published.</summary>
internal sealed record StoryVersionFacts(string DefinitionId, string DefinitionVersionId, int Version);

/// <summary>What is wrong in a story.</summary>
/// <param name="Severity"><c>Error</c> keeps it from being published, <c>Warning</c> does not.</param>
/// <param name="Code">Which problem it is.</param>
/// <param name="Message">What is wrong, and how to mend it.</param>
/// <param name="Path">Where, as a JSON path.</param>
/// <param name="ActivityId">The activity; null for the story as a whole.</param>
internal sealed record StoryProblem(string Severity, string Code, string Message, string? Path, string? ActivityId);

internal sealed record StoryProblems(string DefinitionId, string DefinitionVersionId, int Version, bool CanPublish, IReadOnlyList<StoryProblem> Items);

/// <summary>An activity that stories can be made of, as the designer needs it.</summary>
internal sealed record ActivityFacts(
    string TypeName, int Version, string Namespace, string Name, string? Category, string? DisplayName, string? Description, string Kind, IReadOnlyList<JsonElement> Inputs, IReadOnlyList<JsonElement> Outputs, IReadOnlyList<JsonElement> Ports,
    JsonElement CustomProperties, JsonElement ConstructionProperties, bool IsContainer, bool IsBrowsable, bool IsStart, bool IsTerminal);

internal sealed record ExpressionKind(string Type, string DisplayName, bool IsSerializable, bool IsBrowsable, JsonElement Properties);

internal sealed record VariableKind(string TypeName, string DisplayName, string? Category, string? Description);

internal sealed record StorageDriver(string TypeName, string DisplayName, int Priority, bool Deprecated);

internal sealed record NamedKind(string TypeName, string DisplayName, string? Description);

internal sealed record CommitStrategyKind(string Name, string DisplayName, string? Description);

internal sealed record Feature(string Name, string Namespace, string FullName, string DisplayName, string Description);

internal sealed record ResilienceStrategy(string Id, string DisplayName);

internal sealed record EditorOptions(IReadOnlyDictionary<string, JsonElement> Items);

/// <summary>A webhook that starts a story. Without a caller the story names nobody, and the server lets nobody in.</summary>
internal sealed record WebhookFacts(string DefinitionId, string Name, string ActivityId, string Method, string Path, string? Caller, bool IsOpen);
