using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;

namespace FederationWorkflows.Server.Federation;

/// <summary>
/// Writes every exchange of a token to the audit log, with what finds it again in CloudTrail (access key id, role, session name) and in Google's audit log
/// (claims, principal). While it cannot be written, nobody gets the token.
/// </summary>
internal sealed class ExchangeAudit(AuditLog audit) : IExchangeObserver
{
    public const string Action = "connection.exchange";

    public async ValueTask OnExchangedAsync(ExchangeReport report, CancellationToken cancellationToken) =>
        await audit.WriteAsync(SystemPrincipal.Instance, null, Action, report.Connection, before: null, after: report, report.Succeeded);
}
