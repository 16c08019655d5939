using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FederationWorkflows.Cli.Tests.Support;

/// <summary>The command as a process of its own, in a folder of its own.</summary>
internal sealed class Fedflow : IAsyncDisposable
{
    private readonly Process process;

    private readonly StringBuilder output = new();

    private readonly StringBuilder error = new();

    private readonly List<(string Text, TaskCompletionSource<string> Seen)> watches = [];

    private Fedflow(string folder, string[] arguments, IReadOnlyDictionary<string, string> environment, bool pipesInput = false)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "fedflow.dll"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = pipesInput,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var name in start.Environment.Keys.Where(IsOfTheUser).ToArray())
        {
            start.Environment.Remove(name);
        }

        // What it keeps for its user is the folder's.
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(folder, ".config");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Take(output, line.Data);
        process.ErrorDataReceived += (_, line) => Take(error, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => Text(output);

    public string Error => Text(error);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Fedflow Start(string folder, params string[] arguments) => Start(folder, new Dictionary<string, string>(), arguments);

    public static Fedflow Start(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments) => new(folder, arguments, environment);

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(string folder, params string[] arguments)
    {
        await using var fedflow = Start(folder, arguments);
        return (await fedflow.ExitAsync(), fedflow.Output, fedflow.Error);
    }

    /// <summary>Runs a command to its end, with something on its standard input.</summary>
    public static async Task<(int Code, string Output, string Error)> PipeAsync(string folder, string input, params string[] arguments)
    {
        await using var fedflow = new Fedflow(folder, arguments, new Dictionary<string, string>(), pipesInput: true);
        await fedflow.process.StandardInput.WriteAsync(input);
        fedflow.process.StandardInput.Close();
        return (await fedflow.ExitAsync(), fedflow.Output, fedflow.Error);
    }

    /// <summary>The first line of standard output with the text.</summary>
    public async Task<string> LineAsync(string text)
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (output)
        {
            if (Array.Find(output.ToString().Split('\n'), line => line.Contains(text, StringComparison.Ordinal)) is { } line)
            {
                return line;
            }

            watches.Add((text, seen));
        }

        var ended = process.WaitForExitAsync(Cancellation);
        if (await Task.WhenAny(seen.Task, ended) != seen.Task)
        {
            throw new InvalidOperationException($"It ended with {process.ExitCode} and without '{text}'. Output: {Output} Error: {Error}");
        }

        return await seen.Task;
    }

    /// <summary>Ctrl-C.</summary>
    public async Task InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Cancellation);
    }

    /// <summary>Waits for the end.</summary>
    public async Task<int> ExitAsync(int seconds = 60)
    {
        await process.WaitForExitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(seconds), Cancellation);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
    }

    /// <summary>What a text holds when it is exactly one JSON document; anything after it is an error of the parser.</summary>
    public static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private static bool IsOfTheUser(string variable) =>
        variable.StartsWith("FEDFLOW_", StringComparison.Ordinal) || variable.StartsWith("AWS_", StringComparison.OrdinalIgnoreCase) || variable.StartsWith("GOOGLE_", StringComparison.OrdinalIgnoreCase) || variable.EndsWith("_PROXY", StringComparison.OrdinalIgnoreCase);

    private static string Text(StringBuilder builder)
    {
        lock (builder)
        {
            return builder.ToString();
        }
    }

    private void Take(StringBuilder builder, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (builder)
        {
            builder.Append(line).Append('\n');
            if (builder == output)
            {
                foreach (var (_, seen) in watches.Where(watch => line.Contains(watch.Text, StringComparison.Ordinal)))
                {
                    seen.TrySetResult(line);
                }
            }
        }
    }
}
