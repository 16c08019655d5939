using System.Threading.Channels;

namespace FederationWorkflows.Engine.Execution;

/// <summary>Executions that await something. They run beside the driver; what they set is taken over when they are taken back, on its turn.</summary>
internal sealed class InFlightExecutions
{
    private Channel<ActivityExecutionContext>? returned;

    public int Count { get; private set; }

    /// <summary>
    /// Callbacks among them. A saved run executes an activity in flight again, but it could not repeat a callback whose child or bookmark is gone:
    /// while one is in flight, nothing may be committed.
    /// </summary>
    public int Callbacks { get; private set; }

    public void Add(ActivityExecutionContext context, ValueTask pending, bool isCallback)
    {
        returned ??= Channel.CreateUnbounded<ActivityExecutionContext>(new UnboundedChannelOptions { SingleReader = true });
        context.State |= isCallback ? ActivityExecutionContext.Flags.InFlight | ActivityExecutionContext.Flags.InCallback : ActivityExecutionContext.Flags.InFlight;
        Count++;
        Callbacks += isCallback ? 1 : 0;
        _ = ObserveAsync(context, pending, returned.Writer);
    }

    /// <summary>The next one that has returned.</summary>
    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ActivityExecutionContext? context)
    {
        context = null;
        if (Count == 0 || !returned!.Reader.TryRead(out context))
        {
            return false;
        }

        Count--;
        Callbacks -= (context.State & ActivityExecutionContext.Flags.InCallback) != 0 ? 1 : 0;
        context.State &= ~(ActivityExecutionContext.Flags.InFlight | ActivityExecutionContext.Flags.InCallback);
        return true;
    }

    /// <summary>Waits until one has returned; at once when there is none.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (Count > 0)
        {
            await returned!.Reader.WaitToReadAsync(cancellationToken);
        }
    }

    private static async Task ObserveAsync(ActivityExecutionContext context, ValueTask pending, ChannelWriter<ActivityExecutionContext> returned)
    {
        try
        {
            await pending;
        }
        catch (Exception e)
        {
            context.Rare.Failure = e;
        }

        returned.TryWrite(context);
    }
}
