using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FederationWorkflows.Server.Hosting;

/// <summary>The store answers.</summary>
internal sealed class StorageHealthCheck(IRunStore runs) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await runs.GetNextTimerAsync(DateTimeOffset.MinValue, cancellationToken);
        return HealthCheckResult.Healthy(runs.Mode);
    }
}
