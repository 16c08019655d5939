using System.Diagnostics;

namespace FederationWorkflows.CloudLab.Tests.Aws;

/// <summary>Debian's AWS CLI and boto3 (apt-get install awscli python3-boto3). Without them these tests fail: they are part of what the lab promises.</summary>
public sealed class AwsCliTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-cli-").FullName;
    private TestLab lab = null!;

    public async ValueTask InitializeAsync() => lab = await TestLab.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await lab.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_cli_assumes_a_role_by_web_identity_and_knows_who_it_is()
    {
        var environment = await SessionAsync("incident-responder");
        var assumed = await AwsAsync(
            environment, "sts", "assume-role-with-web-identity", "--role-arn", TestLab.Role, "--role-session-name", "from-cli",
            "--web-identity-token", $"file://{TokenFile}", "--query", "AssumedRoleUser.Arn", "--output", "text");
        var caller = await AwsAsync(environment, "sts", "get-caller-identity", "--query", "Arn", "--output", "text");

        assumed.ShouldBe("arn:aws:sts::111122223333:assumed-role/incident-responder/from-cli\n");
        caller.ShouldBe("arn:aws:sts::111122223333:assumed-role/incident-responder/cli\n");
    }

    [Fact]
    public async Task The_cli_lists_buckets_and_objects()
    {
        var environment = await SessionAsync("incident-responder");

        (await AwsAsync(environment, "s3", "ls")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' ')[^1]).ShouldBe(
            ["security-lab-cloudtrail-logs", "security-lab-guardduty-findings", "security-lab-incident-evidence", "security-lab-vpc-flow-logs"]);
        (await AwsAsync(environment, "s3", "ls", "s3://security-lab-incident-evidence/INC-2041/")).ShouldContain("indicators.csv");
    }

    [Fact]
    public async Task The_cli_copies_a_file_up_and_down()
    {
        var environment = await SessionAsync("evidence-collector");
        var up = Path.Combine(folder, "up.bin");
        var down = Path.Combine(folder, "down.bin");
        var content = new byte[300_000];
        new Random(7).NextBytes(content);
        await File.WriteAllBytesAsync(up, content, TestLab.Cancel);

        await AwsAsync(environment, "s3", "cp", "--no-progress", up, "s3://security-lab-incident-evidence/memory dump.bin");
        await AwsAsync(environment, "s3", "cp", "--no-progress", "s3://security-lab-incident-evidence/memory dump.bin", down);

        (await File.ReadAllBytesAsync(down, TestLab.Cancel)).ShouldBe(content);
    }

    [Fact]
    public async Task The_cli_shows_why_a_call_is_denied()
    {
        var (status, output) = await RunAsync(
            "/usr/bin/aws", await SessionAsync("incident-responder"), "--endpoint-url", Address, "iam", "list-roles");

        status.ShouldBe(254, output);
        output.ShouldContain(
            "An error occurred (AccessDenied) when calling the ListRoles operation: User: arn:aws:sts::111122223333:assumed-role/incident-responder/cli is not authorized "
            + "to perform: iam:ListRoles on resource: arn:aws:iam::111122223333:role/ because no identity-based policy allows the iam:ListRoles action");
    }

    [Fact]
    public async Task Boto3_goes_from_an_id_token_to_the_list_of_buckets()
    {
        const string Script = """
            import boto3, os, sys
            address = os.environ["LAB"]
            sts = boto3.client("sts", endpoint_url=address)
            credentials = sts.assume_role_with_web_identity(
                RoleArn="arn:aws:iam::111122223333:role/incident-responder", RoleSessionName="boto3",
                WebIdentityToken=open(os.environ["TOKEN_FILE"]).read(), DurationSeconds=900)["Credentials"]
            session = boto3.Session(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
            print(session.client("sts", endpoint_url=address).get_caller_identity()["Arn"])
            print(*[bucket["Name"] for bucket in session.client("s3", endpoint_url=address).list_buckets()["Buckets"]])
            """;
        var environment = await SessionAsync("incident-responder");
        environment["LAB"] = Address;
        environment["TOKEN_FILE"] = TokenFile;

        var (status, output) = await RunAsync("/usr/bin/python3", environment, "-c", Script);

        status.ShouldBe(0, output);
        output.ShouldBe(
            "arn:aws:sts::111122223333:assumed-role/incident-responder/boto3\n"
            + "security-lab-cloudtrail-logs security-lab-guardduty-findings security-lab-incident-evidence security-lab-vpc-flow-logs\n");
    }

    private string TokenFile => Path.Combine(folder, "token");

    private string Address => lab.Server.BaseAddress.GetLeftPart(UriPartial.Authority);

    private async Task<Dictionary<string, string>> SessionAsync(string role)
    {
        await File.WriteAllTextAsync(TokenFile, TestIssuer.Sign(lab.Claims()), TestLab.Cancel);

        // By itself the CLI would ask the real STS: version 2.9 reads no AWS_ENDPOINT_URL, and --endpoint-url is not for its credentials.
        var answer = await lab.AssumeAsync(change: form =>
        {
            form["RoleArn"] = $"arn:aws:iam::111122223333:role/{role}";
            form["RoleSessionName"] = "cli";
        });
        return new Dictionary<string, string>(lab.Server.EnvironmentVariables)
        {
            ["AWS_ACCESS_KEY_ID"] = answer["AccessKeyId"]!,
            ["AWS_SECRET_ACCESS_KEY"] = answer["SecretAccessKey"]!,
            ["AWS_SESSION_TOKEN"] = answer["SessionToken"]!,
        };
    }

    private async Task<string> AwsAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        var (status, output) = await RunAsync("/usr/bin/aws", environment, ["--endpoint-url", Address, .. arguments]);
        status.ShouldBe(0, output);
        return output;
    }

    private async Task<(int Status, string Output)> RunAsync(string program, Dictionary<string, string> environment, params string[] arguments)
    {
        File.Exists(program).ShouldBeTrue($"{program} is missing: apt-get install -y awscli python3-boto3");
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment["HOME"] = folder;
        start.Environment["AWS_EC2_METADATA_DISABLED"] = "true";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestLab.Cancel);
        var errors = process.StandardError.ReadToEndAsync(TestLab.Cancel);
        await process.WaitForExitAsync(TestLab.Cancel);
        return (process.ExitCode, await output + await errors);
    }
}
