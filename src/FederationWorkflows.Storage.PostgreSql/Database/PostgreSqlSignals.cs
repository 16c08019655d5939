using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql.Database;

/// <summary>
/// Tells other nodes by NOTIFY and listens by LISTEN, on a connection of its own. While that is lost, signals are: when it is back,
/// listeners are told that everything may have changed.
/// </summary>
internal sealed partial class PostgreSqlSignals(NpgsqlDataSource source, PostgreSqlStorageOptions options, InProcessSignals local, TimeProvider timeProvider, ILogger<PostgreSqlSignals> logger)
    : IStoreSignals, IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stopping = new();

    private readonly SemaphoreSlim starting = new(1, 1);

    private Task? listening;

    private bool isDisposed;

    /// <summary>The text of a notification.</summary>
    public static string Write(StoreSignal signal) => $"{signal.Kind}\n{signal.Key}";

    public async ValueTask PublishAsync(StoreSignal signal, CancellationToken cancellationToken)
    {
        try
        {
            await StartAsync(cancellationToken);
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var command = Notify(signal).On(connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception e) when (Failures.Translate(e, options.Place) is StorageUnavailableException unavailable)
        {
            throw unavailable;
        }
    }

    /// <summary>The statement that tells all nodes once its transaction is committed.</summary>
    public Sql Notify(StoreSignal signal) => new Sql("SELECT pg_notify($1, $2)").Text(Channel).Text(Write(signal));

    public IDisposable Subscribe(Action<StoreSignal> listener) => local.Subscribe(listener);

    /// <summary>Begins to listen, unless it does; when this returns, nothing is missed any more.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref listening) is not null)
        {
            return;
        }

        await starting.WaitAsync(cancellationToken);
        try
        {
            if (listening is null)
            {
                var connection = await ConnectAsync(cancellationToken);
                Volatile.Write(ref listening, Task.Run(() => ListenAsync(connection), CancellationToken.None));
            }
        }
        finally
        {
            starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A container disposes of it once for each service it is.
        if (Interlocked.Exchange(ref isDisposed, true))
        {
            return;
        }

        await stopping.CancelAsync();
        await (listening ?? Task.CompletedTask);
        stopping.Dispose();
        starting.Dispose();
    }

    /// <summary>Each schema has its own.</summary>
    public string Channel => "fedflow_" + options.Schema;

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            connection.Notification += (_, notification) => Tell(notification.Payload);
#pragma warning disable CA2100 // The schema's name is checked when it is configured.
            await using var command = new NpgsqlCommand($"LISTEN {Channel}", connection);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task ListenAsync(NpgsqlConnection connection)
    {
        while (true)
        {
            try
            {
                await using (connection)
                {
                    while (true)
                    {
                        await connection.WaitAsync(stopping.Token);
                    }
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogLost(e.Message);
            }

            if (await ReconnectAsync() is not { } again)
            {
                return;
            }

            connection = again;
            local.Tell(new StoreSignal(SignalKinds.Everything, ""));
        }
    }

    private async Task<NpgsqlConnection?> ReconnectAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                return await ConnectAsync(stopping.Token);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogNotBack(e.Message);
            }
            catch (OperationCanceledException)
            {
                return null;
            }

            await Task.Delay(RetryAfter, timeProvider, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }

    private void Tell(string payload)
    {
        var end = payload.IndexOf('\n', StringComparison.Ordinal);
        if (end >= 0)
        {
            local.Tell(new StoreSignal(payload[..end], payload[(end + 1)..]));
        }
    }

    [LoggerMessage(LogLevel.Warning, "Signals from other nodes are not heard, the connection is lost; it is made anew: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(LogLevel.Warning, "Signals from other nodes are still not heard; the next attempt follows: {Reason}")]
    private partial void LogNotBack(string reason);
}
