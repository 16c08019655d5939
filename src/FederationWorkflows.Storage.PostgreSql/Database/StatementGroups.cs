using System.Threading.Channels;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Telemetry;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql.Database;

/// <summary>
/// Sends statements of concurrent runs together: what waits while a transaction is on its way goes into the next one, which is one round
/// trip and one sync of the log for all of them. Each item is answered with one value; one that fails leaves the others alone.
/// </summary>
/// <typeparam name="T">What is executed.</typeparam>
/// <param name="database">The database.</param>
/// <param name="senders">Transactions that are on their way at once: while one waits for the disk, another is gathered.</param>
/// <param name="compose">Makes the statements of a group.</param>
/// <param name="logger">Takes note of transactions that are repeated.</param>
internal sealed partial class StatementGroups<T>(PostgreSqlDatabase database, int senders, Func<IReadOnlyList<T>, IReadOnlyList<GroupedStatement>> compose, ILogger logger) : IAsyncDisposable
{
    /// <summary>Items beyond this wait for the next transaction, so that the first of a group is not kept waiting for the last.</summary>
    private const int MaxGroup = 64;

    private const int MaxAttempts = 5;

    private readonly Channel<Waiting> waiting = Channel.CreateUnbounded<Waiting>();

    private readonly Lock starting = new();

    private Task? sending;

    /// <summary>Executes something, and completes once its transaction is committed.</summary>
    /// <returns>Its answer.</returns>
    /// <exception cref="StorageUnavailableException">The database does not answer or cannot be used.</exception>
    public async ValueTask<object?> ExecuteAsync(T work, CancellationToken cancellationToken)
    {
        var item = new Waiting(work, cancellationToken);
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
            sending ??= Task.WhenAll(Enumerable.Range(0, senders).Select(_ => Task.Run(SendAsync)));
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
                await ExecuteAsync(group);
                group.Clear();
            }
        }
    }

    private async Task ExecuteAsync(List<Waiting> group)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var answers = await SendAsync(group);
                StorageMeter.Stored(group.Count);
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
                        await ExecuteAsync([item]);
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
    private async Task<object?[]> SendAsync(List<Waiting> group)
    {
        await database.OpenAsync(CancellationToken.None);
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var batch = new NpgsqlBatch(connection);
        var statements = compose([.. group.Select(item => item.Work)]);
        foreach (var statement in statements)
        {
            batch.BatchCommands.Add(statement.Sql.InBatch());
        }

        var answers = new object?[group.Count];
        await using var rows = await batch.ExecuteReaderAsync();
        foreach (var statement in statements)
        {
            await rows.ReadAsync();
            statement.Answer(await rows.IsDBNullAsync(0) ? null : rows.GetValue(0), answers);
            await rows.NextResultAsync();
        }

        return answers;
    }

    [LoggerMessage(LogLevel.Information, "A transaction of {Count} statements is repeated after attempt {Attempt}, since another was in its way: {Reason}")]
    private partial void LogConflict(int attempt, int count, string reason);

    private sealed class Waiting(T work, CancellationToken cancellationToken) : TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public T Work => work;

        public bool TryCallOff() => cancellationToken.IsCancellationRequested && TrySetCanceled(cancellationToken);
    }
}

/// <summary>A statement of a group, for one of its items or for several.</summary>
/// <param name="Sql">The statement. It answers with one row.</param>
/// <param name="Answer">Takes the row's first value, and puts the answers of its items into those of the group.</param>
internal readonly record struct GroupedStatement(Sql Sql, Action<object?, object?[]> Answer)
{
    /// <summary>Statements that have nothing in common: the value is the answer.</summary>
    public static IReadOnlyList<GroupedStatement> Each(IReadOnlyList<Sql> statements) => [.. statements.Select((sql, i) => new GroupedStatement(sql, (value, answers) => answers[i] = value))];
}
