using System.Collections.Concurrent;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;
using static FederationWorkflows.Runtime.Tests.Storage.StoredParts;

namespace FederationWorkflows.Storage.PostgreSql.Tests;

public sealed class DatabaseTests(PostgreSqlServer server)
{
    private static readonly Lease Mine = new("me", 1, Noon.AddMinutes(1));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nodes_that_start_together_over_an_empty_database_all_start()
    {
        var options = server.NewOptions();

        await Task.WhenAll(Enumerable.Range(0, 5).Select(async i =>
        {
            await using var services = Node(options);
            await Runs(services).CommitAsync(Commit($"r{i}", Mine) with { IsNew = true }, Token);
        }));

        await using var after = Node(options);
        (await Runs(after).ListAsync(new(), Token)).TotalCount.ShouldBe(5);
    }

    [Fact]
    public async Task Nodes_hear_each_other()
    {
        var options = server.NewOptions();
        await using var one = Node(options);
        await using var other = Node(options);
        await Runs(other).FindAsync("r", Token);
        using var heard = new BlockingCollection<StoreSignal>();
        using var subscription = other.GetRequiredService<IStoreSignals>().Subscribe(heard.Add);

        await Runs(one).CommitAsync(Commit("r", Mine) with { IsNew = true, Signals = [new("place", "hash")] }, Token);

        heard.TryTake(out var signal, 10_000, Token).ShouldBeTrue();
        signal.ShouldBe(new StoreSignal("place", "hash"));
    }

