using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace FederationWorkflows.CloudLab.Aws.Iam;

/// <summary>Access keys of users: made, looked at, switched off, deleted. A change counts from the next call on.</summary>
internal sealed class IamAccessKeys(AwsCloud cloud, IamUsers users)
{
    public XElement ListAccessKeys(IamCall call)
    {
        var user = users.Named(call);
        return call.Page(
            "AccessKeyMetadata",
            cloud.Keys.Of(user).OrderBy(static key => key.Id, StringComparer.Ordinal),
            static key => key.Id,
            key => Members(user, key),
            IamCall.Of("UserName", user.Name));
    }

    public XElement CreateAccessKey(IamCall call)
    {
        var user = users.Named(call);
        var key = cloud.Keys.AddUserKey(user, new AwsAccessKey(), call.Http.Now) ?? throw IamErrors.TooManyKeys();
        call.Http.ResponseElements = new JsonObject { ["accessKey"] = new JsonObject { ["userName"] = user.Name, ["accessKeyId"] = key.Id, ["status"] = "Active" } };
        return call.Result(IamCall.Of("AccessKey", Members(user, key), IamCall.Of("SecretAccessKey", key.Secret.Reveal())));
    }

    public XElement? UpdateAccessKey(IamCall call)
    {
        var id = KeyId(call);
        var status = call.Parameters.Required("Status", 1, 16);
        call.Parameters.Check(status is "" or "Active" or "Inactive", status, "status", "Member must satisfy enum value set: [Active, Inactive]");
        call.Note(("accessKeyId", id), ("status", status));
        var user = users.Named(call);
        Own(user, id).IsActive = status == "Active";
        return null;
    }

    public XElement? DeleteAccessKey(IamCall call)
    {
        var id = KeyId(call);
        call.Note(("accessKeyId", id));
        return cloud.Keys.Remove(users.Named(call), id) ? null : throw IamErrors.NoSuchKey(id);
    }

    public XElement GetAccessKeyLastUsed(IamCall call)
    {
        var id = KeyId(call);
        call.Parameters.ThrowIfInvalid();
        call.Note(("accessKeyId", id));
        var owner = cloud.UsersOf(call.AccountId).FirstOrDefault(user => cloud.Keys.Of(user).Any(key => key.Id == id));
        call.Require(owner?.Arn ?? "*", owner?.Tags);
        var use = Own(owner ?? throw IamErrors.NoSuchKey(id), id).LastUse;
        return call.Result(
            IamCall.Of("UserName", owner.Name),
            IamCall.Of(
                "AccessKeyLastUsed",
                use is null ? null : IamCall.Of("LastUsedDate", IamCall.Time(use.Date)),
                IamCall.Of("ServiceName", use?.Service ?? "N/A"),
                IamCall.Of("Region", use?.Region ?? "N/A")));
    }

    private AccessKey Own(LabUser user, string id) => cloud.Keys.Of(user).FirstOrDefault(key => key.Id == id) ?? throw IamErrors.NoSuchKey(id);

    private static string KeyId(IamCall call) => call.Parameters.Required("AccessKeyId", 16, 128);

    private static object?[] Members(LabUser user, AccessKey key) =>
    [
        IamCall.Of("UserName", user.Name),
        IamCall.Of("AccessKeyId", key.Id),
        IamCall.Of("Status", key.IsActive ? "Active" : "Inactive"),
        IamCall.Of("CreateDate", IamCall.Time(key.Created)),
    ];
}
