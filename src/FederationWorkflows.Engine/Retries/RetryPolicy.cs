using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Engine.Retries;

/// <summary>How the wait grows from one attempt to the next (names of Elsa's HTTP resilience strategy).</summary>
internal enum BackoffType
{
    /// <summary>Always the same.</summary>
    Constant,

    /// <summary>Once, twice, three times the delay.</summary>
    Linear,

    /// <summary>The delay, doubled with each attempt.</summary>
    Exponential,
}

/// <summary>
/// When a failed execution is tried again: <c>customProperties.retry</c>, with the names of the fields of Elsa's HTTP resilience strategy, or a
/// <see cref="RetryStrategy"/> that the story names. Immutable.
/// </summary>
internal sealed record RetryPolicy
{
    public const string Property = "retry";

    private const int MostAttempts = 100;

    private const string Code = "invalid-retry";

    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);

    private static readonly string[] Known = ["maxRetryAttempts", "backoffType", "delay", "maxDelay", "useJitter", "on"];

    /// <summary>Attempts after the first.</summary>
    public int MaxRetryAttempts { get; init; } = 3;

    public BackoffType BackoffType { get; init; } = BackoffType.Exponential;

    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The wait is shortened by up to a half at random, so that those who failed together do not come back together.</summary>
    public bool UseJitter { get; init; } = true;

    /// <summary>Which errors; empty for all that another attempt could mend.</summary>
    public RetryFilter On { get; init; } = RetryFilter.Any;

    /// <summary>Reads the policy of an activity; null when it has none, or after reporting what is wrong.</summary>
    public static RetryPolicy? Read(JsonReading? customProperties)
    {
        var named = customProperties?.Property("resilienceStrategy") is { } strategy && customProperties.Property(Property) is null ? RetryStrategy.Read(strategy) : null;
        if (customProperties?.Property(Property) is not { } json || !json.Expect(System.Text.Json.JsonValueKind.Object, "A retry is an object such as { \"maxRetryAttempts\": 3, \"delay\": \"00:00:02\" }."))
        {
            return named?.Policy;
        }

        foreach (var property in json.Json.EnumerateObject().Where(property => !Known.Contains(property.Name)))
        {
            json.Report(Code, $"A retry has no '{property.Name}'. {Suggestion.Among(property.Name, Known, "Remove it")}", property.Name);
        }

        var standard = new RetryPolicy();
        var attempts = json.Integer("maxRetryAttempts") ?? standard.MaxRetryAttempts;
        if (attempts is < 1 or > MostAttempts)
        {
            json.Report(Code, $"Attempts after the first are 1 to {MostAttempts}, not {attempts}.", "maxRetryAttempts");
        }

        var backoff = standard.BackoffType;
        if (json.Text("backoffType") is { } name && (!Enum.TryParse(name, ignoreCase: true, out backoff) || !Enum.IsDefined(backoff) || char.IsDigit(name[0])))
        {
            json.Report(Code, $"There is no backoff '{name}'. Use one of: {string.Join(", ", Enum.GetNames<BackoffType>())}.", "backoffType");
        }

        return new RetryPolicy
        {
            MaxRetryAttempts = attempts,
            BackoffType = backoff,
            Delay = json.Duration("delay", LongestDelay, Code) ?? standard.Delay,
            MaxDelay = json.Duration("maxDelay", LongestDelay, Code) ?? standard.MaxDelay,
            UseJitter = json.Flag("useJitter") ?? standard.UseJitter,
            On = RetryFilter.Read(json),
        };
    }

    /// <summary>How long to wait before the next attempt; null when there is none.</summary>
    /// <param name="failed">Attempts that failed, this one included; from 1.</param>
    /// <param name="error">Why it failed.</param>
    /// <param name="random">A number from 0 to below 1.</param>
    public TimeSpan? DelayAfter(int failed, Exception error, double random)
    {
        if (failed > MaxRetryAttempts || !On.Matches(error))
        {
            return null;
        }

        var factor = BackoffType switch
        {
            BackoffType.Linear => failed,
            BackoffType.Exponential => Math.Pow(2, failed - 1),
            _ => 1,
        };
        var seconds = Math.Min(Delay.TotalSeconds * factor, MaxDelay.TotalSeconds);
        var delay = TimeSpan.FromSeconds(UseJitter ? seconds * (1 - (random / 2)) : seconds);

        // Who asks to be left alone longer is left alone: coming earlier would be refused again.
        var asked = RetryFilter.Facts(error).Select(facts => facts.RetryAfter).FirstOrDefault(after => after is not null) ?? TimeSpan.Zero;
        asked = asked < LongestDelay ? asked : LongestDelay;
        return delay > asked ? delay : asked;
    }
}
