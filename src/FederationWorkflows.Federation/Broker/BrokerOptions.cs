namespace FederationWorkflows.Federation.Broker;

/// <summary>The host's configuration section <c>Federation:Broker</c>: how many tokens are kept, and how fast clouds are asked for them. What is about keeping is read at the start.</summary>
public sealed class BrokerOptions
{
    /// <summary>Tokens and credentials that are kept at most: 1 to 1,000,000. Beyond them those go that were not used for the longest time.</summary>
    public int MaxEntries { get; set; } = 10_000;

    /// <summary>Exchanges a second, on the average, that one service of a cloud is asked for by this host: 1 to 10,000. More wait.</summary>
    public int ExchangesPerSecond { get; set; } = 50;

    /// <summary>Exchanges that a service is asked for at once after a pause: 1 to 10,000.</summary>
    public int Burst { get; set; } = 100;

    /// <summary>A token that nobody used for so long is kept encrypted until somebody does: 1 second to 1 hour.</summary>
    public TimeSpan SealAfter { get; set; } = TimeSpan.FromMinutes(1);
}
