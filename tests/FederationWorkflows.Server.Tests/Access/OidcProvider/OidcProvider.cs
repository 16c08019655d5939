using System.Diagnostics;
using System.Text.Json;
using FederationWorkflows.Server.Tests.Access.OidcProvider;

[assembly: AssemblyFixture(typeof(OidcProviderProcess))]

namespace FederationWorkflows.Server.Tests.Access.OidcProvider;

/// <summary>
/// A real OpenID Connect provider, npm's oauth2-mock-server, in a process of its own. Its packages are installed once for a lock file, beside the
/// test's other temporary files.
/// </summary>
public sealed class OidcProviderProcess : IAsyncDisposable
{
    private readonly SemaphoreSlim starting = new(1, 1);

    private Process? process;

    private Uri? issuer;

    /// <summary>Starts it at its first use: most tests need none.</summary>
    public async Task<Uri> StartAsync(CancellationToken cancellationToken)
    {
        await starting.WaitAsync(cancellationToken);
        try
        {
            if (issuer is null)
            {
                var folder = Path.Combine(AppContext.BaseDirectory, "OidcProvider");
                if (!File.Exists(Path.Combine(folder, "node_modules", ".package-lock.json")))
                {
                    await InstallAsync(folder, cancellationToken);
                }

                process = Start(folder, "node", "serve.mjs");
                issuer = new Uri(await process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("The provider does not start."));
            }

            return issuer;
        }
        finally
        {
            starting.Release();
        }
    }

    /// <summary>Says what the next ID tokens claim beside what the flow gives them.</summary>
    public async Task ClaimAsync(object claims, bool forge = false)
    {
        await process!.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new { claims, forge }));
        (await process.StandardOutput.ReadLineAsync()).ShouldBe("ok");
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        starting.Dispose();
    }

    private static async Task InstallAsync(string folder, CancellationToken cancellationToken)
    {
        using var npm = Start(folder, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
        var errors = npm.StandardError.ReadToEndAsync(cancellationToken);
        await npm.StandardOutput.ReadToEndAsync(cancellationToken);
        await npm.WaitForExitAsync(cancellationToken);
        if (npm.ExitCode != 0)
        {
            throw new InvalidOperationException($"npm ci failed: {await errors}");
        }
    }

    private static Process Start(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = program == "npm" };
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start. These tests need Node 20 and npm.");
    }
}
