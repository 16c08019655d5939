using System.Threading.Channels;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql.Runs;

/// <summary>
/// Stores commits. What waits while a transaction is on its way goes into the next one together: one round trip and one sync of the log for
/// all of them. Each is one call of a function that answers whether it was stored; one that is refused has changed nothing.
/// </summary>
internal sealed partial class CommitQueue(PostgreSqlDatabase database, TimeProvider timeProvider, ILogger<CommitQueue> logger) : IAsyncDisposable
{
    /// <summary>Commits beyond this wait for the next transaction, so that the first of a group is not kept waiting for the last.</summary>
    private const int MaxGroup = 64;

    /// <summary>While one waits for the disk, the other gathers and sends.</summary>
    private const int Senders = 2;

    private const int MaxAttempts = 5;

    private readonly Channel<Waiting> waiting = Channel.CreateUnbounded<Waiting>();

    private readonly Lock starting = new();

    private Task? sending;

    /// <summary>Stores a commit, and completes once it is on the server's disk.</summary>
    /// <returns>What the function answered.</returns>
    public async ValueTask<string> StoreAsync(RunTransaction transaction, CancellationToken cancellationToken)
    {
        var item = new Waiting(CommitCall.Of(transaction, timeProvider.GetUtcNow()), cancellationToken);
        ObjectDisposedException.ThrowIf(!waiting.Writer.TryWrite(item), this);
        Start();
        return await item.Task;
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await (sending ?? Task.CompletedTask);
    }

    private void Start()
    {
        if (Volatile.Read(ref sending) is not null)
        {
            return;
        }

        lock (starting)
        {
            sending ??= Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(SendAsync)));
        }
    }

    private async Task SendAsync()
    {
        var group = new List<Waiting>(MaxGroup);
        while (await waiting.Reader.WaitToReadAsync())
        {
            while (group.Count < MaxGroup && waiting.Reader.TryRead(out var item))
            {
                if (!item.TryCallOff())
                {
                    group.Add(item);
                }
            }

            if (group.Count > 0)
            {
                await StoreAsync(group);
                group.Clear();
            }
        }
    }

    private async Task StoreAsync(List<Waiting> group)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var answers = await SendAsync(group);
                for (var i = 0; i < answers.Length; i++)
                {
                    group[i].SetResult(answers[i]);
                }

                return;
            }
            catch (PostgresException e) when (Failures.IsConflict(e) && attempt < MaxAttempts)
            {
                LogConflict(attempt, group.Count, e.MessageText);
            }
            catch (Exception e)
            {
                var failure = Failures.Translate(e, database.Place);
                if (group.Count > 1 && failure is not StorageUnavailableException)
                {
                    // One of them cannot be taken, and has undone them all.
                    foreach (var item in group)
                    {
                        await StoreAsync([item]);
                    }

                    return;
                }

                foreach (var item in group)
                {
                    item.SetException(failure);
                }

                return;
            }
        }
    }

    /// <summary>Sends a group as one pipeline, which is one transaction (PostgreSQL's chapter "Message Flow", "Pipelining").</summary>
    private async Task<string[]> SendAsync(List<Waiting> group)
    {
        await database.OpenAsync(CancellationToken.None);
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var item in group)
        {
            batch.BatchCommands.Add(item.Call.InBatch());
        }

        var answers = new string[group.Count];
        await using var rows = await batch.ExecuteReaderAsync();
        for (var i = 0; i < answers.Length; i++)
        {
            await rows.ReadAsync();
            answers[i] = rows.GetString(0);
            await rows.NextResultAsync();
        }

        return answers;
    }

    [LoggerMessage(LogLevel.Information, "A transaction of {Count} commits is repeated after attempt {Attempt}, since another was in its way: {Reason}")]
    private partial void LogConflict(int attempt, int count, string reason);

    private sealed class Waiting(Sql call, CancellationToken cancellationToken) : TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public Sql Call => call;

        public bool TryCallOff() => cancellationToken.IsCancellationRequested && TrySetCanceled(cancellationToken);
    }
}
