using System.Threading.Channels;
using FederationWorkflows.Runtime.Telemetry;

namespace FederationWorkflows.Storage.Sqlite.Database;

/// <summary>
/// The only one that writes. What waits while a transaction is put on disk goes into the next one together, so that throughput follows the
/// disk and not the number of runs. Each piece of work has its own savepoint: one that is refused leaves its neighbours alone.
/// </summary>
internal sealed class GroupWriter
{
    /// <summary>Work beyond this waits for the next transaction, so that the first of a group is not kept waiting for the last.</summary>
    private const int MaxGroup = 512;

    private readonly Channel<Work> waiting = Channel.CreateUnbounded<Work>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Session session;

    private readonly string path;

    private readonly Thread thread;

    public GroupWriter(Session session, string path)
    {
        this.session = session;
        this.path = path;
        thread = new Thread(Run) { IsBackground = true, Name = "SQLite writer" };
        thread.Start();
    }

    /// <summary>Does work in a transaction, and completes once it is on disk.</summary>
    /// <param name="work">Called on the writer's thread. If it throws, what it wrote is undone, and who waits gets the exception.</param>
    /// <param name="cancellationToken">Calls it off unless it has begun.</param>
    public async ValueTask<T> WriteAsync<T>(Func<Session, T> work, CancellationToken cancellationToken)
    {
        var item = new Work<T>(work, cancellationToken);
        ObjectDisposedException.ThrowIf(!waiting.Writer.TryWrite(item), this);
        return await item.Task;
    }

    /// <summary>Finishes what waits, and ends.</summary>
    public async ValueTask StopAsync()
    {
        waiting.Writer.TryComplete();
        await Task.Run(thread.Join);
    }

    private void Run()
    {
        var group = new List<Work>(MaxGroup);
        while (waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (group.Count < MaxGroup && waiting.Reader.TryRead(out var work))
            {
                group.Add(work);
            }

            Store(group);
            group.Clear();
        }
    }

    private void Store(List<Work> group)
    {
        try
        {
            session.Execute("BEGIN IMMEDIATE");
            foreach (var work in group)
            {
                Do(work);
            }

            session.Execute("COMMIT");
            StorageMeter.Stored(group.Count);
        }
        catch (Exception e)
        {
            var failure = Failures.Translate(e, path);
            TryRollBack();
            foreach (var work in group)
            {
                work.Fail(failure);
            }

            return;
        }

        foreach (var work in group)
        {
            work.Complete();
        }
    }

    private void Do(Work work)
    {
        if (work.TryCallOff())
        {
            return;
        }

        session.Execute("SAVEPOINT work");
        try
        {
            work.Execute(session);
        }
        catch (Exception e) when (!Failures.EndsTransaction(e))
        {
            work.Refuse(Failures.Translate(e, path));
            session.Execute("ROLLBACK TO work");
        }

        session.Execute("RELEASE work");
    }

    private void TryRollBack()
    {
        try
        {
            if (!session.IsAutoCommit)
            {
                session.Execute("ROLLBACK");
            }
        }
        catch (Exception)
        {
            // The disk does not even allow that. The next transaction cannot begin then, and who wants it is told why.
        }
    }

    private abstract class Work
    {
        public abstract bool TryCallOff();

        public abstract void Execute(Session session);

        /// <summary>It does not count, whatever becomes of the others.</summary>
        public abstract void Refuse(Exception reason);

        /// <summary>The transaction is on disk.</summary>
        public abstract void Complete();

        /// <summary>The transaction is not on disk.</summary>
        public abstract void Fail(Exception reason);
    }

    private sealed class Work<T>(Func<Session, T> work, CancellationToken cancellationToken) : Work
    {
        private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private T result = default!;

        private Exception? refusal;

        public Task<T> Task => completion.Task;

        public override bool TryCallOff() => cancellationToken.IsCancellationRequested && completion.TrySetCanceled(cancellationToken);

        public override void Execute(Session session) => result = work(session);

        public override void Refuse(Exception reason) => refusal = reason;

        public override void Complete()
        {
            if (refusal is null)
            {
                completion.TrySetResult(result);
            }
            else
            {
                completion.TrySetException(refusal);
            }
        }

        public override void Fail(Exception reason) => completion.TrySetException(refusal ?? reason);
    }
}
