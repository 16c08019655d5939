using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Audit;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>Which versions of stories a request found and which it left, for the audit log: one entry for each story that is another one now.</summary>
internal sealed class StoryChanges(IDefinitionStore store)
{
    private readonly Dictionary<string, StoryState?> before = new(StringComparer.Ordinal);

    /// <summary>Notes a story that is about to be changed, as it is.</summary>
    public async ValueTask WatchAsync(string definitionId, CancellationToken cancellationToken)
    {
        if (!before.ContainsKey(definitionId))
        {
            before[definitionId] = await FindAsync(definitionId, cancellationToken);
        }
    }

    /// <summary>Notes a story of which nobody knew the id before it was made.</summary>
    public void Made(string definitionId) => before.TryAdd(definitionId, null);

    /// <summary>Writes what became of the stories, also when the request failed half-way: what is changed then is changed.</summary>
    public async ValueTask WriteAsync(HttpContext context, string action)
    {
        foreach (var (definitionId, was) in before)
        {
            var now = await FindAsync(definitionId, CancellationToken.None);
            if (now != was)
            {
                await context.RequestServices.GetRequiredService<AuditLog>().WriteAsync(context, action, definitionId, was, now);
            }
        }
    }

    private async ValueTask<StoryState?> FindAsync(string definitionId, CancellationToken cancellationToken) =>
        await store.FindLatestAsync(definitionId, cancellationToken) is not { } latest ? null
        : new StoryState(StoryVersion.Of(latest), StoryVersion.Of(latest.IsPublished ? latest : await store.FindPublishedAsync(definitionId, cancellationToken)));

    private sealed record StoryState(StoryVersion? Latest, StoryVersion? Published);

    private sealed record StoryVersion(int Version, string Revision)
    {
        public static StoryVersion? Of(StoredDefinition? stored) => stored is null ? null : new(stored.Version, stored.Revision);
    }
}

/// <summary>A request that names the stories it is about.</summary>
internal interface INamesStories
{
    /// <summary>Their ids.</summary>
    IEnumerable<string> DefinitionIds { get; }
}

/// <summary>Endpoints that change stories.</summary>
internal static class StoryAudit
{
    /// <summary>Writes who changed which story, with the versions before and after. A story named by the route's <c>definitionId</c> or by the request is watched by itself, others by the endpoint.</summary>
    public static RouteHandlerBuilder AuditedStories(this RouteHandlerBuilder endpoint, string action) => endpoint
        .WritesAudit(action)
        .AddEndpointFilter(async (invocation, next) =>
        {
            var context = invocation.HttpContext;
            var changes = context.Stories();
            var named = invocation.Arguments.OfType<INamesStories>().SelectMany(request => request.DefinitionIds);
            foreach (var id in context.GetRouteValue("definitionId") is string one ? [one] : named)
            {
                await changes.WatchAsync(id, context.RequestAborted);
            }

            try
            {
                return await next(invocation);
            }
            finally
            {
                await changes.WriteAsync(context, action);
            }
        });

    /// <summary>What this request changes.</summary>
    public static StoryChanges Stories(this HttpContext context)
    {
        if (context.Features.Get<StoryChanges>() is not { } changes)
        {
            context.Features.Set(changes = new StoryChanges(context.RequestServices.GetRequiredService<IDefinitionStore>()));
        }

        return changes;
    }
}
