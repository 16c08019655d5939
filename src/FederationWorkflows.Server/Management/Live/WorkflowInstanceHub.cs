using Microsoft.AspNetCore.SignalR;

namespace FederationWorkflows.Server.Management.Live;

/// <summary>Where the designer listens to runs (Elsa contract: workflow instance hub).</summary>
internal sealed class WorkflowInstanceHub(ObservedRuns observed) : Hub
{
    private const int MaxIdLength = 200;

    /// <summary>Runs one connection may listen to; the designer's listen to one.</summary>
    private const int MaxRuns = 16;

    /// <summary>Tells this connection from now on what becomes of a run. One that does not exist is never heard of.</summary>
    public async Task ObserveInstanceAsync(string instanceId)
    {
        if (string.IsNullOrEmpty(instanceId) || instanceId.Length > MaxIdLength || !observed.Add(Context.ConnectionId, instanceId, MaxRuns))
        {
            throw new HubException("A connection listens to a few runs, each named by its id.");
        }

        await Groups.AddToGroupAsync(Context.ConnectionId, instanceId, Context.ConnectionAborted);
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        observed.Remove(Context.ConnectionId);
        return base.OnDisconnectedAsync(exception);
    }
}
