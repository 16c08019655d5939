namespace FederationWorkflows.Cli;

/// <summary>The exit codes of every command.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    public const int Failed = 1;

    /// <summary>The question was answered, and the answer is no: denied, or something dangerous was found.</summary>
    public const int No = 2;

    /// <summary>As a shell has it for a program ended by Ctrl-C.</summary>
    public const int Cancelled = 130;
}
