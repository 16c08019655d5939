using System.Globalization;
using System.Xml.Linq;

namespace FederationWorkflows.CloudLab.Aws.Iam;

/// <summary>Looking at roles and their policies, and finding the one that a call names.</summary>
internal sealed class IamRoles(AwsCloud cloud)
{
    public XElement ListRoles(IamCall call)
    {
        var prefix = call.Parameters.Optional("PathPrefix", 1, 512) ?? "/";
        call.Note(("pathPrefix", call.Parameters["PathPrefix"]));
        call.Parameters.ThrowIfInvalid();
        call.Require($"arn:aws:iam::{call.AccountId}:role{prefix}");
        var roles = cloud.RolesOf(call.AccountId).Where(role => role.Declared.Path.StartsWith(prefix, StringComparison.Ordinal));
        return call.Page("Roles", roles, static role => role.Name, Members);
    }

    public XElement GetRole(IamCall call)
    {
        var role = Named(call);
        return call.Result(IamCall.Of("Role", Members(role), role.Tags.All.Count == 0 ? null : IamCall.Tags(role.Tags)));
    }

    public XElement ListRolePolicies(IamCall call)
    {
        var role = Named(call);
        return call.Page("PolicyNames", role.Declared.Policies.OrderBy(static policy => policy.Name, StringComparer.Ordinal), static policy => policy.Name, static policy => [policy.Name]);
    }

    // The lab has no managed policies.
    public XElement ListAttachedRolePolicies(IamCall call)
    {
        _ = Named(call);
        return call.Page<string>("AttachedPolicies", [], static name => name, static name => [name]);
    }

    public XElement GetRolePolicy(IamCall call)
    {
        var role = Named(call);
        var name = call.Parameters.Required("PolicyName", 1, 128);
        call.Parameters.ThrowIfInvalid();
        var policy = role.Declared.Policies.FirstOrDefault(policy => policy.Name == name) ?? throw IamErrors.NoSuchPolicy("role", name);
        return call.Result(
            IamCall.Of("RoleName", role.Name), IamCall.Of("PolicyName", name), IamCall.Of("PolicyDocument", Uri.EscapeDataString(policy.Document.GetRawText())));
    }

    /// <summary>The role that <c>RoleName</c> names, when the caller may do the call's action on it.</summary>
    public LabRole Named(IamCall call)
    {
        var name = call.Parameters.Required("RoleName", 1, 64);
        call.Parameters.ThrowIfInvalid();
        call.Note(("roleName", name));
        var role = cloud.RolesOf(call.AccountId).FirstOrDefault(candidate => candidate.Name == name);
        call.Require(role?.Arn ?? $"arn:aws:iam::{call.AccountId}:role/{name}", role?.Tags, TagOperations.Context(call));
        return role ?? throw IamErrors.NoSuchRole(name);
    }

    private static object?[] Members(LabRole role) =>
    [
        IamCall.Of("Path", role.Declared.Path),
        IamCall.Of("RoleName", role.Name),
        IamCall.Of("RoleId", role.Id),
        IamCall.Of("Arn", role.Arn),
        IamCall.Of("CreateDate", IamCall.Time(role.Created)),
        IamCall.Of("AssumeRolePolicyDocument", Uri.EscapeDataString(role.Declared.TrustPolicy.GetRawText())),
        role.Declared.Description is null ? null : IamCall.Of("Description", role.Declared.Description),
        IamCall.Of("MaxSessionDuration", role.Declared.MaxSessionDuration.ToString(CultureInfo.InvariantCulture)),
    ];
}
