using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.Signing;

namespace FederationWorkflows.CloudLab.Aws.Iam;

/// <summary>AWS Identity and Access Management, version 2010-05-08: looking at users and roles, their tags, and users' access keys.</summary>
internal sealed class IamService
{
    public const string Version = "2010-05-08";

    private readonly Dictionary<string, Func<IamCall, XElement?>> operations;

    public IamService(AwsCloud cloud)
    {
        var users = new IamUsers(cloud);
        var roles = new IamRoles(cloud);
        var keys = new IamAccessKeys(cloud, users);
        operations = new(StringComparer.Ordinal)
        {
            ["ListUsers"] = users.ListUsers,
            ["GetUser"] = users.GetUser,
            ["ListUserPolicies"] = users.ListUserPolicies,
            ["GetUserPolicy"] = users.GetUserPolicy,
            ["TagUser"] = call => TagOperations.Tag(call, users.Named(call).Tags),
            ["UntagUser"] = call => TagOperations.Untag(call, users.Named(call).Tags),
            ["ListUserTags"] = call => TagOperations.List(call, users.Named(call).Tags),
            ["ListAccessKeys"] = keys.ListAccessKeys,
            ["CreateAccessKey"] = keys.CreateAccessKey,
            ["UpdateAccessKey"] = keys.UpdateAccessKey,
            ["DeleteAccessKey"] = keys.DeleteAccessKey,
            ["GetAccessKeyLastUsed"] = keys.GetAccessKeyLastUsed,
            ["ListRoles"] = roles.ListRoles,
            ["GetRole"] = roles.GetRole,
            ["ListRolePolicies"] = roles.ListRolePolicies,
            ["GetRolePolicy"] = roles.GetRolePolicy,
            ["ListAttachedRolePolicies"] = roles.ListAttachedRolePolicies,
            ["TagRole"] = call => TagOperations.Tag(call, roles.Named(call).Tags),
            ["UntagRole"] = call => TagOperations.Untag(call, roles.Named(call).Tags),
            ["ListRoleTags"] = call => TagOperations.List(call, roles.Named(call).Tags),
        };
    }

    /// <summary>The result; null where an answer has none.</summary>
    public XElement? Handle(AwsCall call, AwsCaller? caller, string action, QueryParameters parameters)
    {
        if (caller is null)
        {
            throw QuerySignatureErrors.MissingAuthentication();
        }

        var version = parameters["Version"] ?? Version;
        return version == Version && operations.TryGetValue(action, out var operation)
            ? operation(new IamCall(call, caller, action, parameters))
            : throw QueryApi.UnknownAction(action, version);
    }
}
