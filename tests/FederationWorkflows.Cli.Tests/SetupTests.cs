using System.Diagnostics;
using System.Text.RegularExpressions;
using FederationWorkflows.Cli.Tests.Support;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.CloudLab.Tests.Google;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow setup</c>.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed partial class SetupTests(NodeLibrary library) : TestFolder, IClassFixture<NodeLibrary>
{
    private static readonly string[] ToGoogle =
    [
        "setup", "aws-to-gcp", "--aws-account", "444455556666", "--role-name", "workload", "--project", DefaultGoogleWorld.ProjectId, "--project-number", "424242424242",
        "--service-account", DefaultGoogleWorld.FromAws,
    ];

    private static readonly string[] Options =
    [
        "setup", "gcp-to-aws", "--aws-account", "111122223333", "--role-name", "made-by-setup", "--service-account", DefaultGoogleWorld.AwsFederation,
        "--service-account-id", DefaultGoogleWorld.AwsFederationId, "--caller", "serviceAccount:" + DefaultGoogleWorld.CiRunner, "--buckets", "security-lab-incident-evidence",
    ];

    private static readonly string[] Flow =
    [
        "credential-process", "--role-arn", "arn:aws:iam::111122223333:role/made-by-setup", "--source", "metadata", "--service-account", DefaultGoogleWorld.AwsFederation, "--audience",
    ];

    [Fact]
    public async Task What_it_writes_works_in_the_lab_and_for_its_audience_only()
    {
        await using var lab = await CloudLabServer.StartAsync(new CloudLabOptions(), TestContext.Current.CancellationToken);
        var environment = new Dictionary<string, string>(lab.EnvironmentVariables) { ["HOME"] = Folder };

        var (code, output, error) = await Fedflow.RunAsync(Folder, [.. Options, "--apply-to-lab", lab.BaseAddress.ToString()]);

        (code, error).ShouldBe((0, ""));
        output.ShouldContain("Applied to the CloudLab");
        foreach (var (audience, expected) in new[] { ("https://111122223333.aws.federation/made-by-setup", 0), ("https://federation-workflows.example/aws", 1) })
        {
            await using var process = Fedflow.Start(Folder, environment, [.. Flow, audience]);
            (await process.ExitAsync(120)).ShouldBe(expected, process.Error);
        }
    }

    [Fact]
    public async Task A_person_at_a_terminal_is_asked_and_asked_again_when_an_answer_cannot_be()
    {
        string[] answers =
        [
            "1234", "111122223333", "pods", "http://oidc.example", "https://oidc.example/cluster", "", "triage", "viewer", "fine-bucket, no_bucket", "fine-bucket",
        ];

        var screen = await TypeAsync(answers, "setup", "cluster-to-aws");

        screen.ShouldContain("--aws-account The AWS account: twelve digits.");
        screen.ShouldContain("--aws-account '1234' is not one: give the twelve digits of the AWS account.");
        screen.ShouldContain("--issuer 'http://oidc.example' is not one:");
        screen.ShouldContain("(sts.amazonaws.com)");
        screen.ShouldContain("--buckets 'no_bucket' is not one: give the names of S3 buckets.");
        var trust = await File.ReadAllTextAsync(Path.Combine(Folder, "setup-cluster-to-aws", "trust-policy.json"), TestContext.Current.CancellationToken);
        trust.ShouldContain("arn:aws:iam::111122223333:oidc-provider/oidc.example/cluster");
        trust.ShouldContain("system:serviceaccount:triage:viewer");
        (await File.ReadAllTextAsync(Path.Combine(Folder, "setup-cluster-to-aws", "permissions-policy.json"), TestContext.Current.CancellationToken)).ShouldContain("arn:aws:s3:::fine-bucket");
    }

    [Fact]
    public async Task A_cluster_s_set_up_lets_its_service_account_in_and_nobody_else()
    {
        await using var lab = await CloudLabServer.StartAsync(new CloudLabOptions(), TestContext.Current.CancellationToken);

        // An account that has neither the provider nor the role.
        var (code, output, error) = await Fedflow.RunAsync(
            Folder, "setup", "cluster-to-aws", "--aws-account", "111122223333", "--role-name", "pods", "--issuer", DefaultGoogleWorld.ClusterIssuer, "--namespace", "triage",
            "--kubernetes-service-account", "viewer", "--apply-to-lab", lab.BaseAddress.ToString());

        (code, error).ShouldBe((0, ""));
        output.ShouldContain("Applied to the CloudLab");
        (await Fedflow.RunAsync(Folder, "lint", "setup-cluster-to-aws")).Code.ShouldBe(0);
        foreach (var (account, audience, expected) in new[] { ("viewer", "sts.amazonaws.com", "OK"), ("collector", "sts.amazonaws.com", "Forbidden"), ("viewer", "https://elsewhere.example", "BadRequest") })
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = lab.BaseAddress };
            using var form = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["Action"] = "AssumeRoleWithWebIdentity", ["Version"] = "2011-06-15", ["RoleArn"] = "arn:aws:iam::111122223333:role/pods", ["RoleSessionName"] = "test",
                ["WebIdentityToken"] = lab.Clusters.ProjectToken("forensics", "triage", account, audience).Reveal(),
            });
            using var answer = await http.PostAsync(new Uri("/", UriKind.Relative), form, TestContext.Current.CancellationToken);
            answer.StatusCode.ToString().ShouldBe(expected);
        }
    }

    [Fact]
    public async Task What_it_writes_for_the_other_way_works_in_the_lab_with_Googles_own_library()
    {
        await using var lab = await CloudLabServer.StartAsync(new CloudLabOptions(), TestContext.Current.CancellationToken);

        var (code, output, error) = await Fedflow.RunAsync(Folder, [.. ToGoogle, "--apply-to-lab", lab.BaseAddress.ToString()]);

        (code, error).ShouldBe((0, ""));
        output.ShouldContain("Applied to the CloudLab");
        output.ShouldContain(Path.Combine("setup-aws-to-gcp", "credential-config.lab.json"));
        var folder = Path.Combine(Folder, "setup-aws-to-gcp");
        var real = await File.ReadAllTextAsync(Path.Combine(folder, "credential-config.json"), TestContext.Current.CancellationToken);
        real.ShouldContain("\"https://sts.googleapis.com/v1/token\"");
        real.ShouldNotContain("127.0.0.1");
        var answer = Fedflow.Json(await library.RunAsync(
            "node",
            ["exchange.mjs", new Uri(lab.BaseAddress, "google/storage/v1/b?project=security-automation").AbsoluteUri],
            [("GOOGLE_APPLICATION_CREDENTIALS", Path.Combine(folder, "credential-config.lab.json")), ("GOOGLE_CLOUD_PROJECT", "security-automation")]));
        answer.TryGetProperty("error", out _).ShouldBeFalse(answer.ToString());
        answer.GetProperty("body").GetProperty("items").GetArrayLength().ShouldBe(2);
        lab.Events.Snapshot().Select(static record => record.EventName).ShouldBe(["AssumeRole", "GetCallerIdentity", "ExchangeToken", "GenerateAccessToken", "storage.buckets.list"]);
        (await Fedflow.RunAsync(Folder, "lint", "setup-aws-to-gcp")).Code.ShouldBe(0);
    }

    [Fact]
    public async Task A_project_that_the_lab_does_not_have_is_not_set_up()
    {
        await using var lab = await CloudLabServer.StartAsync(new CloudLabOptions(), TestContext.Current.CancellationToken);

        var (code, _, error) = await Fedflow.RunAsync(Folder, [.. ToGoogle.Select(static option => option == "424242424242" ? "424242424243" : option), "--apply-to-lab", lab.BaseAddress.ToString()]);

        code.ShouldBe(1);
        error.ShouldContain("refused it: {\"problem\":\"The lab has no such project.\"}");
    }

    [Fact]
    public async Task Its_files_are_written_once_and_not_over_others()
    {
        var folder = Path.Combine(Folder, "setup-gcp-to-aws");
        (await Fedflow.RunAsync(Folder, Options)).Code.ShouldBe(0);
        Directory.GetFiles(folder).Select(Path.GetFileName).Order().ShouldBe(["main.tf", "permissions-policy.json", "setup-aws.sh", "setup-google.sh", "trust-policy.json"]);
        File.GetUnixFileMode(Path.Combine(folder, "setup-aws.sh")).HasFlag(UnixFileMode.UserExecute).ShouldBeTrue();
        (await Fedflow.RunAsync(Folder, "lint", "setup-gcp-to-aws")).Code.ShouldBe(0);

        var again = await Fedflow.RunAsync(Folder, Options);
        (again.Code, again.Output.Contains("written", StringComparison.Ordinal)).ShouldBe((0, false));

        await File.WriteAllTextAsync(Path.Combine(folder, "main.tf"), "# mine", TestContext.Current.CancellationToken);
        var (code, _, error) = await Fedflow.RunAsync(Folder, Options);
        (code, error.Trim()).ShouldBe((1, "setup-gcp-to-aws has main.tf with another content: look at the difference, then give --force to replace, or another --output."));
        (await File.ReadAllTextAsync(Path.Combine(folder, "main.tf"), TestContext.Current.CancellationToken)).ShouldBe("# mine");
        (await Fedflow.RunAsync(Folder, [.. Options, "--force"])).Code.ShouldBe(0);
    }

    [Theory]
    [InlineData("gcp-to-aws", "Give --aws-account, --role-name, --service-account, --service-account-id, --caller; in a terminal this command asks for them.")]
    [InlineData("gce-to-aws", "Give --aws-account, --role-name, --service-account, --service-account-id, --instance, --zone; in a terminal")]
    [InlineData("gke-to-aws", "Give --aws-account, --role-name, --service-account, --service-account-id, --namespace, --kubernetes-service-account; in a terminal")]
    [InlineData("cluster-to-aws", "Give --aws-account, --role-name, --issuer, --namespace, --kubernetes-service-account; in a terminal")]
    [InlineData("aws-to-gcp", "Give --aws-account, --role-name, --project, --project-number, --service-account; in a terminal")]
    public async Task Where_nobody_can_be_asked_what_is_missing_is_named(string flow, string message)
    {
        var (code, output, error) = await Fedflow.RunAsync(Folder, "setup", flow);

        (code, output).ShouldBe((1, ""));
        error.ShouldStartWith(message);
        Directory.GetFileSystemEntries(Folder).ShouldNotContain(static entry => entry.Contains("setup", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_value_that_breaks_out_is_refused_by_the_name_of_its_option()
    {
        var (code, _, error) = await Fedflow.RunAsync(Folder, [.. Options.Select(static option => option == "made-by-setup" ? "x'; touch pwned; '" : option)]);

        code.ShouldBe(1);
        error.ShouldStartWith("--role-name 'x'; touch pwned; '' is not one: give 1 to 64 letters");
    }

    [Theory]
    [InlineData("https://sts.amazonaws.com/")]
    [InlineData("http://example.com/")]
    public async Task Only_a_lab_of_this_machine_is_applied_to(string address)
    {
        var (code, _, error) = await Fedflow.RunAsync(Folder, [.. Options, "--apply-to-lab", address]);

        code.ShouldBe(1);
        error.ShouldContain("is no CloudLab: give the http address on this machine that fedflow lab prints.");
    }

    /// <summary>Runs a command in a terminal of its own and types answers, each of which is followed by Enter.</summary>
    /// <returns>What the terminal showed, on one line.</returns>
    private async Task<string> TypeAsync(string[] answers, params string[] arguments)
    {
        string[] command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "fedflow.dll"), .. arguments];
        var start = new ProcessStartInfo("/usr/bin/script", ["--quiet", "--return", "--command", $"stty columns 400 && {string.Join(' ', command)}", "/dev/null"])
        {
            WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        start.Environment["TERM"] = "xterm";
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(string.Concat(answers.Select(answer => answer + "\r")));
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        var screen = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, screen);
        return Escapes().Replace(screen, "").Replace("\r\n", " ", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escapes();
}
