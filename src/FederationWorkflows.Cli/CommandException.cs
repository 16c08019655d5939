namespace FederationWorkflows.Cli;

/// <summary>What the user asked for cannot be done, and the message says why.</summary>
internal class CommandException(string message) : Exception(message);
