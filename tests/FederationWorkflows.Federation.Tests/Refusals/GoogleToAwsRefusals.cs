using FederationWorkflows.CloudLab;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using static FederationWorkflows.Federation.Tests.Refusals.RefusalLab;

namespace FederationWorkflows.Federation.Tests.Refusals;

/// <summary>From a Google identity to an AWS role.</summary>
public sealed class GoogleToAwsRefusals(RefusalLab lab) : RefusalMatrix(lab), IClassFixture<RefusalLab>
{
    private const string Email = Trusted;

    private static readonly Dictionary<string, Func<RefusalLab, Task>> Cases = new()
    {
        // The trust policy, against an honest token.
        ["google-aws: oaud is another audience"] = Trust(Pinned(oaud: "https://elsewhere.example")),
        ["google-aws: oaud differs in case"] = Trust(Pinned(oaud: "https://refusals.example/AWS")),
        ["google-aws: oaud has a slash more"] = Trust(Pinned(oaud: Audience + "/")),
        ["google-aws: aud is compared with the audience"] = Trust(Pinned(aud: Audience)),
        ["google-aws: aud is the address, azp is the id"] = Trust(Pinned(aud: Email)),
        ["google-aws: aud is the id, azp is the address"] = async lab =>
        {
            await lab.PutRoleAsync(Pinned());
            await lab.AssumeAsync(await lab.MintAsync(useEmailAzp: true));
        },
        ["google-aws: sub is another account's"] = Trust(Pinned(sub: "100000000000000000001")),
        ["google-aws: sub is the address"] = Trust(Pinned(sub: Email)),
        ["google-aws: StringEquals with a wildcard"] = Trust(Pinned(sub: "1122*")),
        ["google-aws: StringLike with another beginning"] = Condition("StringLike", "accounts.google.com:sub", "9*"),
        ["google-aws: StringNotEquals names this account"] = Condition("StringNotEquals", "accounts.google.com:sub", Subject),
        ["google-aws: StringNotLike covers this account"] = Condition("StringNotLike", "accounts.google.com:sub", "1*"),
        ["google-aws: a list without this account"] = Trust(Trusting("""{"StringEquals":{"accounts.google.com:sub":["1","2"]}}""")),
        ["google-aws: ForAnyValue finds none"] = Condition("ForAnyValue:StringEquals", "accounts.google.com:oaud", "https://elsewhere.example"),
        ["google-aws: StringEqualsIgnoreCase is another text all the same"] = Condition("StringEqualsIgnoreCase", "accounts.google.com:oaud", "https://refusals.example/gcp"),
        ["google-aws: Null asks for a token without azp"] = Condition("Null", "accounts.google.com:aud", "true"),
        ["google-aws: email is asked for and not in the token"] = async lab =>
        {
            await lab.PutRoleAsync(Trusting($$"""{"StringEquals":{"accounts.google.com:email":"{{Email}}"} }"""));
            await lab.AssumeAsync(await lab.MintAsync(includeEmail: false));
        },
        ["google-aws: a key that AWS does not make"] = Condition("StringEquals", "accounts.google.com:hd", "example.com"),
        ["google-aws: a key of another provider"] = Condition("StringEquals", "graph.facebook.com:id", "1"),
        ["google-aws: an address range that the request is not from"] = Condition("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
        ["google-aws: a date that is over"] = Condition("DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"),
        ["google-aws: a date that is to come"] = Condition("DateGreaterThan", "aws:CurrentTime", "2099-01-01T00:00:00Z"),
        ["google-aws: another session name"] = Condition("StringEquals", "sts:RoleSessionName", "somebody"),
        ["google-aws: a tag that no token has"] = Condition("StringEquals", "aws:RequestTag/team", "soc"),
        ["google-aws: another provider is trusted"] = Trust(Trusting("{}", principal: """{"Federated":"graph.facebook.com"}""")),
        ["google-aws: an OIDC provider for Google is trusted"] = Trust(Trusting("{}", principal: """{"Federated":"arn:aws:iam::111122223333:oidc-provider/accounts.google.com"}""")),
        ["google-aws: an account is trusted, not a provider"] = Trust(Trusting("{}", principal: """{"AWS":"111122223333"}""")),
        ["google-aws: a service is trusted, not a provider"] = Trust(Trusting("{}", principal: """{"Service":"ec2.amazonaws.com"}""")),
        ["google-aws: the action is AssumeRole"] = Trust(Trusting("{}", action: "sts:AssumeRole")),
        ["google-aws: the action is for SAML"] = Trust(Trusting("{}", action: "sts:AssumeRoleWithSAML")),
        ["google-aws: everybody is denied"] = Trust(Pinned() + "," + Trusting("{}", effect: "Deny", principal: "\"*\"", sid: "Nobody")),
        ["google-aws: this account is denied"] = Trust(Pinned() + "," + Trusting($$"""{"StringEquals":{"accounts.google.com:sub":"{{Subject}}"} }""", effect: "Deny", sid: "NotThisOne")),
        ["google-aws: all but another audience are denied"] = Trust(Pinned() + "," + Trusting("""{"StringNotEquals":{"accounts.google.com:oaud":"https://elsewhere.example"} }""", effect: "Deny", sid: "OthersOnly")),
        ["google-aws: two statements, and neither fits"] = Trust(Pinned(oaud: "https://elsewhere.example") + "," + Pinned(sub: "1").Replace("\"Google\"", "\"Second\"", StringComparison.Ordinal)),
        ["google-aws: NotPrincipal is Google"] = Trust("""{"Sid":"NotGoogle","Effect":"Allow","NotPrincipal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity"}"""),
        ["google-aws: NotAction is this action"] = Trust("""{"Sid":"NotThis","Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"NotAction":"sts:AssumeRoleWithWebIdentity"}"""),

        // What is asked for.
        ["google-aws: there is no such role"] = Asking(static request => request with { RoleArn = "arn:aws:iam::111122223333:role/no-such-role" }),
        ["google-aws: there is no such account"] = Asking(static request => request with { RoleArn = "arn:aws:iam::999999999999:role/reader" }),
        ["google-aws: the role is below a path"] = Asking(static request => request with { RoleArn = "arn:aws:iam::111122223333:role/teams/reader" }),
        ["google-aws: the role's name alone"] = Asking(static request => request with { RoleArn = "reader" }),
        ["google-aws: a session's ARN for a role's"] = Asking(static request => request with { RoleArn = "arn:aws:sts::111122223333:assumed-role/reader/story" }),
        ["google-aws: a region of another partition"] = Asking(static request => request with { RoleArn = "arn:aws-cn:iam::111122223333:role/reader", Region = "us-east-1" }),
        ["google-aws: no region"] = Asking(static request => request with { Region = "Frankfurt" }),
        ["google-aws: a session name of one character"] = Asking(static request => request with { SessionName = "x" }),
        ["google-aws: less than 15 minutes"] = Asking(static request => request with { DurationSeconds = 899 }),
        ["google-aws: more than 12 hours"] = Asking(static request => request with { DurationSeconds = 43_201 }),
        ["google-aws: more than the role gives"] = Asking(static request => request with { DurationSeconds = 3601 }),
        ["google-aws: an empty session policy"] = Asking(static request => request with { SessionPolicy = "" }),
        ["google-aws: a session policy that is too long"] = Asking(static request => request with { SessionPolicy = new string(' ', 2049) }),
        ["google-aws: a session policy that is no JSON"] = Asking(static request => request with { SessionPolicy = "{\n\"Version\" }" }),
        ["google-aws: a session policy that is a list"] = Asking(static request => request with { SessionPolicy = "[]" }),
        ["google-aws: a session policy that says it twice"] = Asking(static request => request with { SessionPolicy = """{"Version":"2012-10-17","Version":"2012-10-17"}""" }),
        ["google-aws: a session policy without an effect"] = Asking(static request => request with { SessionPolicy = """{"Version":"2012-10-17","Statement":[{"Action":"*","Resource":"*"}]}""" }),

        // The token.
        ["google-aws: no token"] = Token(static _ => ""),
        ["google-aws: a token without end"] = Token(static _ => new string('a', 20_001)),
        ["google-aws: an access token for an ID token"] = async lab =>
        {
            await lab.PutRoleAsync(Pinned());
            await lab.AssumeAsync(await lab.AccessTokenAsync());
        },
        ["google-aws: a token of two parts"] = Token(static token => token[..token.LastIndexOf('.')]),
        ["google-aws: a signature that was changed"] = Token(static token => token[..^6] + "AAAAAA"),
        ["google-aws: claims that were changed"] = Token(static token => token.Split('.') is [var header, var claims, var signature] ? $"{header}.{Clients.Credentials.Part(Changed(claims))}.{signature}" : ""),
        ["google-aws: no signature at all"] = Token(static token => $"{Clients.Credentials.Part("""{"alg":"none"}""")}.{token.Split('.')[1]}."),
        ["google-aws: a token of another lab's Google"] = async lab =>
        {
            await lab.PutRoleAsync(Pinned());
            await using var other = await CloudLabServer.StartAsync(new CloudLabOptions { World = lab.Server.World }, TestContext.Current.CancellationToken);
            other.Google.RotateSigningKey();
            var honest = (await lab.MintAsync()).Reveal().Split('.');
            await lab.AssumeAsync(Sensitive.Of($"{Clients.Credentials.Part("""{"alg":"RS256","kid":"0000000000000000000000000000000000000000","typ":"JWT"}""")}.{honest[1]}.{honest[2]}"));
        },
        ["google-aws: a token that has expired"] = async lab =>
        {
            await lab.PutRoleAsync(Pinned());
            var token = await lab.MintAsync();
            lab.Server.Clock.Skew = TimeSpan.FromMinutes(61);
            await lab.AssumeAsync(token);
        },
        ["google-aws: a token from the future"] = async lab =>
        {
            await lab.PutRoleAsync(Pinned());
            var token = await lab.MintAsync();
            lab.Server.Clock.Skew = TimeSpan.FromMinutes(-10);
            await lab.AssumeAsync(token);
        },

        // Google's side.
        ["google-aws: nobody may impersonate the account"] = Minting("stranger"),
        ["google-aws: the caller may use the account, not be it"] = Minting("used-only"),
        ["google-aws: the caller may look at the account only"] = Minting("viewed-only"),
        ["google-aws: the account is disabled"] = Minting("closed-account"),
        ["google-aws: the account does not exist"] = Minting("nobody-here"),
        ["google-aws: the account is no address"] = static lab => lab.MintAsync(account: "federation"),
        ["google-aws: no audience"] = static lab => lab.MintAsync(audience: ""),
        ["google-aws: an audience without end"] = static lab => lab.MintAsync(audience: new string('a', 2049)),
        ["google-aws: the source token is for another scope"] = static async lab => await lab.MintAsync(source: await lab.AccessTokenAsync("openid")),
        ["google-aws: the source token is none"] = static lab => lab.MintAsync(source: Sensitive.Of("ya29.nothing-of-this-lab")),
        ["google-aws: the source token has expired"] = static async lab =>
        {
            var token = await lab.AccessTokenAsync();
            lab.Server.Clock.Skew = TimeSpan.FromHours(2);
            await lab.MintAsync(source: token);
        },
        ["google-aws: a chain without its middle"] = static lab => lab.MintAsync(account: Account("behind")),
        ["google-aws: a middle that may not hand on"] = static lab => lab.MintAsync(account: Account("behind-weak"), delegates: Account("weak-middle")),
        ["google-aws: a middle that is no account"] = static lab => lab.MintAsync(account: Account("behind"), delegates: "middle"),
        ["google-aws: the source's account is disabled"] = static async lab => await lab.TokenByConnectionAsync("disabled"),

        // The connection.
        ["google-aws: no such connection"] = static async lab => await lab.ByConnectionAsync("reeder"),
        ["google-aws: a connection of another story"] = static async lab => await lab.ByConnectionAsync("reader", story: "another"),
        ["google-aws: a connection that the starter has no role for"] = static async lab => await lab.ByConnectionAsync("reader", hands: "author"),
        ["google-aws: a Google connection for AWS credentials"] = static async lab => await lab.ByConnectionAsync("runner"),
        ["google-aws: an AWS connection for a Google token"] = static async lab => await lab.TokenByConnectionAsync("reader"),
        ["google-aws: a longer session than the connection gives"] = static async lab => await lab.ByConnectionAsync("reader", new() { DurationSeconds = 1801 }),
        ["google-aws: a scope beyond the connection's"] = static async lab => await lab.TokenByConnectionAsync("narrow"),

        // What the role may do.
        ["google-aws: the role may not list buckets"] = Listing(Allow("s3:GetObject")),
        ["google-aws: the role is denied to list buckets"] = Listing(Allow("s3:*") + "," + Deny("s3:List*")),
        ["google-aws: the session policy leaves listing out"] = static async lab =>
        {
            await lab.PutRoleAsync(Pinned());
            var credentials = await lab.AssumeAsync(await lab.MintAsync(), static request => request with { SessionPolicy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}""" });
            await lab.Host.Buckets.ListAsync(credentials, cancellationToken: TestContext.Current.CancellationToken);
        },
        ["google-aws: this host's clock is slow"] = static async lab =>
        {
            await lab.PutRoleAsync(Pinned());
            var credentials = await lab.AssumeAsync(await lab.MintAsync(), static request => request with { DurationSeconds = 900 });
            lab.Server.Clock.Skew = TimeSpan.FromMinutes(16);
            await lab.Host.Aws.GetCallerIdentityAsync(credentials, cancellationToken: TestContext.Current.CancellationToken);
        },
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_is_refused_with_what_to_mend(string name) => ShouldBeRefusedAsync(name, Cases[name]);

