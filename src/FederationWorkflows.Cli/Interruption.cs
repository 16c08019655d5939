using System.Runtime.InteropServices;

namespace FederationWorkflows.Cli;

/// <summary>
/// Ctrl-C and SIGTERM, from before the command begins: System.CommandLine listens only once a command has first waited, and until then the hosts
/// of server and lab would swallow them. The first asks the command to end; the second, or ten seconds, end the process.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource source = new();

    private readonly PosixSignalRegistration interrupt;

    private readonly PosixSignalRegistration terminate;

    private readonly Timer patience = new(_ => Environment.Exit(ExitCodes.Cancelled));

    public Interruption()
    {
        interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        interrupt.Dispose();
        terminate.Dispose();
        patience.Dispose();
        source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (source.IsCancellationRequested)
        {
            Environment.Exit(ExitCodes.Cancelled);
        }

        patience.Change(Patience, Timeout.InfiniteTimeSpan);
        source.Cancel();
    }
}
