using System.Diagnostics;

namespace FederationWorkflows.CloudLab.Tests;

/// <summary>Debian's AWS CLI and Python with boto3 (apt-get install awscli python3-boto3), with a home of their own and a lab's credentials.</summary>
internal sealed class ClientProgram(TestLab lab) : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("cloudlab-cli-").FullName;

    public string Address => lab.Server.BaseAddress.GetLeftPart(UriPartial.Authority);

    public Dictionary<string, string> As(string keyId, string secret, string? token = null)
    {
        var environment = new Dictionary<string, string>(lab.Server.EnvironmentVariables) { ["AWS_ACCESS_KEY_ID"] = keyId, ["AWS_SECRET_ACCESS_KEY"] = secret, ["LAB"] = Address };
        if (token is not null)
        {
            environment["AWS_SESSION_TOKEN"] = token;
        }

        return environment;
    }

    public Dictionary<string, string> As(LabAccessKey key) => As(key.Id, key.Secret.Reveal());

    /// <summary>Runs the CLI, which must succeed, and returns its output.</summary>
    public async Task<string> AwsAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        var (status, output) = await RunAsync("/usr/bin/aws", environment, ["--endpoint-url", Address, .. arguments]);
        status.ShouldBe(0, output);
        return output;
    }

    /// <summary>Runs the CLI, which must fail as it does when a service refuses, and returns its output.</summary>
    public async Task<string> RefusedAsync(Dictionary<string, string> environment, params string[] arguments)
    {
        var (status, output) = await RunAsync("/usr/bin/aws", environment, ["--endpoint-url", Address, .. arguments]);
        status.ShouldBeOneOf(1, 254, 255);
        return output;
    }

    /// <summary>Runs a script, which must succeed, and returns its output.</summary>
    public async Task<string> PythonAsync(Dictionary<string, string> environment, string script)
    {
        var (status, output) = await RunAsync("/usr/bin/python3", environment, "-c", script);
        status.ShouldBe(0, output);
        return output;
    }

    public async Task<(int Status, string Output)> RunAsync(string program, Dictionary<string, string> environment, params string[] arguments)
    {
        File.Exists(program).ShouldBeTrue($"{program} is missing: apt-get install -y awscli python3-boto3");
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment["HOME"] = Folder;
        start.Environment["AWS_EC2_METADATA_DISABLED"] = "true";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestLab.Cancel);
        var errors = process.StandardError.ReadToEndAsync(TestLab.Cancel);
        await process.WaitForExitAsync(TestLab.Cancel);
        return (process.ExitCode, await output + await errors);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
