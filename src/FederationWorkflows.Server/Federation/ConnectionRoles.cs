using FederationWorkflows.Federation;
using FederationWorkflows.Server.Access;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Federation;

/// <summary>Refuses to start a server whose connections name roles that there are not.</summary>
internal sealed class ConnectionRoles : IValidateOptions<FederationOptions>
{
    public ValidateOptionsResult Validate(string? name, FederationOptions options)
    {
        var problems =
            from connection in options.Connections
            from role in connection.Value.Roles.Index()
            where !Roles.All.Contains(role.Item, StringComparer.OrdinalIgnoreCase)
            select $"{FederationOptions.Section}:{nameof(options.Connections)}:{connection.Key}:Roles:{role.Index} is no role: give one of {string.Join(", ", Roles.All)}.";
        return problems.ToArray() is { Length: > 0 } all ? ValidateOptionsResult.Fail(all) : ValidateOptionsResult.Success;
    }
}