    private static Func<RefusalLab, Task> Trust(string statements) => async lab =>
    {
        await lab.PutRoleAsync(statements);
        await lab.AssumeAsync(await lab.MintAsync());
    };

    private static Func<RefusalLab, Task> Condition(string condition, string key, string value) => Trust(Trusting($$"""{"{{condition}}":{"{{key}}":"{{value}}"} }"""));

    private static Func<RefusalLab, Task> Asking(Func<WebIdentityRequest, WebIdentityRequest> change) => async lab =>
    {
        await lab.PutRoleAsync(Pinned());
        await lab.AssumeAsync(await lab.MintAsync(), change);
    };

    private static Func<RefusalLab, Task> Token(Func<string, string> change) => async lab =>
    {
        await lab.PutRoleAsync(Pinned());
        await lab.AssumeAsync(Tampered(await lab.MintAsync(), change));
    };

    private static Func<RefusalLab, Task> Minting(string account) => lab => lab.MintAsync(account: Account(account));

    private static Func<RefusalLab, Task> Listing(string policies) => async lab =>
    {
        await lab.PutRoleAsync(Pinned(), policies);
        await lab.Host.Buckets.ListAsync(await lab.AssumeAsync(await lab.MintAsync()), cancellationToken: TestContext.Current.CancellationToken);
    };

    private static string Account(string name) => $"{name}@refusals.iam.gserviceaccount.com";

    private static string Changed(string claims) => Clients.Credentials.Decode(claims).GetRawText().Replace(Subject, "1", StringComparison.Ordinal);
}
