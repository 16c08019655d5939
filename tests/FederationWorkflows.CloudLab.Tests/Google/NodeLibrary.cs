using System.Diagnostics;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>Google's library for Node.js, as npm gives it, in a folder of its own; the programs that use it are next to its lock file.</summary>
public sealed class NodeLibrary : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("google-auth-library-").FullName;

    public async ValueTask InitializeAsync()
    {
        foreach (var name in new[] { "package.json", "package-lock.json", "exchange.mjs" })
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "Google", "Node", name), Path.Combine(folder, name));
        }

        await RunAsync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], []);
    }

    public async Task<string> RunAsync(string program, string[] arguments, (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };

        // Nothing of this machine's own identities, nor its proxy.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("AWS_", StringComparison.Ordinal) || name.StartsWith("GOOGLE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, $"{program}: {await output} {await error}");
        return await output;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
