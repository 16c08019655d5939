using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Server.Hosting;

namespace FederationWorkflows.Cli;

/// <summary>How a command that could not do its work says so.</summary>
internal static class Failure
{
    /// <summary>Says it in a line for each problem on standard error, and with <c>--json</c> as the one object on standard output.</summary>
    /// <returns>The exit code.</returns>
    public static int Report(Exception exception, bool json, string? file = null)
    {
        if (exception is OperationCanceledException)
        {
            return ExitCodes.Cancelled;
        }

        var problems = (exception as DefinitionException)?.Problems;
        foreach (var line in problems?.Select(problem => $"{file}: {problem}") ?? [ServerHost.Explain(exception)])
        {
            Console.Error.WriteLine(line);
        }

        if (json)
        {
            JsonOutput.Write(new { error = problems is null ? ServerHost.Explain(exception) : $"{file} has {problems.Count} problem(s).", problems });
        }

        return ExitCodes.Failed;
    }
}
