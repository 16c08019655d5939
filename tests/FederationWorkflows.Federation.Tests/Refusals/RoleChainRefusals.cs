using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using static FederationWorkflows.Federation.Tests.Refusals.RefusalLab;

namespace FederationWorkflows.Federation.Tests.Refusals;

/// <summary>From an AWS identity to a role, in its account and others.</summary>
public sealed class RoleChainRefusals(RefusalLab lab) : RefusalMatrix(lab), IClassFixture<RefusalLab>
{
    private const string Account = "444455556666";
    private const string Spoke = $"arn:aws:iam::{Account}:role/spoke";
    private const string Operator = "arn:aws:iam::111122223333:user/operator";

    private static readonly Dictionary<string, Func<RefusalLab, Task>> Cases = new()
    {
        // The role that is asked.
        ["chain: the role trusts nobody of this account"] = From("operator", Trust("""{"AWS":"arn:aws:iam::444455556666:root"}""")),
        ["chain: the role trusts another user"] = From("operator", Trust("""{"AWS":"arn:aws:iam::111122223333:user/nobody"}""")),
        ["chain: the role trusts a service"] = From("operator", Trust("""{"Service":"lambda.amazonaws.com"}""")),
        ["chain: the role trusts tokens only"] = From("operator", Trust("""{"Federated":"accounts.google.com"}""", action: "sts:AssumeRoleWithWebIdentity")),
        ["chain: the role has another external id"] = From("operator", Trust(Root, """{"StringEquals":{"sts:ExternalId":"case-2041"} }"""), static request => request with { ExternalId = "case-2042" }),
        ["chain: the role asks for an external id and none is given"] = From("operator", Trust(Root, """{"StringEquals":{"sts:ExternalId":"case-2041"} }""")),
        ["chain: the external id differs in case"] = From("operator", Trust(Root, """{"StringEquals":{"sts:ExternalId":"case-2041"} }"""), static request => request with { ExternalId = "Case-2041" }),
        ["chain: the role asks for a second factor"] = From("operator", Trust(Root, """{"Bool":{"aws:MultiFactorAuthPresent":"true"} }""")),
        ["chain: the role asks for another session name"] = From("operator", Trust(Root, """{"StringEquals":{"sts:RoleSessionName":"somebody"} }""")),
        ["chain: the role asks for another principal"] = From("operator", Trust(Root, """{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/admin-*"} }""")),
        ["chain: the role asks for another team"] = From("tagged", Trust(Root, """{"StringEquals":{"aws:PrincipalTag/team":"soc"} }""")),
        ["chain: the role asks for a tag that the user has not"] = From("operator", Trust(Root, """{"StringEquals":{"aws:PrincipalTag/team":"soc"} }""")),
        ["chain: the role asks for a source identity"] = From("operator", Trust(Root, """{"StringLike":{"sts:SourceIdentity":"*"} }""")),
        ["chain: the role is for another network"] = From("operator", Trust(Root, """{"NotIpAddress":{"aws:SourceIp":"127.0.0.0/8"} }""")),
        ["chain: the role denies this user"] = From("operator", Trust(Root) + "," + Trusting("{}", effect: "Deny", principal: $$"""{"AWS":"{{Operator}}"}""", action: "sts:AssumeRole", sid: "NotHim")),
        ["chain: the role denies whoever brings no external id"] = From("operator", Trust(Root) + "," + Trusting("""{"Null":{"sts:ExternalId":"true"} }""", effect: "Deny", principal: "\"*\"", action: "sts:AssumeRole", sid: "IdOnly")),
        ["chain: the role does not exist"] = static lab => lab.ChainAsync(lab.User("operator"), $"arn:aws:iam::{Account}:role/no-such-role"),

        // Who asks.
        ["chain: the user has no policy"] = From("nobody", Trust(Root)),
        ["chain: the user may assume other roles only"] = static async lab =>
        {
            await lab.PutRoleAsync(Trusting("{}", principal: """{"AWS":"arn:aws:iam::111122223333:root"}""", action: "sts:AssumeRole"), name: "own");
            await lab.ChainAsync(lab.User("operator"), "arn:aws:iam::111122223333:role/own");
        },
        ["chain: the user is denied this role"] = static async lab =>
        {
            await lab.PutRoleAsync(Trust(Root), name: "sealed", account: Account);
            await lab.ChainAsync(lab.User("operator"), $"arn:aws:iam::{Account}:role/sealed");
        },
        ["chain: the user is of a third account"] = static async lab =>
        {
            await lab.PutRoleAsync(Trusting("{}", principal: """{"AWS":"arn:aws:iam::111122223333:root"}""", action: "sts:AssumeRole"), name: "own");
            await lab.ChainAsync(lab.User("outsider"), "arn:aws:iam::111122223333:role/own");
        },
        ["chain: the key is inactive"] = static lab => lab.ChainAsync(lab.User("former")),
        ["chain: the key is nobody's"] = static lab => lab.ChainAsync(lab.User("operator") with { AccessKeyId = "AKIAUNKNOWN000000001" }),
        ["chain: the secret is another key's"] = static lab => lab.ChainAsync(lab.User("operator") with { SecretAccessKey = lab.User("nobody").SecretAccessKey }),
        ["chain: the credentials are no credentials"] = static lab => lab.ChainAsync(lab.User("operator") with { AccessKeyId = "a key" }),

        // From role to role.
        ["chain: a session may assume other roles only"] = static async lab =>
        {
            await lab.PutRoleAsync(Trusting("{}", principal: """{"AWS":"arn:aws:iam::111122223333:root"}""", action: "sts:AssumeRole"), name: "own");
            await lab.ChainAsync(await SessionAsync(lab), "arn:aws:iam::111122223333:role/own");
        },
        ["chain: a session's policy leaves assuming out"] = static async lab =>
        {
            await lab.PutRoleAsync(Trust(Root), name: "spoke", account: Account);
            await lab.ChainAsync(await SessionAsync(lab, """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"""), Spoke);
        },
        ["chain: a session's policy denies assuming"] = static async lab =>
        {
            await lab.PutRoleAsync(Trust(Root), name: "spoke", account: Account);
            await lab.ChainAsync(await SessionAsync(lab, """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}]}"""), Spoke);
        },
        ["chain: a role trusts one session of another role"] = static async lab =>
        {
            await lab.PutRoleAsync(Trust("""{"AWS":"arn:aws:sts::111122223333:assumed-role/reader/somebody"}"""), name: "spoke", account: Account);
            await lab.ChainAsync(await SessionAsync(lab), Spoke);
        },
        ["chain: more than an hour from role to role"] = static async lab => await lab.ChainAsync(await SessionAsync(lab), Spoke, static request => request with { DurationSeconds = 3601 }),
        ["chain: more than an hour from a session that hides it"] = static async lab =>
        {
            await lab.PutRoleAsync(Trust(Root), name: "spoke", account: Account);
            await lab.ChainAsync(await SessionAsync(lab) with { AssumedRoleArn = null }, Spoke, static request => request with { DurationSeconds = 3601 });
        },
        ["chain: this host's clock is slow"] = static async lab =>
        {
            var session = await SessionAsync(lab);
            lab.Server.Clock.Skew = TimeSpan.FromMinutes(70);
            await lab.ChainAsync(session, Spoke);
        },
        ["chain: a session token of another session"] = static async lab => await lab.ChainAsync(await SessionAsync(lab) with { SessionToken = Sensitive.Of("of-another-session") }, Spoke),
        ["chain: a role of another partition"] = static async lab => await lab.ChainAsync(await SessionAsync(lab), "arn:aws-us-gov:iam::444455556666:role/spoke"),

        // What is asked for.
        ["chain: an external id of one character"] = static lab => lab.ChainAsync(lab.User("operator"), Spoke, static request => request with { ExternalId = "x" }),
        ["chain: a user's ARN for a role's"] = static lab => lab.ChainAsync(lab.User("operator"), Operator),
        ["chain: a session name with a blank"] = static lab => lab.ChainAsync(lab.User("operator"), Spoke, static request => request with { SessionName = "a story" }),
        ["chain: more than the role gives to a user"] = From("operator", Trust(Root), static request => request with { DurationSeconds = 7200 }),

        // The connection.
        ["chain: no key in the environment"] = static async lab => await lab.ByConnectionAsync("environment"),
        ["chain: no such profile"] = static async lab => await lab.ByConnectionAsync("profile"),
        ["chain: a source's credentials narrowed"] = static async lab => await lab.ByConnectionAsync("environment", new() { DurationSeconds = 900 }),
    };

    private const string Root = """{"AWS":"arn:aws:iam::111122223333:root"}""";

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_is_refused_with_what_to_mend(string name) => ShouldBeRefusedAsync(name, Cases[name]);

    private static string Trust(string principal, string condition = "{}", string action = "sts:AssumeRole") => Trusting(condition, principal: principal, action: action, sid: "Trusted");

    private static Func<RefusalLab, Task> From(string user, string trust, Func<RoleRequest, RoleRequest>? change = null) => async lab =>
    {
        await lab.PutRoleAsync(trust, name: "spoke", account: Account);
        await lab.ChainAsync(lab.User(user), Spoke, change);
    };

    private static async Task<AwsCredentials> SessionAsync(RefusalLab lab, string? policy = null)
    {
        await lab.PutRoleAsync(Pinned(), Allow("sts:AssumeRole", "arn:aws:iam::444455556666:role/*"));
        return await lab.AssumeAsync(await lab.MintAsync(), request => request with { SessionPolicy = policy });
    }
}
