using System.Diagnostics;
using System.Net.Sockets;
using FederationWorkflows.Cli.Tests.Support;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow lab</c>.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class LabTests : TestFolder
{
    [Fact]
    public async Task What_it_exports_works_with_the_AWS_CLI_and_is_gone_after_Ctrl_C()
    {
        await using var lab = Fedflow.Start(Folder, "lab");
        await lab.LineAsync("Ctrl-C ends the lab");
        var environment = lab.Output.Split('\n').Where(line => line.StartsWith("export ", StringComparison.Ordinal))
            .Select(line => line["export ".Length..].Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim('\''));
        var address = new Uri(environment["AWS_ENDPOINT_URL"]);
        var key = environment["GOOGLE_APPLICATION_CREDENTIALS"];

        File.GetUnixFileMode(key).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Path.GetDirectoryName(key)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        (await AwsAsync(environment, "sts", "get-caller-identity", "--query", "Arn")).ShouldBe("\"arn:aws:iam::111122223333:user/security-engineer\"\n");
        (await AwsAsync(environment, "s3", "ls")).ShouldContain("security-lab-incident-evidence");

        await lab.InterruptAsync();
        (await lab.ExitAsync()).ShouldBe(0);
        lab.Error.ShouldBeEmpty();
        Directory.Exists(Path.GetDirectoryName(key)).ShouldBeFalse();
        using var client = new TcpClient();
        await Should.ThrowAsync<SocketException>(() => client.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken).AsTask());
    }

    [Fact]
    public async Task Json_is_one_object()
    {
        await using var lab = Fedflow.Start(Folder, "lab", "--json");
        await lab.LineAsync("}\n".Trim());
        await lab.InterruptAsync();
        (await lab.ExitAsync()).ShouldBe(0);
        var result = Fedflow.Json(lab.Output);
        result.GetProperty("environment").GetProperty("AWS_ENDPOINT_URL").GetString().ShouldStartWith("http://127.0.0.1:");
        result.GetProperty("events").GetString().ShouldBe(result.GetProperty("address").GetString() + "lab/events");
    }

    [Theory]
    [InlineData("""{"aws":{"accounts":[{"id":"12"}]}}""", "The lab cannot start: world.json: $.aws.accounts[0].id: An account id has twelve digits.")]
    [InlineData("""{"google":{"projects":[{"id":"security","number":"x"}]}}""", "The lab cannot start: world.json: $.google.projects[0].number: 'x' is no project number")]
    [InlineData("{", "The lab cannot start: world.json: $: ")]
    public async Task A_wrong_world_is_refused_with_its_JSON_path(string world, string expected)
    {
        var (code, output, error) = await Fedflow.RunAsync(Folder, "lab", "--world", Write("world.json", world));
        code.ShouldBe(1);
        output.ShouldBeEmpty();
        error.ShouldStartWith(expected);
        error.Trim().ShouldNotContain('\n');
    }

    [Fact]
    public async Task A_port_that_cannot_be_is_refused()
    {
        var (code, _, error) = await Fedflow.RunAsync(Folder, "lab", "--port", "99999");
        code.ShouldBe(1);
        error.ShouldStartWith("--port takes a number from 0 to 65535.");
    }

    private async Task<string> AwsAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        // The first aws of a PATH may be another one.
        var start = new ProcessStartInfo("/usr/bin/aws", ["--endpoint-url", environment["AWS_ENDPOINT_URL"], .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("AWS_", StringComparison.Ordinal) || name.EndsWith("_proxy", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        start.Environment["HOME"] = Folder;
        using var aws = Process.Start(start)!;
        var error = aws.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await aws.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await aws.WaitForExitAsync(TestContext.Current.CancellationToken);
        aws.ExitCode.ShouldBe(0, await error);
        return output;
    }
}