    [Fact]
    public async Task A_node_works_with_the_additions_of_the_version_after_it()
    {
        var options = server.NewOptions();
        await using (var older = Node(options))
        {
            await Runs(older).CommitAsync(Commit("r", Mine) with { IsNew = true }, Token);
            await ExecuteAsync(options, "INSERT INTO schema_version (version, compatible_from) VALUES (50, 1)");
        }

        await using var again = Node(options);
        (await Runs(again).FindAsync("r", Token)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_node_goes_on_and_starts_again_while_a_newer_version_adds_to_the_schema_and_each_goes_on_with_what_the_other_began()
    {
        var options = server.NewOptions();
        await using (var older = Node(options))
        {
            await Runs(older).CommitAsync(Commit("old", Mine) with { IsNew = true, ReleasesLease = true, State = [new("core", [1])] }, Token);

            // What the version after this one would do at its start, and then with a run of its own and with one of the older node's.
            await ExecuteAsync(
                options,
                """
                ALTER TABLE runs ADD COLUMN region text NOT NULL DEFAULT 'somewhere';
                ALTER TABLE nodes ADD COLUMN zone text;
                CREATE TABLE regions (name text PRIMARY KEY);
                CREATE INDEX runs_of_region ON runs (region, id);
                CREATE FUNCTION commit_run_99(in_id text) RETURNS text LANGUAGE sql AS 'SELECT in_id';
                INSERT INTO schema_version (version, compatible_from) VALUES (99, 1);
                INSERT INTO runs (id, definition_id, definition_version_id, version, revision, created_at, status, sub_status, incident_count, updated_at, commits,
                  lease_token, lease_expires_at, region)
                VALUES ('new', 'story', 'story:1', 1, 'revision', now(), 0, 1, 0, now(), 1, 1, '-infinity', 'here');
                INSERT INTO run_parts (run, key, data) SELECT key, 'core', '\x02' FROM runs WHERE id = 'new';
                INSERT INTO run_parts (run, key, data) SELECT key, 'of the newer version', '\x03' FROM runs;
                """);
            await GoOnAsync(older, "old", "new");
            await Runs(older).CommitAsync(Commit("later", Mine) with { IsNew = true, ReleasesLease = true }, Token);
        }

        await using var again = Node(options);
        await GoOnAsync(again, "old", "new", "later");
        (await Runs(again).LoadAsync("new", Token)).ShouldNotBeNull().Keys.ShouldBe(["core", "of the newer version"], ignoreOrder: true);

        static async Task GoOnAsync(ServiceProvider node, params string[] runIds)
        {
            foreach (var id in runIds)
            {
                var lease = (await Runs(node).ClaimAsync(id, "me", TimeSpan.FromMinutes(1), Token)).ShouldNotBeNull();
                await Runs(node).CommitAsync(Commit(id, lease) with { ReleasesLease = true, State = [new("core", [4])] }, Token);
                (await Runs(node).LoadAsync(id, Token)).ShouldNotBeNull()["core"].ShouldBe([4]);
            }
        }
    }

    [Fact]
    public async Task A_node_refuses_a_database_that_only_newer_ones_understand()
    {
        var options = server.NewOptions();
        await using (var older = Node(options))
        {
            await Runs(older).FindAsync("r", Token);
            await ExecuteAsync(options, "INSERT INTO schema_version (version, compatible_from) VALUES (57, 55)");
        }

        await using var again = Node(options);
        var error = await Should.ThrowAsync<StorageUnavailableException>(async () => await Runs(again).FindAsync("r", Token));

        error.Message.ShouldBe($"The database {options.Place} was upgraded by a newer version of FederationWorkflows (schema 57, which needs at least 55; this one knows 4). Start that version, or restore a backup from before the upgrade.");
        error.IsTransient.ShouldBeFalse();
    }

    [Theory]
    [InlineData("UPDATE audit SET actor = 'nobody'")]
    [InlineData("DELETE FROM audit")]
    [InlineData("TRUNCATE audit")]
    [InlineData("INSERT INTO audit (number, at, actor, signed_in_by, action, subject, succeeded) OVERRIDING SYSTEM VALUE VALUES (1, now(), 'nobody', '', '', '', true) ON CONFLICT (number) DO UPDATE SET actor = excluded.actor")]
    public async Task What_happened_cannot_be_changed_in_the_database(string change)
    {
        var options = server.NewOptions();
        await using var node = Node(options);
        var audit = node.GetRequiredService<IAuditStore>();
        await audit.AppendAsync(new() { At = Noon, Actor = "ann", SignedInBy = "session", Action = "story.save", Subject = "a" }, Token);

        (await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(options, change))).MessageText.ShouldBe("the audit log is added to and read, never changed");

        (await audit.ListAsync(new(), Token)).ShouldHaveSingleItem().Actor.ShouldBe("ann");
    }

    [Fact]
    public async Task A_database_that_does_not_exist_is_told()
    {
        var options = server.NewOptions();
        options = options with { ConnectionString = new NpgsqlConnectionStringBuilder(options.ConnectionString) { Database = "nowhere" }.ToString() };
        await using var node = Node(options);

        var error = await Should.ThrowAsync<StorageUnavailableException>(async () => await Runs(node).CommitAsync(Commit("r", Mine) with { IsNew = true }, Token));

        error.Message.ShouldBe($"There is no database {options.Place}. Create it with: createdb, or correct the connection string.");
        error.IsTransient.ShouldBeFalse();
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_told_as_something_that_passes_and_without_the_password()
    {
        await using var node = Node(new PostgreSqlStorageOptions { ConnectionString = "Host=/nowhere;Username=ann;Password=canary;Database=runs" });

        var error = await Should.ThrowAsync<StorageUnavailableException>(async () => await Runs(node).FindAsync("r", Token));

        error.Message.ShouldStartWith("The database runs on /nowhere does not answer: ");
        error.IsTransient.ShouldBeTrue();
        error.ToString().ShouldNotContain("canary");
    }

    [Theory]
    [InlineData("public;drop")]
    [InlineData("Upper")]
    [InlineData("")]
    public void A_schema_must_be_a_plain_name(string schema) =>
        Should.Throw<ArgumentException>(() => new PostgreSqlStorageOptions { ConnectionString = "", Schema = schema })
            .Message.ShouldBe($"'{schema}' cannot be the schema. Use 1 to 48 lower-case letters, digits and underscores, beginning with a letter.");

    [Fact]
    public async Task A_commit_that_the_server_cannot_take_leaves_those_sent_with_it_alone()
    {
        await using var node = Node(server.NewOptions());
        var runs = Runs(node);

        // Half of a surrogate pair is no text for PostgreSQL.
        var bad = Enumerable.Range(0, 10).Select(i => runs.CommitAsync(Commit($"bad{i}", Mine with { Owner = "\ud800" }) with { IsNew = true }, Token).AsTask()).ToArray();
        var good = Enumerable.Range(0, 100).Select(i => runs.CommitAsync(Commit($"r{i}", Mine) with { IsNew = true }, Token).AsTask()).ToArray();

        await Task.WhenAll(good);
        foreach (var task in bad)
        {
            (await Should.ThrowAsync<Exception>(task)).ShouldNotBeOfType<StorageUnavailableException>();
        }

        (await runs.ListAsync(new() { Take = 1 }, Token)).TotalCount.ShouldBe(100);
    }

    [Fact]
    public async Task Text_with_a_character_that_the_server_does_not_know_is_stored_without_it()
    {
        await using var node = Node(server.NewOptions());
        var transaction = Commit("r", Mine) with { IsNew = true };

        await Runs(node).CommitAsync(transaction with { Summary = transaction.Summary with { Name = "a\0b" } }, Token);

        (await Runs(node).FindAsync("r", Token)).ShouldNotBeNull().Name.ShouldBe("a\uFFFDb");
    }

    [Fact]
    public async Task Commits_of_two_nodes_that_stand_in_each_others_way_are_repeated()
    {
        var options = server.NewOptions();
        await using var one = Node(options);
        await using var other = Node(options);

        // Both take the same keys in opposite order, many to a transaction: the server ends one of two that wait for each other.
        var started = await Task.WhenAll(Enumerable.Range(0, 200).SelectMany(i => new[] { StartAsync(one, $"a{i}", $"k{i % 100}"), StartAsync(other, $"b{i}", $"k{99 - (i % 100)}") }));

        started.Count(isStarted => isStarted).ShouldBe(100);

        static async Task<bool> StartAsync(ServiceProvider node, string id, string key)
        {
            try
            {
                await Runs(node).CommitAsync(Commit(id, Mine) with { IsNew = true, Deduplication = new("scope", key, DateTimeOffset.MaxValue) }, Token);
                return true;
            }
            catch (DuplicateRunException)
            {
                return false;
            }
        }
    }

    private static ServiceProvider Node(PostgreSqlStorageOptions options) => new ServiceCollection().AddLogging().AddPostgreSqlStorage(options).BuildServiceProvider();

    private static IRunStore Runs(IServiceProvider services) => services.GetRequiredService<IRunStore>();

    private static async Task ExecuteAsync(PostgreSqlStorageOptions options, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(options.ConnectionString) { SearchPath = options.Schema }.ToString());
        await connection.OpenAsync(Token);
#pragma warning disable CA2100 // The test's own text.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Token);
    }
}

/// <summary>With a server of its own, since it goes down.</summary>
public sealed class OutageTests : IAsyncLifetime
{
    private readonly PostgreSqlServer server = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => server.InitializeAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_database_that_restarts_is_used_again_and_listeners_are_told_that_anything_may_have_changed()
    {
        await using var node = new ServiceCollection().AddLogging().AddPostgreSqlStorage(server.NewOptions()).BuildServiceProvider();
        var runs = node.GetRequiredService<IRunStore>();
        var lease = new Lease("me", 1, Noon.AddMinutes(1));
        using var heard = new BlockingCollection<StoreSignal>();
        using var subscription = node.GetRequiredService<IStoreSignals>().Subscribe(heard.Add);
        await runs.CommitAsync(Commit("r", lease) with { IsNew = true, State = [Part("run", "1")] }, Token);

        await server.StopAsync();
        var error = await Should.ThrowAsync<StorageUnavailableException>(async () => await runs.CommitAsync(Commit("r", lease), Token));
        error.IsTransient.ShouldBeTrue();
        (await Should.ThrowAsync<StorageUnavailableException>(async () => await runs.FindAsync("r", Token))).IsTransient.ShouldBeTrue();
        await server.StartAsync();

        // Connections that broke unnoticed are found out one by one.
        while (true)
        {
            try
            {
                await runs.CommitAsync(Commit("r", lease) with { State = [Part("run", "2")] }, Token);
                break;
            }
            catch (StorageUnavailableException e) when (e.IsTransient)
            {
            }
        }

        (await runs.LoadAsync("r", Token)).Text().ShouldBe("run=2");
        heard.TryTake(out var signal, 30_000, Token).ShouldBeTrue();
        signal.Kind.ShouldBe(SignalKinds.Everything);
        await runs.CommitAsync(Commit("r", lease) with { Signals = [new("place", "hash")] }, Token);
        heard.TryTake(out signal, 10_000, Token).ShouldBeTrue();
        signal.Kind.ShouldBe("place");
    }
}
