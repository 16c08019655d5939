using System.Globalization;
using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.Signing;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.Iam;

/// <summary>AWS Identity and Access Management, version 2010-05-08: looking at roles.</summary>
internal sealed class IamService(AwsCloud cloud)
{
    public const string Version = "2010-05-08";

    public static readonly XNamespace Xmlns = $"https://iam.amazonaws.com/doc/{Version}/";

    public XElement Handle(AwsCall call, AwsCaller? caller, string action, QueryParameters parameters)
    {
        if (caller is null)
        {
            throw QuerySignatureErrors.MissingAuthentication();
        }

        return (action, parameters["Version"] ?? Version) switch
        {
            ("ListRoles", Version) => ListRoles(call, caller, parameters),
            ("GetRole", Version) => GetRole(call, caller, parameters),
            (_, var version) => throw QueryApi.UnknownAction(action, version),
        };
    }

    private XElement ListRoles(AwsCall call, AwsCaller caller, QueryParameters parameters)
    {
        var prefix = parameters.Optional("PathPrefix", 1, 512) ?? "/";
        var maximum = parameters.Integer("MaxItems", 1, 1000, 100);
        parameters.ThrowIfInvalid();
        Require(call, caller, "iam:ListRoles", $"arn:aws:iam::{caller.AccountId}:role{prefix}");
        var marker = parameters["Marker"];
        var roles = cloud.RolesOf(caller.AccountId)
            .Where(role => role.Declared.Path.StartsWith(prefix, StringComparison.Ordinal) && (marker is null || string.CompareOrdinal(role.Declared.Name, marker) > 0))
            .Take(maximum + 1)
            .ToList();
        var page = roles.Take(maximum).ToList();
        var isTruncated = roles.Count > maximum;
        return new XElement(
            Xmlns + "ListRolesResult",
            new XElement(Xmlns + "IsTruncated", isTruncated),
            isTruncated ? new XElement(Xmlns + "Marker", page[^1].Declared.Name) : null,
            new XElement(Xmlns + "Roles", page.Select(role => new XElement(Xmlns + "member", Members(role)))));
    }

    private XElement GetRole(AwsCall call, AwsCaller caller, QueryParameters parameters)
    {
        var name = parameters.Required("RoleName", 1, 64);
        parameters.ThrowIfInvalid();
        var role = cloud.RolesOf(caller.AccountId).FirstOrDefault(candidate => candidate.Declared.Name == name);
        Require(call, caller, "iam:GetRole", role?.Arn ?? $"arn:aws:iam::{caller.AccountId}:role/{name}");
        return role is null
            ? throw new AwsException("NoSuchEntity", $"The role with name {name} cannot be found.", StatusCodes.Status404NotFound)
            : new XElement(Xmlns + "GetRoleResult", new XElement(Xmlns + "Role", Members(role)));
    }

    private static XElement[] Members(LabRole role) =>
    [
        new(Xmlns + "Path", role.Declared.Path),
        new(Xmlns + "RoleName", role.Declared.Name),
        new(Xmlns + "RoleId", role.Id),
        new(Xmlns + "Arn", role.Arn),
        new(Xmlns + "CreateDate", role.Created.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)),
        new(Xmlns + "AssumeRolePolicyDocument", Uri.EscapeDataString(role.Declared.TrustPolicy.GetRawText())),
        new(Xmlns + "MaxSessionDuration", role.Declared.MaxSessionDuration),
    ];

    private static void Require(AwsCall call, AwsCaller caller, string action, string resource)
    {
        if (AwsAuthorizer.Check(call, caller, action, resource) is { } denial)
        {
            throw new AwsException(
                "AccessDenied",
                $"User: {caller.Arn} is not authorized to perform: {action} on resource: {resource} {denial.Reason}",
                StatusCodes.Status403Forbidden) { Explanation = denial.Explanation };
        }
    }
}
