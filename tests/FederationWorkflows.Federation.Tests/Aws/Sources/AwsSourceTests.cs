using System.Net;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Federation.Tests.Aws.Sources;

/// <summary>Credentials of the host's surroundings, which nothing but a connection asks for.</summary>
public sealed class AwsSourceTests : IDisposable
{
    private const string Answer = """{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAEXAMPLE0000001","SecretAccessKey":"CANARYsecret","Token":"CANARYsession","Expiration":"2031-04-05T12:00:00Z"}""";

    private readonly Dictionary<string, string> environment = [];
    private readonly FederationHost host;

    public AwsSourceTests() => host = new FederationHost([], name => environment.GetValueOrDefault(name));

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task The_environment_gives_a_key_with_or_without_a_session()
    {
        environment["AWS_ACCESS_KEY_ID"] = "AKIAEXAMPLE0000001";
        environment["AWS_SECRET_ACCESS_KEY"] = "CANARYsecret";

        var key = await GetAsync(new AwsEnvironmentSource("aws"));
        environment["AWS_SESSION_TOKEN"] = "CANARYsession";
        var session = await GetAsync(new AwsEnvironmentSource("aws"));

        (key.AccessKeyId, key.SecretAccessKey.Reveal(), key.SessionToken, key.Expiration).ShouldBe(("AKIAEXAMPLE0000001", "CANARYsecret", null, null));
        session.SessionToken!.Reveal().ShouldBe("CANARYsession");
        host.Network.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null, null, "this process has neither AWS_ACCESS_KEY_ID nor AWS_SECRET_ACCESS_KEY. Set both for the host, or give the connection another kind.")]
    [InlineData("AKIAEXAMPLE0000001", null, "this process has AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY. Set both for the host.")]
    [InlineData(" ", "CANARYsecret", "this process has AWS_SECRET_ACCESS_KEY without AWS_ACCESS_KEY_ID. Set both for the host.")]
    public async Task Half_a_key_in_the_environment_is_named(string? id, string? secret, string problem)
    {
        Set("AWS_ACCESS_KEY_ID", id);
        Set("AWS_SECRET_ACCESS_KEY", secret);

        (await RefusedAsync(new AwsEnvironmentSource("aws"))).Message.ShouldBe("connection 'aws': " + problem);
    }

    [Theory]
    [InlineData("default", "AKIACREDENTIALS001", null)]
    [InlineData("session", "ASIASESSION0000001", "CANARYsession")]
    [InlineData("config-only", "AKIACONFIG00000001", null)]
    [InlineData("both", "AKIABOTHCRED000001", null)]
    public async Task A_profile_is_found_in_either_file(string profile, string id, string? session)
    {
        WriteProfiles();

        var credentials = await GetAsync(new AwsProfileSource("aws", profile == "default" ? null : profile));

        credentials.AccessKeyId.ShouldBe(id);
        credentials.SecretAccessKey.Reveal().ShouldStartWith("CANARY");
        credentials.SecretAccessKey.Reveal().ShouldNotContain("#");
        credentials.SessionToken?.Reveal().ShouldBe(session);
    }

    [Theory]
    [InlineData("process", "starts a process (credential_process), which is not done here")]
    [InlineData("sso", "signs in by a browser (sso_session), which is not done here")]
    [InlineData("role", "assumes a role (role_arn), which is not done here. Define a connection of the kind awsRole with that role")]
    [InlineData("web", "assumes a role with a token (web_identity_token_file), which is not done here")]
    [InlineData("half", "has only half of an access key. Give it aws_access_key_id and aws_secret_access_key.")]
    [InlineData("empty", "its profile 'empty' has no access key. Give it aws_access_key_id and aws_secret_access_key, or name another profile.")]
    [InlineData("missing", "has a profile 'missing'. Make it with: aws configure --profile NAME")]
    public async Task A_profile_of_another_kind_is_refused_with_what_to_do_instead(string profile, string problem)
    {
        WriteProfiles();

        (await RefusedAsync(new AwsProfileSource("aws", profile))).Message.ShouldContain(problem);
    }

    [Fact]
    public async Task Files_and_profile_come_from_the_connection_or_else_from_the_usual_variables()
    {
        WriteProfiles();
        var elsewhere = Path.Combine(host.Home, "elsewhere");
        File.Copy(Path.Combine(host.Home, ".aws", "credentials"), elsewhere);
        environment["AWS_PROFILE"] = "session";
        environment["AWS_SHARED_CREDENTIALS_FILE"] = "/nowhere";

        (await RefusedAsync(new AwsProfileSource("aws"))).Message.ShouldContain("neither '/nowhere' nor '");
        (await GetAsync(new AwsProfileSource("aws", CredentialsFile: elsewhere))).AccessKeyId.ShouldBe("ASIASESSION0000001");
    }

    [Fact]
    public async Task The_instance_is_asked_by_version_2_and_nothing_else()
    {
        Instance();

        var credentials = await GetAsync(new AwsInstanceSource("aws"));

        credentials.AccessKeyId.ShouldBe("ASIAEXAMPLE0000001");
        credentials.SessionToken!.Reveal().ShouldBe("CANARYsession");
        credentials.Expiration.ShouldBe(new DateTimeOffset(2031, 4, 5, 12, 0, 0, TimeSpan.Zero));
        host.Network.Requests.Select(sent => $"{sent.Method} {sent.Url}").ShouldBe(
        [
            "PUT http://169.254.169.254/latest/api/token",
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/",
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/reader",
        ]);
        host.Network.Requests[0].Headers["X-aws-ec2-metadata-token-ttl-seconds"].ShouldBe("60");
        host.Network.Requests[2].Headers["X-aws-ec2-metadata-token"].ShouldBe("CANARYtoken==");
    }

    [Fact]
    public async Task A_connection_can_insist_on_the_instances_role()
    {
        Instance();

        (await GetAsync(new AwsInstanceSource("aws", "reader"))).AccessKeyId.ShouldBe("ASIAEXAMPLE0000001");
        (await RefusedAsync(new AwsInstanceSource("aws", "writer"))).Message.ShouldBe(
            "connection 'aws': the instance has the role 'reader', not 'writer'. Attach the instance profile of that role, or correct the connection.");
    }

    public static TheoryData<string, int, string, string> InstanceRefusals => new()
    {
        { "token", 403, "", "the EC2 instance metadata service refused iam/security-credentials: Forbidden (HTTP 403): HTTP 403 without an explanation. The metadata service of this instance is turned off" },
        { "token", 404, "", "The metadata service gives no session token (IMDSv2), and version 1 is not used" },
        { "token", 200, "two\nlines", "its answer is no session token" },
        { "role", 404, "", "No role is attached to this instance: attach an instance profile" },
        { "role", 401, "", "Check the instance profile and its role" },
        { "role", 200, "../../evil", "its answer is no role name" },
        { "credentials", 404, "", "No role is attached to this instance" },
        { "credentials", 200, """{"Code":"AssumeRoleUnauthorizedAccess"}""", "it has no credentials: AssumeRoleUnauthorizedAccess" },
        { "credentials", 200, """{"Code":"Success"}""", "its answer is not the JSON of credentials" },
        { "credentials", 200, "<html>", "its answer is not the JSON of credentials" },
        { "credentials", 200, "[]", "its answer is not the JSON of credentials" },
    };

    [Theory]
    [MemberData(nameof(InstanceRefusals))]
    public async Task What_the_instance_answers_instead_is_explained(string step, int status, string body, string message)
    {
        Instance(step, (HttpStatusCode)status, body);

        var error = await RefusedAsync(new AwsInstanceSource("aws"));

        error.Message.ShouldContain(message);
        error.ToString().ShouldNotContain("CANARY");
    }

    [Fact]
    public async Task Off_EC2_the_error_says_so_and_is_no_reason_to_try_again()
    {
        host.Network.Throw(new HttpRequestException(HttpRequestError.ConnectionError, "No route to host (169.254.169.254:80)"));

        var error = await RefusedAsync(new AwsInstanceSource("aws"));

        error.Side.ShouldBe(FailureSide.Network);
        error.IsRetryable.ShouldBeFalse();
        error.Message.ShouldBe(
            "iam/security-credentials: no usable answer from the EC2 instance metadata service: No route to host (169.254.169.254:80). "
            + "Nothing answers there off EC2: give the connection another kind. On EC2, check that the metadata service is enabled; in a container on it, that the hop limit is 2 or more: "
            + "aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2.");
    }

    [Fact]
    public async Task A_hop_limit_that_swallows_the_answer_is_found_after_five_seconds()
    {
        host.Network.Hang();

        var running = GetAsync(new AwsInstanceSource("aws"));
        await host.Time.TimerMade.Task;
        host.Time.Advance(TimeSpan.FromSeconds(5));

        var error = await Should.ThrowAsync<FederationException>(() => running);
        error.Code.ShouldBe(FailureCodes.Timeout);
        error.Detail.ShouldBe("nothing within 5 s");
        error.Advice.ShouldContain("hop limit");
    }

    [Theory]
    [InlineData("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/abc", "http://169.254.170.2/v2/credentials/abc")]
    [InlineData("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials", "http://169.254.170.23/v1/credentials")]
    [InlineData("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://[fd00:ec2::23]/v1/credentials", "http://[fd00:ec2::23]/v1/credentials")]
    [InlineData("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x")]
    [InlineData("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost:8080/x", "http://localhost:8080/x")]
    [InlineData("AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://broker.example/x", "https://broker.example/x")]
    public async Task The_container_is_asked_where_its_variables_say(string variable, string value, string url)
    {
        environment[variable] = value;
        host.Network.Answer(Answer);

        var credentials = await GetAsync(new AwsContainerSource("aws"));

        credentials.SessionToken!.Reveal().ShouldBe("CANARYsession");
        host.Network.Only.Url.ShouldBe(url);
        host.Network.Only.Headers.Keys.ShouldNotContain("Authorization");
    }

    [Fact]
    public async Task The_authorization_token_is_read_from_its_file_each_time()
    {
        Directory.CreateDirectory(host.Home);
        var file = Path.Combine(host.Home, "token");
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = file;
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "CANARYvariable";
        host.Network.Answer(Answer);

        await File.WriteAllTextAsync(file, "CANARYfirst\n", TestContext.Current.CancellationToken);
        await GetAsync(new AwsContainerSource("aws"));
        await File.WriteAllTextAsync(file, "CANARYsecond", TestContext.Current.CancellationToken);
        await GetAsync(new AwsContainerSource("aws"));
        environment.Remove("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        await GetAsync(new AwsContainerSource("aws"));

        host.Network.Requests.Select(sent => sent.Headers["Authorization"]).ShouldBe(["CANARYfirst", "CANARYsecond", "CANARYvariable"]);
    }

    [Theory]
    [InlineData(null, null, "this process has neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI")]
    [InlineData("//attacker.example/x", null, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path")]
    [InlineData("@attacker.example/x", null, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path")]
    [InlineData(null, "http://attacker.example/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that credentials are not asked of. It must be https, or http to loopback, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23].")]
    [InlineData(null, "http://169.254.169.254/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that credentials are not asked of")]
    [InlineData(null, "http://127.0.0.1@attacker.example/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that credentials are not asked of")]
    [InlineData(null, "file:///etc/passwd", "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that credentials are not asked of")]
    public async Task A_container_that_is_none_or_names_a_stranger_is_refused_before_anything_is_sent(string? relative, string? full, string message)
    {
        Set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", relative);
        Set("AWS_CONTAINER_CREDENTIALS_FULL_URI", full);

        (await RefusedAsync(new AwsContainerSource("aws"))).Message.ShouldContain(message);
        host.Network.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_refusal_of_the_container_endpoint_does_not_show_the_token()
    {
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "CANARYtoken";
        host.Network.Answer("""{"code":"InvalidTokenException","message":"CANARYtoken is expired"}""", HttpStatusCode.BadRequest);

        var error = await RefusedAsync(new AwsContainerSource("aws"));

        error.Message.ShouldStartWith("the container credential endpoint refused container credentials: InvalidTokenException (HTTP 400): *** is expired. The endpoint does not take the authorization token");
    }

    [Fact]
    public async Task The_default_takes_the_first_source_there_is()
    {
        var seen = new List<string>();
        host.Network.OnRequest = (sent, _) =>
        {
            seen.Add(sent.Url);
            return Task.FromResult(InstanceAnswer(sent, "", HttpStatusCode.OK, ""));
        };

        (await GetAsync(new AwsDefaultSource("aws"))).AccessKeyId.ShouldBe("ASIAEXAMPLE0000001");
        seen[0].ShouldBe("http://169.254.169.254/latest/api/token");
        environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x";
        (await GetAsync(new AwsDefaultSource("aws"))).AccessKeyId.ShouldBe("ASIAEXAMPLE0000001");
        seen[^1].ShouldBe("http://169.254.170.2/v2/x");
        WriteProfiles();
        (await GetAsync(new AwsDefaultSource("aws"))).AccessKeyId.ShouldBe("AKIACREDENTIALS001");
        environment["AWS_ACCESS_KEY_ID"] = "AKIAENVIRONMENT001";
        (await RefusedAsync(new AwsDefaultSource("aws"))).Message.ShouldContain("without AWS_SECRET_ACCESS_KEY");
        environment["AWS_SECRET_ACCESS_KEY"] = "CANARYsecret";
        (await GetAsync(new AwsDefaultSource("aws"))).AccessKeyId.ShouldBe("AKIAENVIRONMENT001");
    }

    private void Instance(string step = "", HttpStatusCode status = HttpStatusCode.OK, string body = "") =>
        host.Network.OnRequest = (sent, _) => Task.FromResult(InstanceAnswer(sent, step, status, body));

    private static HttpResponseMessage InstanceAnswer(RecordingHandler.Sent sent, string step, HttpStatusCode status, string body)
    {
        var (name, usual) = sent switch
        {
            { Method: "PUT" } => ("token", "CANARYtoken=="),
            { Url: var url } when url.EndsWith('/') => ("role", "reader\n"),
            _ => ("credentials", Answer),
        };
        return name == step ? RecordingHandler.Make(body, status, "text/plain") : RecordingHandler.Make(usual, contentType: "text/plain");
    }

    private void WriteProfiles()
    {
        var folder = Directory.CreateDirectory(Path.Combine(host.Home, ".aws")).FullName;
        File.WriteAllText(Path.Combine(folder, "credentials"), """
            # the usual file
            [default]
            aws_access_key_id = AKIACREDENTIALS001
            aws_secret_access_key = CANARYdefault # with a comment
            [session]
            aws_access_key_id=ASIASESSION0000001
            aws_secret_access_key=CANARYsecret
            aws_session_token=CANARYsession
            [both]
            AWS_ACCESS_KEY_ID = AKIABOTHCRED000001
            aws_secret_access_key = CANARYboth
            [half]
            aws_access_key_id = AKIAHALF0000000001
            """);
        File.WriteAllText(Path.Combine(folder, "config"), """
            [profile config-only]
            region = eu-central-1
            aws_access_key_id = AKIACONFIG00000001
            aws_secret_access_key = CANARYconfig
            [profile both]
            aws_access_key_id = AKIABOTHCONF000001
            aws_secret_access_key = CANARYother
            [profile process]
            credential_process = /bin/cat /etc/shadow
            [profile sso]
            sso_session = corp
            [profile role]
            role_arn = arn:aws:iam::123456789012:role/reader
            source_profile = default
            [profile web]
            role_arn = arn:aws:iam::123456789012:role/reader
            web_identity_token_file = /var/run/token
            [profile empty]
            region = eu-central-1
            s3 =
              aws_access_key_id = AKIANESTED00000001
              aws_secret_access_key = CANARYnested
            """);
    }

    private void Set(string name, string? value)
    {
        if (value is not null)
        {
            environment[name] = value;
        }
    }

    private Task<AwsCredentials> GetAsync(AwsSource source) => host.Services.GetRequiredService<IAwsSources>().GetAsync(source, TestContext.Current.CancellationToken);

    private Task<FederationException> RefusedAsync(AwsSource source) => Should.ThrowAsync<FederationException>(() => GetAsync(source));
}
