using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Lint;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Federation.Tests.Connections;

/// <summary>What the Federation page says is dangerous: what <c>fedflow lint</c> says of the same configuration.</summary>
public sealed class ConnectionFindingTests
{
    private const string Role = "arn:aws:iam::111122223333:role/reader";

    private const string WithoutAudience =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"accounts.google.com:aud":"112233","accounts.google.com:sub":"112233"}}}]}""";

    [Fact]
    public void A_connection_is_linted_with_its_settings_and_no_secret_is_repeated()
    {
        var findings = Findings("source", ("source:Kind", "serviceAccountKey"), ("source:Json", "{\"private_key\":\"CANARY\"}"), ("source:Stories:0", "*"));

        findings.Select(finding => finding.Rule).ShouldBe(["secret-in-file", "connection-for-every-story", "google-service-account-key"], ignoreOrder: true);
        findings[0].Severity.ShouldBe(LintSeverity.High, "the worst comes first");
        findings.ShouldAllBe(finding => !finding.ToString().Contains("CANARY", StringComparison.Ordinal));
    }

    [Fact]
    public void The_trust_policy_that_is_declared_for_a_role_is_linted_too()
    {
        var finding = Findings("reader", TrustPolicy(WithoutAudience)).ShouldHaveSingleItem();

        finding.Rule.ShouldBe("google-oaud-missing");
        finding.Message.ShouldStartWith("The role's declared trust policy, $.Statement[0].Condition: ");
    }

    [Fact]
    public void A_declared_trust_policy_that_is_no_JSON_is_a_finding() =>
        Findings("reader", TrustPolicy("{")).ShouldHaveSingleItem().Rule.ShouldBe("malformed-policy");

    private static (string, string)[] TrustPolicy(string policy) =>
    [
        ("source:Kind", "metadataServer"), ("reader:Kind", "awsRole"), ("reader:RoleArn", Role), ("reader:Source", "source"), ("reader:Audience", "flows"), ("reader:Stories:0", "one"),
        ("trust:RoleArn", Role), ("trust:Json", policy),
    ];

    private static IReadOnlyList<ConnectionFinding> Findings(string connection, params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => $"Federation:{(setting.Key.StartsWith("trust:", StringComparison.Ordinal) ? "TrustPolicies" : "Connections")}:{setting.Key}", setting => (string?)setting.Value))
            .Build();
        using var services = new ServiceCollection().AddLogging().AddFederation(configuration).BuildServiceProvider();
        return services.GetRequiredService<IConnectionDirectory>().Find(connection)!.Findings;
    }
}
