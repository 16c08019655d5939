using FederationWorkflows.Server.Hosting;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace FederationWorkflows.Server.Tests;

/// <summary>The log as a person reads it in a terminal.</summary>
public sealed class TerminalLogTests
{
    [Fact]
    public void What_strangers_send_cannot_forge_a_line_or_move_the_cursor()
    {
        var kept = new Kept();
        using (var logger = new LoggerConfiguration().Enrich.With<ServerLogging.PlainText>().WriteTo.Sink(kept).CreateLogger())
        {
            logger.Information("Story: {Text} {Count}", "one\r\n12:00:00 INF forged \u001b[2J", 3);
        }

        kept.Message.ShouldBe("Story: \"one\\u000d\\u000a12:00:00 INF forged \\u001b[2J\" 3");
    }

    private sealed class Kept : ILogEventSink
    {
        public string? Message { get; private set; }

        public void Emit(LogEvent logEvent) => Message = logEvent.RenderMessage(System.Globalization.CultureInfo.InvariantCulture);
    }
}
