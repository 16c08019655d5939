namespace FederationWorkflows.Cli;

/// <summary>The exit codes of every command.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    public const int Failed = 1;

    /// <summary>As a shell has it for a program ended by Ctrl-C.</summary>
    public const int Cancelled = 130;
}
