using System.Globalization;
using FederationWorkflows.Cli.Tests.Support;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow credential-process</c> and <c>serve-credentials</c>, as the AWS CLI and boto3 of Debian use them against the CloudLab.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class CredentialProcessTests : TestFolder, IAsyncLifetime
{
    private const string Role = "arn:aws:iam::111122223333:role/evidence-collector";
    private const string Audience = "https://federation-workflows.example/aws";
    private const string Session = $"arn:aws:sts::111122223333:assumed-role/evidence-collector/{DefaultGoogleWorld.AwsFederationId}";

    private static readonly string[] Direct =
        ["credential-process", "--role-arn", Role, "--audience", Audience, "--source", "metadata", "--service-account", DefaultGoogleWorld.AwsFederation];

    private CloudLabServer lab = null!;

    public async ValueTask InitializeAsync() => lab = await CloudLabServer.StartAsync(new CloudLabOptions(), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await lab.DisposeAsync();
        Dispose();
    }

    private string Config => Path.Combine(Folder, ".aws", "config");

    private string Cache => Path.Combine(Folder, ".cache", "federationworkflows");

    [Fact]
    public async Task It_prints_what_a_credential_process_prints_and_nothing_else()
    {
        var (code, output, error) = await RunAsync(Direct);

        (code, error).ShouldBe((0, ""));
        output.ShouldEndWith("}\n");
        var credentials = Fedflow.Json(output);
        credentials.EnumerateObject().Select(static property => property.Name).ShouldBe(["Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"]);
        credentials.GetProperty("Version").GetInt32().ShouldBe(1);
        credentials.GetProperty("AccessKeyId").GetString().ShouldStartWith("ASIA");
        DateTimeOffset.ParseExact(credentials.GetProperty("Expiration").GetString()!, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)
            .ShouldBeInRange(DateTimeOffset.UtcNow.AddMinutes(50), DateTimeOffset.UtcNow.AddMinutes(61));
    }

    [Fact]
    public async Task The_second_time_it_comes_from_the_cache_which_tells_nobody_anything()
    {
        var first = await RunAsync(Direct);
        var second = await RunAsync(Direct);

        second.ShouldBe(first);
        Assumptions().ShouldBe(1);
        var secret = Fedflow.Json(first.Output).GetProperty("SecretAccessKey").GetString()!;
        var key = Path.Combine(Folder, ".config", "federationworkflows", "credential-cache.key");
        File.GetUnixFileMode(key).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Cache).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var file in Directory.GetFiles(Cache))
        {
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)).ShouldNotContain(secret);
        }
    }

    [Fact]
    public async Task Ten_at_once_ask_the_cloud_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => RunAsync(Direct)));

        answers.ShouldAllBe(static answer => answer.Code == 0);
        answers.Select(static answer => answer.Output).Distinct().Count().ShouldBe(1);
        Assumptions().ShouldBe(1);
    }

    [Fact]
    public async Task A_cache_that_was_changed_or_moved_is_no_cache()
    {
        await RunAsync(Direct);
        var file = Directory.GetFiles(Cache).Single(static file => !file.EndsWith(".lock", StringComparison.Ordinal));
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        (await RunAsync(Direct)).Code.ShouldBe(0);
        Assumptions().ShouldBe(2);

        // Another role's credentials must not be had by renaming its file.
        string[] other = [.. Direct.Select(static argument => argument == Role ? "arn:aws:iam::111122223333:role/incident-responder" : argument)];
        await RunAsync(other);
        var others = Directory.GetFiles(Cache).Single(path => !path.EndsWith(".lock", StringComparison.Ordinal) && path != file);
        File.Copy(file, others, overwrite: true);
        await RunAsync(other);
        Assumptions().ShouldBe(4);
    }

    [Fact]
    public async Task A_key_that_others_can_read_is_not_used()
    {
        await RunAsync(Direct);
        var key = Path.Combine(Folder, ".config", "federationworkflows", "credential-cache.key");
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        var (code, output, error) = await RunAsync(Direct);

        (code, output).ShouldBe((1, ""));
        error.ShouldContain("chmod 600");
    }

    [Theory]
    [InlineData("arn:aws:iam::111122223333:role/broken-trust", "AWS STS refused sts:AssumeRoleWithWebIdentity: AccessDenied (HTTP 403)")]
    [InlineData("arn:aws:iam::111122223333:user/somebody", "the role ARN is not the ARN of a role")]
    public async Task A_refusal_is_on_standard_error_alone(string role, string message)
    {
        var (code, output, error) = await RunAsync([.. Direct.Select(argument => argument == Role ? role : argument)]);

        (code, output).ShouldBe((1, ""));
        error.ShouldContain(message);
        error.Trim().ShouldNotContain('\n');
        error.ShouldNotContain("eyJ");
    }

    [Theory]
    [InlineData("Give --role-arn and --audience, or --profile.", "credential-process")]
    [InlineData("Give --audience", "credential-process", "--role-arn", Role)]
    [InlineData("There is no profile 'none'", "credential-process", "--profile", "none")]
    [InlineData("There is no source 'magic'", "credential-process", "--role-arn", Role, "--audience", "a", "--source", "magic")]
    [InlineData("The source key-file needs --key-file", "credential-process", "--role-arn", Role, "--audience", "a", "--source", "key-file")]
    [InlineData("'x' is not a session name", "credential-process", "--role-arn", Role, "--audience", "a", "--session-name", "x")]
    public async Task What_is_missing_or_wrong_is_said(string message, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(arguments);

        (code, output).ShouldBe((1, ""));
        error.ShouldStartWith(message);
    }

    [Fact]
    public async Task Install_writes_the_profile_and_leaves_the_rest_alone()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Config)!);
        const string Before = "# mine\n[default]\nregion = eu-central-1\n\n[profile evidence]\n; keep this\nregion=us-west-2\nfedflow_duration = 900\ns3 =\n  max_concurrent_requests = 2\n\n[profile last]\noutput = json";
        await File.WriteAllTextAsync(Config, Before, TestContext.Current.CancellationToken);

        var first = await InstallAsync("evidence");
        var written = await File.ReadAllTextAsync(Config, TestContext.Current.CancellationToken);
        var second = await InstallAsync("evidence");

        first.Output.ShouldContain("AWS_PROFILE=evidence aws sts get-caller-identity");
        second.Output.ShouldContain("nothing changed");
        (await File.ReadAllTextAsync(Config, TestContext.Current.CancellationToken)).ShouldBe(written);
        written.ShouldStartWith("# mine\n[default]\nregion = eu-central-1\n\n[profile evidence]\n; keep this\nregion=us-west-2\ns3 =\n  max_concurrent_requests = 2\ncredential_process = ");
        written.ShouldEndWith($"\nfedflow_role_arn = {Role}\nfedflow_audience = {Audience}\nfedflow_source = metadata\nfedflow_service_account = {DefaultGoogleWorld.AwsFederation}\n\n[profile last]\noutput = json");
        Directory.GetFiles(Path.GetDirectoryName(Config)!).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Install_warns_of_what_would_be_used_instead()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Config)!);
        await File.WriteAllTextAsync(Config, "[profile evidence]\naws_access_key_id = AKIA\n", TestContext.Current.CancellationToken);

        (await InstallAsync("evidence")).Error.ShouldContain("has aws_access_key_id, which the AWS SDKs use instead");
    }

    [Theory]
    [InlineData("a]\nb", "cannot be the name of a profile")]
    [InlineData("a b", "cannot be the name of a profile")]
    public async Task Install_takes_no_name_that_breaks_the_file(string name, string message)
    {
        (await InstallAsync(name)).Error.ShouldContain(message);
        File.Exists(Config).ShouldBeFalse();
    }

    [Fact]
    public async Task Install_takes_no_value_that_breaks_the_file()
    {
        var (code, _, error) = await RunAsync("credential-process", "install", "--profile", "p", "--role-arn", Role, "--audience", "x\ncredential_process = evil");

        (code, error.Contains("has a line break in it", StringComparison.Ordinal), File.Exists(Config)).ShouldBe((1, true, false));
    }

    [Fact]
    public async Task The_AWS_CLI_works_with_the_profile()
    {
        (await InstallAsync("evidence")).Code.ShouldBe(0);
        await File.WriteAllTextAsync(Path.Combine(Folder, "up.txt"), "evidence", TestContext.Current.CancellationToken);

        (await AwsAsync("sts", "get-caller-identity", "--query", "Arn", "--output", "text")).ShouldBe(Session + "\n");
        (await AwsAsync("s3", "ls")).ShouldContain("security-lab-incident-evidence");
        await AwsAsync("s3", "cp", "--no-progress", "up.txt", "s3://security-lab-incident-evidence/up.txt");
        await AwsAsync("s3", "cp", "--no-progress", "s3://security-lab-incident-evidence/up.txt", "down.txt");

        (await File.ReadAllTextAsync(Path.Combine(Folder, "down.txt"), TestContext.Current.CancellationToken)).ShouldBe("evidence");
        Assumptions().ShouldBe(1);
    }

    [Fact]
    public async Task Boto3_works_with_the_profile()
    {
        (await InstallAsync("evidence")).Code.ShouldBe(0);

        var (code, output, error) = await ProcessRun.RunAsync(
            Folder,
            new Dictionary<string, string>(Environment()) { ["AWS_PROFILE"] = "evidence" },
            ProcessRun.Python,
            "-c",
            """
            import boto3, os
            address = os.environ["AWS_ENDPOINT_URL"]
            print(boto3.client("sts", endpoint_url=address).get_caller_identity()["Arn"])
            print(len(boto3.client("s3", endpoint_url=address).list_buckets()["Buckets"]))
            """);

        code.ShouldBe(0, error);
        output.Split('\n')[0].ShouldBe(Session);
    }

    [Fact]
    public async Task The_AWS_CLI_works_with_the_endpoint_that_serve_credentials_opens()
    {
        await using var server = Fedflow.Start(Folder, Environment(), ["serve-credentials", .. Direct[1..]]);
        await server.LineAsync("AWS_CONTAINER_AUTHORIZATION_TOKEN=");
        var variables = server.Output.Split('\n').Where(static line => line.StartsWith("export ", StringComparison.Ordinal))
            .Select(static line => line["export ".Length..].Split('=', 2)).ToDictionary(static pair => pair[0], static pair => pair[1].Trim('\''));

        var (code, output, error) = await ProcessRun.RunAsync(
            Folder, new Dictionary<string, string>(Environment().Concat(variables)), ProcessRun.Aws, "--endpoint-url", lab.EnvironmentVariables["AWS_ENDPOINT_URL"], "sts", "get-caller-identity", "--query", "Arn", "--output", "text");
        code.ShouldBe(0, error);
        output.ShouldBe(Session + "\n");

        var address = new Uri(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"]);
        address.Host.ShouldBe("127.0.0.1");
        (await AskAsync(address, variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"], null)).Status.ShouldBe(200);
        (await AskAsync(address, variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"], "evil.example")).Status.ShouldBe(403);
        foreach (var wrong in new[] { "", "x", variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"][..^1], variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] + "0" })
        {
            var (status, body) = await AskAsync(address, wrong, null);
            (status, body.Contains("AccessKeyId", StringComparison.Ordinal)).ShouldBe((401, false));
        }

        await server.InterruptAsync();
        (await server.ExitAsync()).ShouldBe(0);
    }

    private static async Task<(int Status, string Body)> AskAsync(Uri address, string token, string? host)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.TryAddWithoutValidation("Authorization", token);
        request.Headers.Host = host;
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private int Assumptions() => lab.Events.Snapshot().Count(static entry => entry is { EventName: "AssumeRoleWithWebIdentity", ErrorCode: null });

    private Dictionary<string, string> Environment() => new(lab.EnvironmentVariables) { ["HOME"] = Folder };

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        await using var fedflow = Fedflow.Start(Folder, Environment(), arguments);
        return (await fedflow.ExitAsync(120), fedflow.Output, fedflow.Error);
    }

    private Task<(int Code, string Output, string Error)> InstallAsync(string profile) => RunAsync(
        "credential-process", "install", "--profile", profile, "--role-arn", Role, "--audience", Audience, "--source", "metadata", "--service-account", DefaultGoogleWorld.AwsFederation);

    private async Task<string> AwsAsync(params string[] arguments)
    {
        var (code, output, error) = await ProcessRun.RunAsync(
            Folder, new Dictionary<string, string>(Environment()) { ["AWS_PROFILE"] = "evidence" }, ProcessRun.Aws, ["--endpoint-url", lab.EnvironmentVariables["AWS_ENDPOINT_URL"], .. arguments]);
        code.ShouldBe(0, error);
        return output;
    }
}
