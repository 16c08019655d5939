using System.Text.Json;
using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Engine.Retries;

/// <summary>
/// A retry policy with a name, for who draws stories: the designer writes it as <c>customProperties.resilienceStrategy</c>
/// (Elsa contract: resilience strategies). A story that writes a policy of its own, <c>customProperties.retry</c>, needs none.
/// </summary>
/// <param name="Id">What stories call it.</param>
/// <param name="DisplayName">What people read.</param>
public sealed record RetryStrategy(string Id, string DisplayName)
{
    /// <summary>All there are; the first is <c>customProperties.retry</c> without anything set.</summary>
    public static IReadOnlyList<RetryStrategy> All { get; } =
    [
        new("standard", "Any error: 3 more attempts, from 1 second on"),
        new("transient", "Only when a service is away or busy: 5 more attempts, from 2 seconds on")
        {
            Policy = new RetryPolicy
            {
                MaxRetryAttempts = 5,
                Delay = TimeSpan.FromSeconds(2),
                On = new RetryFilter([RetryFilter.Transient, "408", "429", "5xx", "Throttling", nameof(HttpRequestException), nameof(TimeoutException), nameof(IOException)]),
            },
        },
        new("patient", "Any error: for about a day, at most an hour apart")
        {
            Policy = new RetryPolicy { MaxRetryAttempts = 32, Delay = TimeSpan.FromSeconds(10), MaxDelay = TimeSpan.FromHours(1) },
        },
    ];

    internal RetryPolicy Policy { get; init; } = new();

    /// <summary>What an activity names; null when it names none, or after reporting that there is no such strategy.</summary>
    internal static RetryStrategy? Read(JsonReading strategy)
    {
        var id = strategy.Json.ValueKind == JsonValueKind.Object && strategy.Text("mode") is null or "Identifier" ? strategy.Text("strategyId") : null;
        var found = All.FirstOrDefault(known => known.Id == id);
        if (found is null)
        {
            strategy.Report(
                "unknown-resilience-strategy",
                $"{(id is null ? "A strategy that is an expression is not known here" : $"There is no strategy '{id}' here")}, so this one means nothing. Name one of: {string.Join(", ", All.Select(known => known.Id))}; or write \"retry\": {{ \"maxRetryAttempts\": 3, \"delay\": \"00:00:02\" }} beside it.",
                null,
                ProblemSeverity.Warning);
        }

        return found;
    }
}
