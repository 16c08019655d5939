using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>A definition cannot be deleted while one of its runs has not ended.</summary>
public sealed class DefinitionInUseException(RunSummary run)
    : Exception($"Run {run.Identity.Id} of story '{run.Identity.DefinitionId}' version {run.Identity.Version} has not ended, and could not go on. Cancel it first, or wait until it ends.");
