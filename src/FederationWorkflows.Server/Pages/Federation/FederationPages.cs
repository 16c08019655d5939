using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Federation;
using FederationWorkflows.Server.Pages.Runs;
using Microsoft.AspNetCore.Mvc;

namespace FederationWorkflows.Server.Pages.Federation;

/// <summary>The identities that stories use.</summary>
internal static class FederationPages
{
    public static void MapFederationPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/federation", (HttpContext context, ConnectionViews connections) => PageResult.Of<FederationPage>(context, new { Caller = context.User, Connections = connections.List() }))
            .Requires(Permissions.ConnectionsRead);
        pages.MapGet("/federation/{name}", (string name, HttpContext context, ConnectionViews connections) => PageAsync(name, context, connections)).Requires(Permissions.ConnectionsRead);
        pages.MapPost("/federation/{name}/check", CheckAsync).Requires(Permissions.ConnectionsCheck).WritesAudit("connection.check");
    }

    /// <summary>What was found is on the page that answers; loading it again asks the browser's user first, and the cloud at most every few seconds.</summary>
    private static async Task<IResult> CheckAsync(string name, [FromForm] RunPages.FormOnly form, HttpContext context, ConnectionViews connections, ConnectionChecks checks)
    {
        var check = connections.Find(name) is { } view ? await checks.RunAsync(view.Facts.Name, context) : null;
        return await PageAsync(name, context, connections, check);
    }

    private static async Task<IResult> PageAsync(string name, HttpContext context, ConnectionViews connections, ConnectionCheck? check = null)
    {
        if (connections.Find(name) is not { } view)
        {
            return PageResult.Of<ProblemPage>(
                context,
                new { Caller = context.User, Heading = "No such connection", Detail = $"There is no connection '{name}' in the server's configuration. It may have been removed." },
                StatusCodes.Status404NotFound);
        }

        var exchanges = await connections.LastExchangesAsync(view.Facts.Name, ConnectionEndpoints.ExchangesShown, context.RequestAborted);
        return PageResult.Of<ConnectionPage>(context, new { Caller = context.User, View = view, Exchanges = exchanges, Check = check });
    }
}
