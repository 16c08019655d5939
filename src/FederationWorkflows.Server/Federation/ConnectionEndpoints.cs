using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Hosting;
using FederationWorkflows.Server.Management;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Federation;

/// <summary>Connections: what they reach, who may use them, and whether they work.</summary>
internal static class ConnectionEndpoints
{
    public const int ExchangesShown = 10;

    public static void MapConnections(this IEndpointRouteBuilder api)
    {
        api.MapGet("/connections", (ConnectionViews connections) => Results.Json(new { Items = connections.List() }, ManagementApi.Json)).Answers<Listed<ConnectionView>>().Requires(Permissions.ConnectionsRead);
        api.MapGet("/connections/{name}", FindAsync).Answers<ConnectionDetails>().Requires(Permissions.ConnectionsRead);
        api.MapPost("/connections/{name}/check", CheckAsync).Answers<ConnectionChecked>().Requires(Permissions.ConnectionsCheck).WritesAudit("connection.check");
    }

    private static async Task<IResult> FindAsync(string name, ConnectionViews connections, CancellationToken cancellationToken) => connections.Find(name) is { } view
        ? Results.Json(new ConnectionDetails(view.Facts, view.NamedBy, await connections.LastExchangesAsync(view.Facts.Name, ExchangesShown, cancellationToken)), ManagementApi.Json)
        : NoConnection(name);

    private static async Task<IResult> CheckAsync(string name, HttpContext context, ConnectionViews connections, ConnectionChecks checks)
    {
        if (connections.Find(name) is not { } view)
        {
            return NoConnection(name);
        }

        var check = await checks.RunAsync(view.Facts.Name, context);
        if (check.Wait is { } wait)
        {
            context.Response.TellRetryAfter(wait);
            return Results.Problem(check.Problem, statusCode: StatusCodes.Status429TooManyRequests);
        }

        return Results.Json(new ConnectionChecked(check.Works, check.Problem, check.Exchange), ManagementApi.Json);
    }

    private static IResult NoConnection(string name) => Results.Problem($"There is no connection '{name}' on this server.", statusCode: StatusCodes.Status404NotFound);
}

/// <summary>A connection, with the exchanges that were made for it last.</summary>
internal sealed record ConnectionDetails(ConnectionFacts Facts, IReadOnlyList<ConnectionStory> NamedBy, IReadOnlyList<ExchangeReport> LastExchanges);

/// <summary>Whether a connection works: what was learned of the exchange, or why there was none.</summary>
internal sealed record ConnectionChecked(bool Works, string? Problem, ExchangeReport? Exchange);
