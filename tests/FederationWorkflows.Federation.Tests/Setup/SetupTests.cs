using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Federation.Lint;
using FederationWorkflows.Federation.Setup;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Tests.Setup;

/// <summary>What <c>fedflow setup</c> writes.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class SetupTests : IDisposable
{
    private static readonly GoogleToAws ToAws = new()
    {
        Origin = GoogleOrigin.Impersonation,
        AccountId = "111122223333",
        RoleName = "incident-reader",
        Audience = "https://111122223333.aws.federation/incident-reader",
        ServiceAccount = "aws-federation@security-automation.iam.gserviceaccount.com",
        ServiceAccountId = "112233445566778899001",
        Caller = "serviceAccount:runner@security-automation.iam.gserviceaccount.com",
        Buckets = ["evidence"],
    };

    private static readonly AwsToGoogle ToGoogle = new()
    {
        AccountId = "111122223333",
        RoleName = "incident-responder",
        ProjectId = "security-automation",
        ProjectNumber = "424242424242",
        PoolId = "aws-workloads",
        ProviderId = "aws-account",
        ServiceAccount = "reader@security-automation.iam.gserviceaccount.com",
    };

    private static readonly ClusterToAws Cluster = new()
    {
        AccountId = "111122223333",
        RoleName = "collector",
        Issuer = "https://cluster.example/one",
        Namespace = "triage",
        KubernetesServiceAccount = "collector",
    };

    private readonly string folder = Directory.CreateTempSubdirectory("setup-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<GoogleToAws> Flows =>
    [
        ToAws,
        ToAws with { Buckets = [], Write = true },
        ToAws with { Origin = GoogleOrigin.ComputeEngine, Caller = null, Instance = "ci-runner-1", Zone = "europe-west1-b" },
        ToAws with { Origin = GoogleOrigin.Kubernetes, Caller = null, Namespace = "jobs", KubernetesServiceAccount = "sync" },
    ];

    [Theory]
    [MemberData(nameof(Flows))]
    public async Task What_is_written_is_free_of_findings_and_its_scripts_are_shell(GoogleToAws setup)
    {
        foreach (var file in setup.Files())
        {
            if (file.Name.EndsWith(".json", StringComparison.Ordinal))
            {
                TrustLinter.Lint(file.Content).Findings.ShouldBeEmpty(file.Name);
            }
            else if (file.IsScript)
            {
                (await ShellAsync(file.Content, "-n")).ShouldBe((0, ""));
            }
        }

        PolicyDocument.Parse(setup.TrustPolicy().ToJsonString(), PolicyKind.Trust).Statements[0].Conditions.Select(static condition => condition.Key)
            .ShouldBe(["accounts.google.com:oaud", "accounts.google.com:aud", "accounts.google.com:sub"]);
        _ = PolicyDocument.Parse(setup.PermissionsPolicy().ToJsonString(), PolicyKind.Identity);
    }

    [Fact]
    public async Task A_cluster_s_files_are_free_of_findings_and_bring_the_account_its_provider()
    {
        foreach (var file in Cluster.Files())
        {
            if (file.Name.EndsWith(".json", StringComparison.Ordinal))
            {
                TrustLinter.Lint(file.Content).Findings.ShouldBeEmpty(file.Name);
            }
        }

        PolicyDocument.Parse(Cluster.TrustPolicy().ToJsonString(), PolicyKind.Trust).Statements[0].Conditions.Select(static condition => condition.Key)
            .ShouldBe(["cluster.example/one:aud", "cluster.example/one:sub"]);
        Cluster.Files().Single(static file => file.Name == "pod.yaml").Content.ShouldContain("audience: \"sts.amazonaws.com\"\n");

        foreach (var (exists, call) in new[] { ("0", "add-client-id-to-open-id-connect-provider\n--open-id-connect-provider-arn\narn:aws:iam::111122223333:oidc-provider/cluster.example/one\n--client-id\nsts.amazonaws.com\n"), ("1", "create-open-id-connect-provider\n--url\nhttps://cluster.example/one\n--client-id-list\nsts.amazonaws.com\n") })
        {
            await File.WriteAllTextAsync(
                Path.Combine(folder, "aws"),
                $"#!/bin/sh\nprintf '%s\\n' \"$@\" >> calls-{exists}\n[ \"$2\" = get-caller-identity ] && echo 111122223333\n[ \"$2\" = get-open-id-connect-provider ] && exit {exists}\nexit 0\n",
                TestContext.Current.CancellationToken);
            File.SetUnixFileMode(Path.Combine(folder, "aws"), UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
            (await ShellAsync(Cluster.Files().Single(static file => file.IsScript).Content)).ShouldBe((0, ""));
            (await File.ReadAllTextAsync(Path.Combine(folder, "calls-" + exists), TestContext.Current.CancellationToken)).ShouldContain(call);
        }
    }

    [Theory]
    [InlineData("http://cluster.example")]
    [InlineData("https://cluster.example/'; touch pwned; '")]
    [InlineData("https://accounts.google.com")]
    [InlineData("")]
    public void An_issuer_that_AWS_would_not_take_is_refused(string issuer)
    {
        var setup = Cluster with { Issuer = issuer };

        setup.Problems().ShouldHaveSingleItem().Setting.ShouldBe("Issuer");
        Should.Throw<InvalidOperationException>(() => setup.Files());
    }

    [Fact]
    public async Task The_other_way_is_free_of_findings_too()
    {
        foreach (var file in ToGoogle.Files())
        {
            if (file.Name.EndsWith(".json", StringComparison.Ordinal))
            {
                TrustLinter.Lint(file.Content).Findings.ShouldBeEmpty(file.Name);
            }
            else if (file.IsScript)
            {
                (await ShellAsync(file.Content, "-n")).ShouldBe((0, ""));
            }
        }

        ToGoogle.AttributeCondition.ShouldBe("attribute.aws_role == 'arn:aws:sts::111122223333:assumed-role/incident-responder'");
        JsonNode.Parse(ToGoogle.CredentialConfiguration())!["audience"]!.GetValue<string>().ShouldBe(
            "//iam.googleapis.com/projects/424242424242/locations/global/workloadIdentityPools/aws-workloads/providers/aws-account");
    }

    /// <summary>The scripts run against clouds that write down what they are asked.</summary>
    [Theory]
    [InlineData("https://aud.example/$(touch pwned)")]
    [InlineData("https://aud.example/'$(touch${IFS}pwned)'")]
    [InlineData("https://aud.example/`touch${IFS}pwned`\"'\\")]
    [InlineData("'\";touch${IFS}pwned;#")]
    public async Task No_value_is_run_by_a_shell(string value)
    {
        // Where the value cannot be one of the clouds' names it is refused; an audience may be nearly anything.
        var setup = ToAws with { Audience = value.Replace("${IFS}", "<>", StringComparison.Ordinal).Replace(' ', '+') };
        setup.Problems().ShouldBeEmpty();
        (ToAws with { Audience = value + "${aws:username}" }).Problems().ShouldNotBeEmpty();

        await File.WriteAllTextAsync(
            Path.Combine(folder, "aws"),
            "#!/bin/sh\nprintf '%s\\n' \"$@\" >> calls\n[ \"$2\" = get-caller-identity ] && echo 111122223333\n[ \"$2\" != get-role ]\n",
            TestContext.Current.CancellationToken);
        File.SetUnixFileMode(Path.Combine(folder, "aws"), UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        var script = setup.Files().Single(static file => file.Name == "setup-aws.sh").Content;
        (await ShellAsync(script)).Code.ShouldBe(0);
        (await File.ReadAllTextAsync(Path.Combine(folder, "calls"), TestContext.Current.CancellationToken)).ShouldContain("create-role\n--role-name\nincident-reader\n");
        File.Exists(Path.Combine(folder, "pwned")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("a'b")]
    [InlineData("$(touch pwned)")]
    [InlineData("`touch pwned`")]
    [InlineData("\"; touch pwned; \"")]
    [InlineData("\\'; touch pwned #")]
    [InlineData("a\\")]
    [InlineData("*?[a]~!&|<>")]
    public async Task A_quoted_word_comes_out_of_a_shell_as_it_went_in(string value)
    {
        (await ShellAsync($"printf %s {Quoting.Shell(value)}")).ShouldBe((0, value));
        File.Exists(Path.Combine(folder, "pwned")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("a\"b\\c", "\"a\\\"b\\\\c\"")]
    [InlineData("${aws_iam_role.x.arn}", "\"$${aws_iam_role.x.arn}\"")]
    [InlineData("%{ if true }", "\"%%{ if true }\"")]
    [InlineData("$${x}", "\"$$${x}\"")]
    [InlineData("100% $5", "\"100% $5\"")]
    public void A_quoted_string_is_no_template_of_Terraform(string value, string quoted) => Quoting.Hcl(value).ShouldBe(quoted);

    [Fact]
    public void A_line_break_is_never_written()
    {
        Should.Throw<ArgumentException>(() => Quoting.Shell("a\nb"));
        Should.Throw<ArgumentException>(() => Quoting.Hcl("a\nb"));
    }

    [Theory]
    [InlineData("AccountId", "1111222233")]
    [InlineData("AccountId", "111122223333\n")]
    [InlineData("RoleName", "a b")]
    [InlineData("RoleName", "a';touch pwned;'")]
    [InlineData("RoleName", "")]
    [InlineData("Audience", "")]
    [InlineData("Audience", "two words")]
    [InlineData("Audience", "x${aws:username}")]
    [InlineData("ServiceAccount", "somebody@example.com")]
    [InlineData("ServiceAccount", "a$(id)@security-automation.iam.gserviceaccount.com")]
    [InlineData("ServiceAccountId", "aws-federation@security-automation.iam.gserviceaccount.com")]
    [InlineData("Caller", "runner")]
    [InlineData("Caller", "allUsers")]
    [InlineData("Caller", "serviceAccount:a@b.example' --role roles/owner '")]
    [InlineData("Buckets", "a*")]
    [InlineData("Buckets", "../x")]
    public void A_value_that_a_cloud_would_not_take_is_refused(string setting, string value)
    {
        var setup = setting switch
        {
            "AccountId" => ToAws with { AccountId = value },
            "RoleName" => ToAws with { RoleName = value },
            "Audience" => ToAws with { Audience = value },
            "ServiceAccount" => ToAws with { ServiceAccount = value },
            "ServiceAccountId" => ToAws with { ServiceAccountId = value },
            "Caller" => ToAws with { Caller = value },
            _ => ToAws with { Buckets = [value] },
        };

        setup.Problems().ShouldHaveSingleItem().Setting.ShouldBe(setting);
        Should.Throw<InvalidOperationException>(() => setup.Files());
    }

    [Theory]
    [InlineData("oaud", "google-oaud-missing", """{"aud":"another","azp":"112233445566778899001","sub":"112233445566778899001"}""")]
    [InlineData("aud", "google-aud-missing", """{"aud":"https://111122223333.aws.federation/incident-reader","azp":"aws-federation@security-automation.iam.gserviceaccount.com","sub":"112233445566778899001"}""")]
    [InlineData("sub", "google-sub-missing", """{"aud":"https://111122223333.aws.federation/incident-reader","azp":"112233445566778899001","sub":"999"}""")]
    public void Dropping_any_one_condition_is_found_and_lets_somebody_in_who_was_kept_out(string claim, string rule, string attacker)
    {
        var policy = ToAws.TrustPolicy();
        var claims = Claims(attacker);
        Explain(policy.ToJsonString(), claims).ShouldBe(TrustVerdict.Fails);

        policy["Statement"]![0]!["Condition"]!["StringEquals"]!.AsObject().Remove($"accounts.google.com:{claim}").ShouldBeTrue();

        TrustLinter.Lint(policy.ToJsonString()).Findings.Select(static finding => finding.Rule.Id).ShouldBe([rule]);
        Explain(policy.ToJsonString(), claims).ShouldBe(TrustVerdict.Holds);
    }

    private static TrustVerdict Explain(string policy, OidcClaims claims) => WebIdentityTrust.Explain(
        PolicyDocument.Parse(policy, PolicyKind.Trust),
        new WebIdentityQuestion { Claims = claims, AccountId = "111122223333", Time = DateTimeOffset.FromUnixTimeSeconds(2000) }).Verdict;

    private static OidcClaims Claims(string own)
    {
        using var document = JsonDocument.Parse(own.Replace("}", ""","iss":"https://accounts.google.com","iat":1000,"exp":4600}""", StringComparison.Ordinal));
        return OidcClaims.FromJson(document.RootElement);
    }

    private async Task<(int Code, string Output)> ShellAsync(string script, params string[] options)
    {
        var file = Path.Combine(folder, "script.sh");
        await File.WriteAllTextAsync(file, script, TestContext.Current.CancellationToken);
        var start = new ProcessStartInfo("/bin/sh", [.. options, file]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = folder + ":/usr/bin:/bin";
        using var shell = Process.Start(start)!;
        var error = shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (shell.ExitCode, output + await error);
    }
}
