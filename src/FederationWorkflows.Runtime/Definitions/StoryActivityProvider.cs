using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>Published stories that are usable as activities, as activity types.</summary>
internal sealed partial class StoryActivityProvider(IDefinitionStore store, ILogger<StoryActivityProvider> logger) : IActivityProvider
{
    private volatile bool isReady;

    /// <summary>The store can be read from now on. Types are asked for before, when a host starts.</summary>
    public void BecomeReady() => isReady = true;

    public async ValueTask<IEnumerable<ActivityDescriptor>> GetDescriptorsAsync(CancellationToken cancellationToken)
    {
        var types = new Dictionary<string, ActivityDescriptor>();
        foreach (var stored in isReady ? await store.GetPublishedAsync(cancellationToken) : [])
        {
            // Most are not, and need not be read.
            if (stored.Json.Span.IndexOf("usableAsActivity"u8) < 0 || Read(stored) is not { UsableAsActivity: true } definition)
            {
                continue;
            }

            var type = StoryActivity.Describe(definition);
            if (type.TypeName.Length == 0 || !types.TryAdd(type.TypeName, type))
            {
                LogNotUsable(stored.DefinitionId, type.TypeName);
            }
        }

        return types.Values;
    }

    private WorkflowDefinition? Read(StoredDefinition stored)
    {
        try
        {
            return DefinitionParser.Parse(stored.Json);
        }
        catch (DefinitionException e)
        {
            LogUnreadable(stored.DefinitionId, stored.Version, e.Message);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Story {DefinitionId} cannot be used as an activity: there is another of type name '{TypeName}'. Give one of them another name")]
    private partial void LogNotUsable(string definitionId, string typeName);

    [LoggerMessage(LogLevel.Error, "Story {DefinitionId} version {Version} cannot be used as an activity: {Problems}")]
    private partial void LogUnreadable(string definitionId, int version, string problems);
}
