using System.Diagnostics;
using System.Text.RegularExpressions;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>A server in a process of its own. What it writes goes to a file, as a service's output does, and costs this process nothing.</summary>
internal sealed partial class MeasuredProcess : IDisposable
{
    private readonly Process process;

    private readonly string log;

    private MeasuredProcess(Process process, string log, Uri address)
    {
        this.process = process;
        this.log = log;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>Bytes of physical memory it has now.</summary>
    public long WorkingSet
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>The most it had.</summary>
    public long PeakWorkingSet
    {
        get
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary>What it has computed so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Starts a program of this folder, and returns once it listens.</summary>
    public static async Task<MeasuredProcess> StartAsync(string directory, params string[] command)
    {
        var log = Path.Combine(directory, $"log-{Guid.CreateVersion7():N}");
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" > \"$0\" 2>&1", log, "dotnet", .. command]) { WorkingDirectory = directory };
        start.Environment["NO_PROXY"] = "127.0.0.1,localhost";

        // As the server's project has them.
        start.Environment["DOTNET_gcServer"] = "1";
        start.Environment["DOTNET_TC_CallCountingDelayMs"] = "0";
        start.Environment["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0";
        var process = Process.Start(start)!;
        var patience = Stopwatch.StartNew();
        while (true)
        {
            if (File.Exists(log) && Listening().Match(await File.ReadAllTextAsync(log)) is { Success: true } match)
            {
                return new MeasuredProcess(process, log, new Uri(match.Groups[1].Value));
            }

            if (process.HasExited || patience.Elapsed > TimeSpan.FromMinutes(1))
            {
                process.Kill();
                throw new InvalidOperationException($"{string.Join(' ', command)} does not listen: {await File.ReadAllTextAsync(log)}");
            }

            await Task.Delay(50);
        }
    }

    /// <summary>Ends it, as the system does when the machine shuts down.</summary>
    public void Dispose()
    {
        if (!process.HasExited)
        {
            using var signal = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            if (!process.WaitForExit(TimeSpan.FromSeconds(30)))
            {
                process.Kill();
                process.WaitForExit();
            }
        }

        process.Dispose();
        File.Delete(log);
    }

    [GeneratedRegex("""Now listening on: \W*(http://[0-9.]+:[0-9]+)""")]
    private static partial Regex Listening();
}
