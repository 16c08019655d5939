using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using FederationWorkflows.Storage.Sqlite.Database;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Storage.Sqlite.Tests;

public sealed class SqliteFileTests : IDisposable
{
    private static readonly Lease Mine = new("me", 1, Noon.AddMinutes(1));

    private readonly TestFile file = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => file.Dispose();

    [Fact]
    public async Task What_was_stored_is_there_when_the_server_starts_again()
    {
        await using (var before = await OpenAsync())
        {
            await before.Runs.CommitAsync(Commit("r", Mine) with { IsNew = true, State = [Part("run", "1")], Journal = [Line("r", 1)], NewTimers = [Timer("t", 1)] }, Token);
        }

        await using var after = await OpenAsync();
        (await after.Runs.LoadAsync("r", Token)).Text().ShouldBe("run=1");
        (await after.Runs.GetJournalAsync("r", new(), Token)).TotalCount.ShouldBe(1);
        (await after.Runs.GetNextTimerAsync(DateTimeOffset.MinValue, Token)).ShouldBe(Noon.AddMinutes(1));
    }

    [Fact]
    public async Task After_a_kill_every_acknowledged_commit_is_there()
    {
        await using var killed = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => killed.Runs.CommitAsync(Commit($"r{i}", Mine) with { IsNew = true, State = [Part("run", "1")] }, Token).AsTask()));

        // What a kill leaves: file and log as they are at this moment, the log not folded into the file.
        await using var after = await OpenAsync(file.Copy());

        (await after.Runs.ListAsync(new() { Take = 1 }, Token)).TotalCount.ShouldBe(50);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(700)]
    [InlineData(4_000)]
    public async Task A_log_torn_in_the_middle_of_a_write_loses_only_what_was_not_acknowledged(int torn)
    {
        await using var killed = await OpenAsync();
        await killed.Runs.CommitAsync(Commit("acknowledged", Mine) with { IsNew = true, State = [Part("run", "1")] }, Token);
        var acknowledged = new FileInfo(file.Path + "-wal").Length;
        await killed.Runs.CommitAsync(Commit("torn", Mine) with { IsNew = true, State = [Part("run", "2")] }, Token);
        var copy = file.Copy();
        using (var log = File.OpenWrite(copy + "-wal"))
        {
            log.Length.ShouldBeGreaterThan(acknowledged);
            log.SetLength(log.Length - torn);
        }

        await using var after = await OpenAsync(copy);

        (await after.Runs.LoadAsync("acknowledged", Token)).Text().ShouldBe("run=1");
        (await after.Runs.FindAsync("torn", Token)).ShouldBeNull();
        await after.Runs.CommitAsync(Commit("next", Mine) with { IsNew = true }, Token);
    }

    [Fact]
    public async Task A_full_disk_is_told_and_work_goes_on_when_there_is_space_again()
    {
        await using var storage = await OpenAsync();
        await storage.Runs.CommitAsync(Commit("r", Mine) with { IsNew = true, State = [Part("run", "1")] }, Token);
        await storage.Database.WriteAsync(session => session.Execute("PRAGMA max_page_count = 1"), Token);
        var large = Commit("r", Mine) with { State = [Part("run", "2"), new StatePart("body", new byte[1_000_000])] };

        var error = await Should.ThrowAsync<StorageUnavailableException>(async () => await storage.Runs.CommitAsync(large, Token));

        error.Message.ShouldBe($"The disk of {file.Path} is full. Free some space, or lower the retention; the server goes on by itself then.");
        error.IsTransient.ShouldBeFalse();
        (await storage.Runs.LoadAsync("r", Token)).Text().ShouldBe("run=1");
        await storage.Database.WriteAsync(session => session.Execute("PRAGMA max_page_count = 100000"), Token);
        await storage.Runs.CommitAsync(large, Token);
        (await storage.Runs.LoadAsync("r", Token)).ShouldNotBeNull().Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_file_that_another_process_holds_locked_is_told_as_something_that_passes()
    {
        await using var storage = await OpenAsync();
        await storage.Database.WriteAsync(session => session.Execute("PRAGMA busy_timeout = 0"), Token);
        using (var other = new Session(file.Path))
        {
            other.Execute("BEGIN IMMEDIATE");

            var error = await Should.ThrowAsync<StorageUnavailableException>(async () => await storage.Runs.CommitAsync(Commit("r", Mine) with { IsNew = true }, Token));

            error.Message.ShouldBe($"Another process holds {file.Path} locked. End it, or wait until it is done.");
            error.IsTransient.ShouldBeTrue();
        }

        await storage.Runs.CommitAsync(Commit("r", Mine) with { IsNew = true }, Token);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file.Path)!);
        await File.WriteAllTextAsync(file.Path, new string('x', 5_000), Token);

        var error = await Should.ThrowAsync<StorageUnavailableException>(async () => await OpenAsync());

        error.Message.ShouldBe($"{file.Path} is not an intact SQLite database. Stop the server and restore the file from a backup; keep the broken one, with its -wal file, for sqlite3's .recover.");
        (await File.ReadAllTextAsync(file.Path, Token)).Length.ShouldBe(5_000, "it may hold something worth saving");
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused()
    {
        Create("CREATE TABLE theirs (id INTEGER)");

        (await Should.ThrowAsync<StorageUnavailableException>(async () => await OpenAsync())).Message.ShouldBe($"{file.Path} is a database of another program. Choose another path.");
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_refused_and_left_as_it_is()
    {
        await using (var storage = await OpenAsync())
        {
            await storage.Database.WriteAsync(session => session.Execute("INSERT INTO schema_version (version, applied_at) VALUES (99, '')"), Token);
        }

        (await Should.ThrowAsync<StorageUnavailableException>(async () => await OpenAsync())).Message
            .ShouldBe($"{file.Path} was written by a newer version of FederationWorkflows (schema 99; this one knows 4). Start that version, or restore a backup from before the upgrade.");
    }

    [Theory]
    [InlineData("UPDATE audit SET actor = 'nobody'")]
    [InlineData("DELETE FROM audit")]
    [InlineData("REPLACE INTO audit (number, at, actor, signed_in_by, action, subject, succeeded) VALUES (1, 0, 'nobody', '', '', '', 1)")]
    [InlineData("INSERT INTO audit (number, at, actor, signed_in_by, action, subject, succeeded) VALUES (1, 0, 'nobody', '', '', '', 1) ON CONFLICT (number) DO UPDATE SET actor = excluded.actor")]
    public async Task What_happened_cannot_be_changed_in_the_file(string change)
    {
        await using var storage = await OpenAsync();
        await storage.Database.WriteAsync(session => session.Execute("INSERT INTO audit (at, actor, signed_in_by, action, subject, succeeded) VALUES (0, 'ann', '', '', '', 1)"), Token);

        (await Should.ThrowAsync<Exception>(async () => await storage.Database.WriteAsync(session => session.Execute(change), Token))).Message.ShouldContain("the audit log is not");

        (await storage.Database.ReadAsync(
            session =>
            {
                using var row = session.QueryOnce("SELECT group_concat(actor) FROM audit");
                row.Step();
                return row.Text(0);
            },
            Token)).ShouldBe("ann");
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_told()
    {
        await File.WriteAllTextAsync(Path.GetDirectoryName(file.Path)!, "a file, not a directory", Token);

        var error = await Should.ThrowAsync<StorageUnavailableException>(async () => await OpenAsync());

        error.Message.ShouldStartWith($"{file.Path} cannot be created: ");
        error.Message.ShouldEndWith(" Check that the server's user may write there.");
    }

    [Fact]
    public async Task Nobody_else_can_read_the_files()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        await using var storage = await OpenAsync();
        await storage.Runs.CommitAsync(Commit("r", Mine) with { IsNew = true }, Token);

        foreach (var name in new[] { file.Path, file.Path + "-wal", file.Path + "-shm" })
        {
#pragma warning disable CA1416 // Skipped on Windows.
            File.GetUnixFileMode(name).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, name);
#pragma warning restore CA1416
        }
    }

    [Fact]
    public async Task A_commit_is_synced_before_it_is_acknowledged()
    {
        await using var storage = await OpenAsync();

        (await PragmaAsync("journal_mode")).ShouldBe("wal");
        (await PragmaAsync("synchronous")).ShouldBe("2");

        async Task<string> PragmaAsync(string name) => await storage.Database.WriteAsync(
            session =>
            {
                using var row = session.QueryOnce("PRAGMA " + name);
                row.Step();
                return row.Text(0);
            },
            Token);
    }

    [Fact]
    public async Task Work_that_fails_leaves_what_is_stored_beside_it_alone()
    {
        await using var storage = await OpenAsync();
        var good = Enumerable.Range(0, 20).Select(i => storage.Runs.CommitAsync(Commit($"r{i}", Mine) with { IsNew = true }, Token).AsTask()).ToArray();
        var bad = Enumerable.Range(0, 20).Select(_ => storage.Database.WriteAsync(
            session =>
            {
                session.Execute("INSERT INTO nodes (id, version, started_at, last_seen, is_draining) VALUES ('half', '', 0, 0, 0)");
                session.Execute("INSERT INTO nodes (id) VALUES ('broken')");
            },
            Token).AsTask()).ToArray();

        await Task.WhenAll(good);
        foreach (var task in bad)
        {
            (await Should.ThrowAsync<SqliteException>(task)).Message.ShouldContain("NOT NULL");
        }

        (await storage.Runs.ListAsync(new() { Take = 1 }, Token)).TotalCount.ShouldBe(20);
        (await storage.Services.GetRequiredService<INodeStore>().GetNodesAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public void The_numbers_of_statuses_are_those_that_files_hold()
    {
        Enum.GetValues<WorkflowStatus>().ShouldBe([(WorkflowStatus)0, (WorkflowStatus)1]);
        ((int)WorkflowStatus.Running, (int)WorkflowStatus.Finished).ShouldBe((0, 1));
        ((int)WorkflowSubStatus.Pending, (int)WorkflowSubStatus.Executing, (int)WorkflowSubStatus.Suspended).ShouldBe((0, 1, 2));
        ((int)WorkflowSubStatus.Finished, (int)WorkflowSubStatus.Cancelled, (int)WorkflowSubStatus.Faulted).ShouldBe((3, 4, 5));
    }

    private void Create(string sql)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file.Path)!);
        SqliteLibrary.Use();
        using var connection = new SqliteConnection("Pooling=false;Data Source=" + file.Path);
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The test's own text.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private async Task<OpenStorage> OpenAsync(string? path = null)
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(new FakeTime()).AddSqliteStorage(new SqliteStorageOptions { Path = path ?? file.Path }).BuildServiceProvider();
        try
        {
            services.GetRequiredService<SqliteDatabase>().Open();
            return new OpenStorage(services);
        }
        catch
        {
            await services.DisposeAsync();
            throw;
        }
    }

    private sealed class OpenStorage(ServiceProvider services) : IAsyncDisposable
    {
        public IServiceProvider Services => services;

        public IRunStore Runs { get; } = services.GetRequiredService<IRunStore>();

        public SqliteDatabase Database { get; } = services.GetRequiredService<SqliteDatabase>();

        public ValueTask DisposeAsync() => services.DisposeAsync();
    }
}
