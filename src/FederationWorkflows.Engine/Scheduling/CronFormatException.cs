namespace FederationWorkflows.Engine.Scheduling;

/// <summary>A text that is no cron expression; the message says which part and why.</summary>
public sealed class CronFormatException(string message) : FormatException(message);
