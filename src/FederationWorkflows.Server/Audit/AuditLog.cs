using System.Security.Claims;
using System.Text.Json;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Management;

namespace FederationWorkflows.Server.Audit;

/// <summary>
/// Writes who changed what. Callers hand over what was and what is, without anything secret. An entry that cannot be stored fails the
/// request: nothing is changed unseen while the log is away.
/// </summary>
internal sealed class AuditLog(IAuditStore store, TimeProvider timeProvider)
{
    /// <summary>Writes what the caller of a request did.</summary>
    public ValueTask WriteAsync(HttpContext context, string action, string subject, object? before = null, object? after = null, bool succeeded = true) =>
        WriteAsync(context.User, context.Connection.RemoteIpAddress?.ToString(), action, subject, before, after, succeeded);

    /// <summary>Writes what somebody did who did not send a request, or who is not signed in as the one he is known as.</summary>
    public ValueTask WriteAsync(ClaimsPrincipal actor, string? address, string action, string subject, object? before, object? after, bool succeeded) => store.AppendAsync(
        new AuditEntry
        {
            At = timeProvider.GetUtcNow(),
            Actor = actor.Identity?.Name ?? "anonymous",
            SignedInBy = actor.Identity?.AuthenticationType ?? "none",
            Address = address,
            Action = action,
            Subject = subject,
            Succeeded = succeeded,
            Before = ToJson(before),
            After = ToJson(after),
        },
        CancellationToken.None);

    private static JsonElement? ToJson(object? value) => value is null ? null : JsonSerializer.SerializeToElement(value, ManagementApi.Json);
}
