namespace FederationWorkflows.Engine.Definitions;

/// <summary>A place where a story names a connection, an identity that an administrator defined.</summary>
/// <param name="Connection">The connection's name, as the story has it.</param>
/// <param name="Path">Where, as JSON path.</param>
/// <param name="ActivityId">The activity that uses it.</param>
public sealed record ConnectionUse(string Connection, string Path, string ActivityId);
