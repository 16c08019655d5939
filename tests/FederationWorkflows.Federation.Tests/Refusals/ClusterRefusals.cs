using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google;
using static FederationWorkflows.Federation.Tests.Refusals.RefusalLab;

namespace FederationWorkflows.Federation.Tests.Refusals;

/// <summary>From a cluster's own tokens to AWS, and to Google.</summary>
public sealed class ClusterRefusals(RefusalLab lab) : RefusalMatrix(lab), IClassFixture<RefusalLab>
{
    private const string Name = "container.googleapis.com/v1/projects/refusals/locations/europe-west1/clusters/triage";
    private const string Collector = "system:serviceaccount:default:collector";

    private static readonly string Pods = Provider("pods");
    private static readonly string PodsAudience = "https:" + Provider("pods");

    private static readonly Dictionary<string, Func<RefusalLab, Task>> Cases = new()
    {
        ["cluster-aws: another pod is trusted"] = Trust($$"""{"StringEquals":{"{{Name}}:aud":"sts.amazonaws.com","{{Name}}:sub":"system:serviceaccount:default:viewer"} }"""),
        ["cluster-aws: another namespace is trusted"] = Trust($$"""{"StringEquals":{"{{Name}}:sub":"system:serviceaccount:kube-system:collector"} }"""),
        ["cluster-aws: sub is the name alone"] = Trust($$"""{"StringEquals":{"{{Name}}:sub":"collector"} }"""),
        ["cluster-aws: StringEquals with a wildcard"] = Trust($$"""{"StringEquals":{"{{Name}}:sub":"system:serviceaccount:default:*"} }"""),
        ["cluster-aws: the pattern is for another namespace"] = Trust($$"""{"StringLike":{"{{Name}}:sub":"system:serviceaccount:prod-*:collector"} }"""),
        ["cluster-aws: aud is another audience"] = Trust($$"""{"StringEquals":{"{{Name}}:aud":"https://elsewhere.example"} }"""),
        ["cluster-aws: the key has https before it"] = Trust($$"""{"StringEquals":{"https://{{Name}}:sub":"{{Collector}}"} }"""),
        ["cluster-aws: the key is of another cluster"] = Trust($$"""{"StringEquals":{"{{Name}}-2:sub":"{{Collector}}"} }"""),
        ["cluster-aws: the key is Google's"] = Trust($$"""{"StringEquals":{"accounts.google.com:sub":"{{Collector}}"} }"""),
        ["cluster-aws: a claim of Kubernetes is no key"] = Trust($$"""{"StringEquals":{"{{Name}}:kubernetes.io":"default"} }"""),
        ["cluster-aws: this pod is denied"] = static async lab =>
        {
            await lab.PutRoleAsync(Statement("{}") + "," + Statement($$"""{"StringEquals":{"{{Name}}:sub":"{{Collector}}"} }""", effect: "Deny", sid: "NotThisOne"));
            await lab.AssumeAsync(lab.PodToken());
        },
        ["cluster-aws: another provider is trusted"] = static async lab =>
        {
            await lab.PutRoleAsync(Statement("{}", provider: Name + "-2"));
            await lab.AssumeAsync(lab.PodToken());
        },
        ["cluster-aws: the provider of another account is trusted"] = static async lab =>
        {
            await lab.PutRoleAsync(Statement("{}", account: "444455556666"));
            await lab.AssumeAsync(lab.PodToken());
        },
        ["cluster-aws: Google is trusted, not the cluster"] = static async lab =>
        {
            await lab.PutRoleAsync(Trusting("{}"));
            await lab.AssumeAsync(lab.PodToken());
        },
        ["cluster-aws: the account has no provider for the issuer"] = static async lab =>
        {
            await lab.PutRoleAsync(Statement("{}"));
            await lab.AssumeAsync(lab.PodToken(cluster: "rogue"));
        },
        ["cluster-aws: the role's account has no provider"] = static async lab =>
        {
            await lab.PutRoleAsync(Statement("{}"), name: "pods", account: "444455556666");
            await lab.AssumeAsync(lab.PodToken(), static request => request with { RoleArn = "arn:aws:iam::444455556666:role/pods" });
        },
        ["cluster-aws: the audience is no client of the provider"] = static async lab =>
        {
            await lab.PutRoleAsync(Statement("{}"));
            await lab.AssumeAsync(lab.PodToken(audience: "https://kubernetes.default.svc"));
        },
        ["cluster-aws: a token that has expired"] = static async lab =>
        {
            await lab.PutRoleAsync(Statement("{}"));
            var token = lab.PodToken();
            lab.Server.Clock.Skew = TimeSpan.FromHours(25);
            await lab.AssumeAsync(token);
        },
        ["cluster-aws: a token from the future"] = static async lab =>
        {
            await lab.PutRoleAsync(Statement("{}"));
            var token = lab.PodToken();
            lab.Server.Clock.Skew = TimeSpan.FromMinutes(-10);
            await lab.AssumeAsync(token);
        },
        ["cluster-aws: a signature of another cluster"] = static async lab =>
        {
            await lab.PutRoleAsync(Statement("{}"));
            await lab.AssumeAsync(Mixed(lab.PodToken(), lab.PodToken(cluster: "rogue")));
        },

        ["cluster-google: the provider has another issuer"] = At("pods-elsewhere"),
        ["cluster-google: the provider's issuer has a slash more"] = At("pods-slash"),
        ["cluster-google: the provider takes another audience"] = At("pods-audience"),
        ["cluster-google: a token for AWS"] = static lab => lab.ExchangeAsync(lab.PodToken(), Pods, SubjectTokenType.Jwt),
        ["cluster-google: the condition names another pod"] = At("pods-strict"),
        ["cluster-google: the condition reads a claim that is not there"] = At("pods-claim"),
        ["cluster-google: the subject reads a claim that is not there"] = At("pods-subject"),
        ["cluster-google: an attribute is an object"] = At("pods-object"),
        ["cluster-google: a token that has expired"] = static async lab =>
        {
            var token = lab.PodToken(audience: PodsAudience);
            lab.Server.Clock.Skew = TimeSpan.FromHours(25);
            await lab.ExchangeAsync(token, Pods, SubjectTokenType.Jwt);
        },
        ["cluster-google: a token from the future"] = static async lab =>
        {
            var token = lab.PodToken(audience: PodsAudience);
            lab.Server.Clock.Skew = TimeSpan.FromMinutes(-10);
            await lab.ExchangeAsync(token, Pods, SubjectTokenType.Jwt);
        },
        ["cluster-google: a signature of another cluster"] = static lab => lab.ExchangeAsync(Mixed(lab.PodToken(audience: PodsAudience), lab.PodToken(cluster: "rogue")), Pods, SubjectTokenType.Jwt),
        ["cluster-google: another pod is bound to the account"] = static lab => lab.ExchangeAsync(lab.PodToken("viewer", PodsAudience), Pods, SubjectTokenType.Jwt),
        ["cluster-google: a signed request at a provider of tokens"] = static async lab => await lab.ExchangeAsync(lab.Sign(await lab.WorkloadAsync(), Pods), Pods, SubjectTokenType.Aws4Request),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_is_refused_with_what_to_mend(string name) => ShouldBeRefusedAsync(name, Cases[name]);

    private static Func<RefusalLab, Task> Trust(string condition) => async lab =>
    {
        await lab.PutRoleAsync(Statement(condition));
        await lab.AssumeAsync(lab.PodToken());
    };

    private static Func<RefusalLab, Task> At(string provider) => lab => lab.ExchangeAsync(lab.PodToken(audience: "https:" + Provider(provider)), Provider(provider), SubjectTokenType.Jwt);

    private static string Statement(string condition, string effect = "Allow", string sid = "Pods", string provider = Name, string account = "111122223333") =>
        Trusting(condition, effect, $$"""{"Federated":"arn:aws:iam::{{account}}:oidc-provider/{{provider}}"}""", sid: sid);

    private static Sensitive<string> Mixed(Sensitive<string> claims, Sensitive<string> signature) => Tampered(claims, token => $"{token[..token.LastIndexOf('.')]}.{signature.Reveal().Split('.')[2]}");
}
