using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Hosting;
using FederationWorkflows.Server.Management;
using FederationWorkflows.Server.Management.Contract;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Webhooks;

/// <summary>What can be called from outside, and by whom: the webhooks that start the stories that are published.</summary>
internal static class WebhookList
{
    public static void MapWebhookList(this IEndpointRouteBuilder api) => api.MapGet("/webhooks", ListAsync).Answers<Listed<WebhookFacts>>().Requires(Permissions.StoriesRead);

    private static async Task<IResult> ListAsync(
        HttpContext context, DefinitionCatalog catalog, IDefinitionStore store, WebhookEndpoint webhooks, IOptions<ServerOptions> options, CancellationToken cancellationToken)
    {
        var names = (await store.GetPublishedAsync(cancellationToken)).ToDictionary(story => story.DefinitionId, story => story.FindName());
        var items = catalog.Triggers.OfKind(WebhookRoutes.Kind).Select(trigger =>
        {
            var stimulus = (HttpEndpointStimulus)trigger.Stimulus;
            var caller = webhooks.CallerOf(stimulus)?.Kind;
            return new
            {
                trigger.DefinitionId,
                Name = names.GetValueOrDefault(trigger.DefinitionId, trigger.DefinitionId),
                trigger.ActivityId,
                Method = stimulus.Method.ToUpperInvariant(),
                Path = $"{context.Request.PathBase}{options.Value.WebhookBasePath}/{stimulus.Path}",
                Caller = caller,
                IsOpen = caller == HttpCallerKind.Anonymous,
            };
        });
        return Results.Json(new { Items = items.OrderBy(item => item.Name, StringComparer.OrdinalIgnoreCase).ThenBy(item => item.Path, StringComparer.Ordinal) }, ManagementApi.Json);
    }
}
