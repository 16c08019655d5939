using System.Text.Json.Serialization;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Server.Access;

namespace FederationWorkflows.Server.Management.Live;

/// <summary>Registers the live updates of runs.</summary>
internal static class LiveUpdates
{
    public static IServiceCollection AddLiveUpdates(this IServiceCollection services)
    {
        services.AddSingleton<ObservedRuns>();
        services.AddSingleton<IRunObserver>(provider => provider.GetRequiredService<ObservedRuns>());
        services.AddHostedService<RunUpdates>();
        services.AddSignalR(options => options.MaximumReceiveMessageSize = 4 * 1024).AddJsonProtocol(json => json.PayloadSerializerOptions.Converters.Add(new JsonStringEnumConverter()));
        return services;
    }

    /// <summary>The designer derives this path from that of the API.</summary>
    public static void MapLiveUpdates(this IEndpointRouteBuilder routes) => routes.MapHub<WorkflowInstanceHub>("/elsa/hubs/workflow-instance").Requires(Permissions.RunsRead);
}
