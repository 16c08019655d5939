using System.Xml.Linq;

namespace FederationWorkflows.CloudLab.Aws.Iam;

/// <summary>Looking at users and finding the one that a call names.</summary>
internal sealed class IamUsers(AwsCloud cloud)
{
    public XElement ListUsers(IamCall call)
    {
        var prefix = call.Parameters.Optional("PathPrefix", 1, 512) ?? "/";
        call.Note(("pathPrefix", call.Parameters["PathPrefix"]));
        call.Require($"arn:aws:iam::{call.AccountId}:user{prefix}");
        var users = cloud.UsersOf(call.AccountId).Where(user => user.Declared.Path.StartsWith(prefix, StringComparison.Ordinal));
        return call.Page("Users", users, static user => user.Name, Members);
    }

    public XElement GetUser(IamCall call)
    {
        var user = Named(call);
        return call.Result(IamCall.Of("User", Members(user), user.Tags.All.Count == 0 ? null : IamCall.Tags(user.Tags)));
    }

    public XElement ListUserPolicies(IamCall call)
    {
        var user = Named(call);
        return call.Page("PolicyNames", user.Declared.Policies.OrderBy(static policy => policy.Name, StringComparer.Ordinal), static policy => policy.Name, static policy => [policy.Name]);
    }

    public XElement GetUserPolicy(IamCall call)
    {
        var user = Named(call);
        var name = call.Parameters.Required("PolicyName", 1, 128);
        call.Parameters.ThrowIfInvalid();
        var policy = user.Declared.Policies.FirstOrDefault(policy => policy.Name == name) ?? throw IamErrors.NoSuchPolicy("user", name);
        return call.Result(
            IamCall.Of("UserName", user.Name), IamCall.Of("PolicyName", name), IamCall.Of("PolicyDocument", Uri.EscapeDataString(policy.Document.GetRawText())));
    }

    /// <summary>The user that <c>UserName</c> names, or the calling one, when the caller may do the call's action on it.</summary>
    public LabUser Named(IamCall call)
    {
        var name = call.Parameters.Optional("UserName", 1, 128);
        call.Parameters.ThrowIfInvalid();
        name ??= call.Caller.UserName ?? throw IamErrors.UserNameNeeded();
        call.Note(("userName", name));
        var user = cloud.UsersOf(call.AccountId).FirstOrDefault(user => user.Name == name);
        call.Require(user?.Arn ?? $"arn:aws:iam::{call.AccountId}:user/{name}", user?.Tags, TagOperations.Context(call));
        return user ?? throw IamErrors.NoSuchUser(name);
    }

    private static object?[] Members(LabUser user) =>
    [
        IamCall.Of("Path", user.Declared.Path),
        IamCall.Of("UserName", user.Name),
        IamCall.Of("UserId", user.Id),
        IamCall.Of("Arn", user.Arn),
        IamCall.Of("CreateDate", IamCall.Time(user.Created)),
    ];
}
