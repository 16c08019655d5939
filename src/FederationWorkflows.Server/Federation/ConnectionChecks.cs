using System.Collections.Concurrent;
using FederationWorkflows.Federation;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Server.Audit;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Federation;

/// <summary>Tries connections for who wants to know whether they work; each seldom, since it asks a cloud.</summary>
internal sealed class ConnectionChecks(ITokenBroker broker, AuditLog audit, TimeProvider time)
{
    /// <summary>How long a connection is left alone after a check.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, DateTimeOffset> next = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes an exchange of a connection that there is.</summary>
    public async Task<ConnectionCheck> RunAsync(string connection, HttpContext context)
    {
        if (Wait(connection) is { } wait)
        {
            return new ConnectionCheck(false, $"It was tried a moment ago. Try again in {Math.Ceiling(wait.TotalSeconds)} s.", null) { Wait = wait };
        }

        ConnectionCheck check;
        try
        {
            check = new ConnectionCheck(true, null, await broker.CheckAsync(connection, context.RequestAborted));
        }
        catch (FederationException e)
        {
            check = new ConnectionCheck(false, e.Message, null);
        }
        catch (OptionsValidationException e)
        {
            check = new ConnectionCheck(false, string.Join(' ', e.Failures), null);
        }

        await audit.WriteAsync(context, "connection.check", connection, after: new { check.Problem }, succeeded: check.Works);
        return check;
    }

    /// <summary>How long the connection is still to be left alone; null when it may be tried, which it then is.</summary>
    private TimeSpan? Wait(string connection)
    {
        var now = time.GetUtcNow();
        var free = next.AddOrUpdate(connection, _ => now + Pause, (_, until) => until > now ? until : now + Pause);
        return free == now + Pause ? null : free - now;
    }
}

/// <summary>What came of trying a connection.</summary>
/// <param name="Works">It gave a token, which was thrown away.</param>
/// <param name="Problem">Why it gave none, and what to do; null when it did.</param>
/// <param name="Exchange">What was learned of the exchange; null when it failed.</param>
public sealed record ConnectionCheck(bool Works, string? Problem, ExchangeReport? Exchange)
{
    /// <summary>It was not tried, since it was a moment ago: how long to wait.</summary>
    public TimeSpan? Wait { get; init; }
}
