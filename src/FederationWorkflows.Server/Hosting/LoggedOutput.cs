using FederationWorkflows.Engine.Activities;

namespace FederationWorkflows.Server.Hosting;

/// <summary>What stories write goes to the server's log.</summary>
internal sealed partial class LoggedOutput(ILogger<LoggedOutput> logger) : IStandardOutput
{
    public void WriteLine(string text) => LogLine(text);

    [LoggerMessage(LogLevel.Information, "Story: {Text}")]
    private partial void LogLine(string text);
}
