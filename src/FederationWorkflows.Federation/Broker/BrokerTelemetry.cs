using System.Diagnostics.Metrics;

namespace FederationWorkflows.Federation.Broker;

/// <summary>What the broker did for those who asked it.</summary>
internal static class BrokerTelemetry
{
    private static readonly Meter Meter = new(CloudTelemetry.MeterName);

    private static readonly Counter<long> Hits = Meter.CreateCounter<long>("fedflow.broker.hits", "{token}", "Tokens handed out that were there.");

    private static readonly Counter<long> Misses = Meter.CreateCounter<long>("fedflow.broker.misses", "{token}", "Times somebody had to wait for an exchange.");

    private static readonly Counter<long> Refreshes = Meter.CreateCounter<long>("fedflow.broker.refreshes", "{exchange}", "Exchanges before a token's end, which nobody waited for.");

    private static readonly Counter<long> Replacements = Meter.CreateCounter<long>("fedflow.broker.replacements", "{token}", "Times somebody waited for another token, as the cloud refused the one that was kept.");

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("fedflow.broker.failures", "{exchange}", "Exchanges that gave nothing.");

    public static void Hit(ExchangeKind kind)
    {
        if (Hits.Enabled)
        {
            Hits.Add(1, Of(kind));
        }
    }

    public static void Missed(ExchangeKind kind) => Misses.Add(1, Of(kind));

    public static void Refreshed(ExchangeKind kind) => Refreshes.Add(1, Of(kind));

    public static void Replaced(ExchangeKind kind) => Replacements.Add(1, Of(kind));

    public static void Failed(ExchangeKind kind) => Failures.Add(1, Of(kind));

    private static KeyValuePair<string, object?> Of(ExchangeKind kind) => new("fedflow.exchange", kind switch
    {
        ExchangeKind.AccessToken => "access_token",
        ExchangeKind.IdToken => "id_token",
        ExchangeKind.AwsRole => "aws_role",
        ExchangeKind.ProjectedToken => "projected_token",
        _ => "aws_source",
    });
}
