namespace FederationWorkflows.CloudLab.Tests.Aws;

/// <summary>Debian's AWS CLI and boto3 (apt-get install awscli python3-boto3). Without them these tests fail: they are part of what the lab promises.</summary>
public sealed class AwsCliTests : IAsyncLifetime
{
    private TestLab lab = null!;
    private ClientProgram program = null!;

    public async ValueTask InitializeAsync()
    {
        lab = await TestLab.StartAsync();
        program = new ClientProgram(lab);
    }

    public async ValueTask DisposeAsync()
    {
        program.Dispose();
        await lab.DisposeAsync();
    }

    [Fact]
    public async Task The_cli_assumes_a_role_by_web_identity_and_knows_who_it_is()
    {
        var environment = await SessionAsync("incident-responder");
        var assumed = await program.AwsAsync(
            environment, "sts", "assume-role-with-web-identity", "--role-arn", TestLab.Role, "--role-session-name", "from-cli",
            "--web-identity-token", $"file://{TokenFile}", "--query", "AssumedRoleUser.Arn", "--output", "text");
        var caller = await program.AwsAsync(environment, "sts", "get-caller-identity", "--query", "Arn", "--output", "text");

        assumed.ShouldBe("arn:aws:sts::111122223333:assumed-role/incident-responder/from-cli\n");
        caller.ShouldBe("arn:aws:sts::111122223333:assumed-role/incident-responder/cli\n");
    }

    [Fact]
    public async Task The_cli_lists_buckets_and_objects()
    {
        var environment = await SessionAsync("incident-responder");

        (await program.AwsAsync(environment, "s3", "ls")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' ')[^1]).ShouldBe(
            ["security-lab-cloudtrail-logs", "security-lab-guardduty-findings", "security-lab-incident-evidence", "security-lab-inventory", "security-lab-vpc-flow-logs"]);
        (await program.AwsAsync(environment, "s3", "ls", "s3://security-lab-incident-evidence/INC-2041/")).ShouldContain("indicators.csv");
    }

    [Fact]
    public async Task The_cli_copies_a_file_up_and_down()
    {
        var environment = await SessionAsync("evidence-collector");
        var up = Path.Combine(program.Folder, "up.bin");
        var down = Path.Combine(program.Folder, "down.bin");
        var content = new byte[300_000];
        new Random(7).NextBytes(content);
        await File.WriteAllBytesAsync(up, content, TestLab.Cancel);

        await program.AwsAsync(environment, "s3", "cp", "--no-progress", up, "s3://security-lab-incident-evidence/memory dump.bin");
        await program.AwsAsync(environment, "s3", "cp", "--no-progress", "s3://security-lab-incident-evidence/memory dump.bin", down);

        (await File.ReadAllBytesAsync(down, TestLab.Cancel)).ShouldBe(content);
    }

    [Fact]
    public async Task The_cli_shows_why_a_call_is_denied()
    {
        (await program.RefusedAsync(await SessionAsync("incident-responder"), "iam", "list-roles")).ShouldContain(
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
        environment["TOKEN_FILE"] = TokenFile;

        (await program.PythonAsync(environment, Script)).ShouldBe(
            "arn:aws:sts::111122223333:assumed-role/incident-responder/boto3\n"
            + "security-lab-cloudtrail-logs security-lab-guardduty-findings security-lab-incident-evidence security-lab-inventory security-lab-vpc-flow-logs\n");
    }

    private string TokenFile => Path.Combine(program.Folder, "token");

    private async Task<Dictionary<string, string>> SessionAsync(string role)
    {
        await File.WriteAllTextAsync(TokenFile, TestIssuer.Sign(lab.Claims()), TestLab.Cancel);

        // By itself the CLI would ask the real STS: version 2.9 reads no AWS_ENDPOINT_URL, and --endpoint-url is not for its credentials.
        var answer = await lab.AssumeAsync(change: form =>
        {
            form["RoleArn"] = $"arn:aws:iam::111122223333:role/{role}";
            form["RoleSessionName"] = "cli";
        });
        return program.As(answer["AccessKeyId"]!, answer["SecretAccessKey"]!, answer["SessionToken"]);
    }
}
