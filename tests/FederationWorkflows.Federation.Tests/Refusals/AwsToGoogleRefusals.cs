using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Google.Requests;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Federation.Tests.Refusals.RefusalLab;

namespace FederationWorkflows.Federation.Tests.Refusals;

/// <summary>From an AWS identity to a Google service account.</summary>
public sealed class AwsToGoogleRefusals(RefusalLab lab) : RefusalMatrix(lab), IClassFixture<RefusalLab>
{
    private static readonly string Workloads = Provider("workloads");

    private static readonly Dictionary<string, Func<RefusalLab, Task>> Cases = new()
    {
        // The provider.
        ["aws-google: the provider takes another account"] = At("other-account"),
        ["aws-google: the condition names another role"] = At("other-role"),
        ["aws-google: the condition names another session"] = At("other-session"),
        ["aws-google: the condition is for roles and a user comes"] = static async lab => await lab.ExchangeAsync(lab.User("operator"), Provider("roles-only")),
        ["aws-google: the condition reads what is not mapped"] = At("undecided"),
        ["aws-google: the mapping reads what AWS does not tell"] = At("claim-missing"),
        ["aws-google: an attribute is a number"] = At("number"),
        ["aws-google: the groups are a text"] = At("groups-text"),
        ["aws-google: the subject is too long"] = At("long-subject"),
        ["aws-google: the subject is empty"] = At("empty-subject"),
        ["aws-google: the attributes are too large"] = At("large"),
        ["aws-google: the provider is disabled"] = At("switched-off"),
        ["aws-google: the pool is disabled"] = static lab => lab.ExchangeAsync(Provider("workloads", "closed")),
        ["aws-google: there is no such provider"] = At("no-such-provider"),
        ["aws-google: there is no such pool"] = static lab => lab.ExchangeAsync(Provider("workloads", "nowhere")),
        ["aws-google: the project's number is another"] = static lab => lab.ExchangeAsync(Provider("workloads", project: "78")),
        ["aws-google: the project's id for its number"] = static async lab => await ExchangeAsAsync(lab, Provider("workloads", project: "refusals")),
        ["aws-google: the pool for the provider"] = static async lab => await ExchangeAsAsync(lab, "//iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/outside"),
        ["aws-google: signing for what is no provider"] = static async lab => lab.Sign(await lab.WorkloadAsync(), "outside/workloads"),
        ["aws-google: signing for a region that is none"] = static async lab => lab.Host.Services.GetRequiredService<ICallerIdentityTokens>().Sign(await lab.WorkloadAsync(), Workloads, "Frankfurt"),
        ["aws-google: a provider of tokens"] = At("pods"),

        // The proof.
        ["aws-google: signed for another provider"] = static async lab => await lab.ExchangeAsync(lab.Sign(await lab.WorkloadAsync(), Provider("roles-only")), Workloads, SubjectTokenType.Aws4Request),
        ["aws-google: signed too long ago"] = static async lab =>
        {
            var proof = lab.Sign(await lab.WorkloadAsync(), Workloads);
            lab.Server.Clock.Skew = TimeSpan.FromMinutes(16);
            await lab.ExchangeAsync(proof, Workloads, SubjectTokenType.Aws4Request);
        },
        ["aws-google: signed by a clock that is fast"] = static async lab =>
        {
            var proof = lab.Sign(await lab.WorkloadAsync(), Workloads);
            lab.Server.Clock.Skew = TimeSpan.FromMinutes(-16);
            await lab.ExchangeAsync(proof, Workloads, SubjectTokenType.Aws4Request);
        },
        ["aws-google: signed with another secret"] = static async lab => await lab.ExchangeAsync(lab.User("operator") with { SecretAccessKey = lab.User("nobody").SecretAccessKey }, Workloads),
        ["aws-google: signed with a key that is nobody's"] = static async lab => await lab.ExchangeAsync(lab.User("operator") with { AccessKeyId = "AKIAUNKNOWN000000001" }, Workloads),
        ["aws-google: signed with an inactive key"] = static async lab => await lab.ExchangeAsync(lab.User("former"), Workloads),
        ["aws-google: signed with a session that has expired"] = static async lab =>
        {
            var session = await lab.WorkloadAsync();
            lab.Pass(TimeSpan.FromMinutes(61));
            await lab.ExchangeAsync(session, Workloads);
        },
        ["aws-google: signed with a session token of another session"] = static async lab => await lab.ExchangeAsync(await lab.WorkloadAsync() with { SessionToken = Sensitive.Of("of-another-session") }, Workloads),
        ["aws-google: signed without the session token"] = static async lab => await lab.ExchangeAsync(await lab.WorkloadAsync() with { SessionToken = null }, Workloads),
        ["aws-google: credentials that are none"] = static async lab => await lab.ExchangeAsync(await lab.WorkloadAsync() with { AccessKeyId = "a key" }, Workloads),
        ["aws-google: another account's user"] = static async lab => await lab.ExchangeAsync(lab.User("outsider"), Workloads),
        ["aws-google: another action in the request"] = Changed("GetCallerIdentity&", "GetSessionToken&"),
        ["aws-google: another host in the request"] = Changed("{lab}", "https://sts.amazonaws.com.attacker.example"),
        ["aws-google: another method in the request"] = Changed("\"POST\"", "\"GET\""),
        ["aws-google: the request has no target"] = Changed("x-goog-cloud-target-resource\"", "x-goog-other\""),
        ["aws-google: the date of the request is another"] = Changed("\"x-amz-date\",\"value\":\"2", "\"x-amz-date\",\"value\":\"1"),
        ["aws-google: the request has another signature"] = Changed("Signature=", "Signature=00"),
        ["aws-google: a list for the request"] = Proof(static _ => "[]"),
        ["aws-google: no proof"] = Proof(static _ => ""),
        ["aws-google: a proof without end"] = Proof(static _ => new string('a', 65_537)),
        ["aws-google: an ID token for the request"] = static async lab => await lab.ExchangeAsync(await lab.MintAsync(), Workloads, SubjectTokenType.Aws4Request),
        ["aws-google: a token at a provider of AWS"] = static async lab => await lab.ExchangeAsync(await lab.MintAsync(), Workloads, SubjectTokenType.Jwt),

        // The service account.
        ["aws-google: the role is not bound to the account"] = Become("stranger"),
        ["aws-google: another role is bound"] = Become("inbound-other"),
        ["aws-google: another session is bound"] = Become("inbound-session"),
        ["aws-google: the role of another pool is bound"] = Become("inbound-pool"),
        ["aws-google: the role's own ARN is bound, not its sessions'"] = Become("inbound-iam-arn"),
        ["aws-google: the bound role differs in case"] = Become("inbound-case"),
        ["aws-google: another attribute is bound"] = Become("inbound-attribute"),
        ["aws-google: a group is bound"] = Become("inbound-group"),
        ["aws-google: what is bound lets it use the account only"] = Become("inbound-weak"),
        ["aws-google: what is bound gives ID tokens only"] = Become("inbound-id-only"),
        ["aws-google: everybody with a Google account is bound"] = Become("inbound-everybody"),
        ["aws-google: the account is disabled"] = Become("inbound-closed"),
        ["aws-google: the account does not exist"] = Become("nobody-here"),
        ["aws-google: the account is no address"] = static lab => lab.ExchangeAsync(Workloads, "inbound"),
        ["aws-google: more than an hour"] = Asking(static request => request with { Lifetime = TimeSpan.FromHours(2) }),
        ["aws-google: more than twelve hours"] = Asking(static request => request with { Lifetime = TimeSpan.FromHours(13) }),
        ["aws-google: no time at all"] = Asking(static request => request with { Lifetime = TimeSpan.Zero }),
        ["aws-google: no scope"] = Asking(static request => request with { Scopes = [] }),
        ["aws-google: a scope of two words"] = Asking(static request => request with { Scopes = ["openid email"] }),

        // What the account may do.
        ["aws-google: the account may not list buckets"] = Listing("storage", "/storage/v1/b", "refusals"),
        ["aws-google: the federated identity itself may not"] = static async lab => await ListAsync(lab, (await lab.ExchangeAsync(Workloads, account: null)).Token, "storage", "/storage/v1/b", "refusals"),
        ["aws-google: a project that is not there"] = Listing("storage", "/storage/v1/b", "no-such-project"),
        ["aws-google: an API that is none"] = Listing("https://storage.googleapis.com", "/storage/v1/b", "refusals"),
        ["aws-google: a path that leads elsewhere"] = Listing("storage", "storage/v1/b", "refusals"),
        ["aws-google: a path that the API does not have"] = Listing("storage", "/storage/v9/b", "refusals"),
        ["aws-google: the account's token has expired"] = static async lab =>
        {
            var token = (await lab.ExchangeAsync(Workloads)).Token;
            lab.Server.Clock.Skew = TimeSpan.FromMinutes(61);
            await ListAsync(lab, token, "storage", "/storage/v1/b", "refusals");
        },
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_is_refused_with_what_to_mend(string name) => ShouldBeRefusedAsync(name, Cases[name]);

    private static Func<RefusalLab, Task> At(string provider) => lab => lab.ExchangeAsync(Provider(provider));

    private static Func<RefusalLab, Task> Become(string account) => lab => lab.ExchangeAsync(Workloads, $"{account}@refusals.iam.gserviceaccount.com");

    private static Func<RefusalLab, Task> Asking(Func<PoolTokenRequest, PoolTokenRequest> change) => lab => lab.ExchangeAsync(Workloads, change: change);

    private static Func<RefusalLab, Task> Proof(Func<string, string> change) => async lab =>
        await lab.ExchangeAsync(Tampered(lab.Sign(await lab.WorkloadAsync(), Workloads), change), Workloads, SubjectTokenType.Aws4Request);

    private static Func<RefusalLab, Task> Changed(string from, string to) => async lab =>
        await lab.ExchangeAsync(Resigned(lab.Sign(await lab.WorkloadAsync(), Workloads), from.Replace("{lab}", lab.Server.BaseAddress.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal), to), Workloads, SubjectTokenType.Aws4Request);

    private static Func<RefusalLab, Task> Listing(string service, string path, string project) => async lab => await ListAsync(lab, (await lab.ExchangeAsync(Workloads)).Token, service, path, project);

    private static Task ListAsync(RefusalLab lab, Sensitive<string> token, string service, string path, string project) => lab.Host.GoogleRequests.SendAsync(
        new GoogleRequest { Token = token, Service = service, Path = path, Method = "GET", Query = [new("project", project)] }, TestContext.Current.CancellationToken);

    // Signed for a good provider, sent to this one.
    private static async Task ExchangeAsAsync(RefusalLab lab, string provider) => await lab.ExchangeAsync(lab.Sign(await lab.WorkloadAsync(), Workloads), provider, SubjectTokenType.Aws4Request);
}
