using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace FederationWorkflows.EndToEnd.Processes;

/// <summary>The server as people run it: the built program in a process of its own, on a free port of the loopback interface.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process process;

    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly ConcurrentQueue<string> log = new();

    private ServerProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException($"The server ended before it listened: {Log}"));
        process.EnableRaisingEvents = true;
    }

    /// <summary>Completes when it listens; fails when it ends before.</summary>
    public Task<Uri> Listening => listening.Task;

    /// <summary>Where it listens; null before that, and when it has ended.</summary>
    public Uri? Address => listening.Task.IsCompletedSuccessfully && !process.HasExited ? listening.Task.Result : null;

    /// <summary>All it has written.</summary>
    public string Log => string.Join('\n', log);

    /// <summary>Starts it. Proxies of the machine are for others.</summary>
    /// <param name="directory">The working directory, with the folder <c>stories</c>.</param>
    /// <param name="settings">Configuration.</param>
    /// <param name="program">The server's program, of another version for instance; null for this one's.</param>
    public static ServerProcess Start(string directory, IReadOnlyDictionary<string, string> settings, string? program = null)
    {
        string[] command = ["dotnet", program ?? Path.Combine(AppContext.BaseDirectory, "FederationWorkflows.Server.dll"), "--urls", "http://127.0.0.1:0", "--Server:Stories=stories", "--SignIn:TrustLocalCallers=true"];
        command = [.. command, .. settings.Select(setting => $"--{setting.Key}={setting.Value}")];
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NO_PROXY"] = "127.0.0.1,localhost";

        // Several servers start at once on a small machine.
        start.Environment["DOTNET_TieredPGO"] = "0";
        return new ServerProcess(Process.Start(start)!);
    }

    /// <summary>Ends it as a power cut would: SIGKILL, which no process can take note of.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        log.Enqueue(line);
        if (line.Contains("Now listening on: ", StringComparison.Ordinal))
        {
            using var json = JsonDocument.Parse(line);
            listening.TrySetResult(new Uri(json.RootElement.GetProperty("Properties").GetProperty("address").GetString()!));
        }
    }
}
