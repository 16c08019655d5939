using System.Reflection;
using FederationWorkflows.Storage.Sqlite.Database;
using FederationWorkflows.Storage.Sqlite.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Storage.Sqlite.Tests;

/// <summary>SQLite says of each statement how it finds its rows.</summary>
public sealed class QueryPlanTests : IAsyncLifetime
{
    private readonly TestFile file = new();

    private ServiceProvider services = null!;

    public static TheoryData<string, string> Statements
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var type in new[] { typeof(RunStatements), typeof(SqliteDefinitionStore), typeof(SqliteScheduleStore), typeof(SqliteFollowUpStore), typeof(SqliteNodeStore), typeof(SqliteDocumentStore) })
            {
                foreach (var constant in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Where(constant => constant.IsLiteral && constant.Name != "Select" && constant.FieldType == typeof(string)))
                {
                    data.Add($"{type.Name}.{constant.Name}", (string)constant.GetRawConstantValue()!);
                }
            }

            return data;
        }
    }

    public async ValueTask InitializeAsync()
    {
        var collection = new ServiceCollection().AddLogging();
        await file.RegisterAsync(collection);
        services = collection.BuildServiceProvider();
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        file.Dispose();
    }

    [Theory]
    [MemberData(nameof(Statements))]
    public async Task Nothing_on_the_way_of_a_run_looks_at_more_than_its_rows(string name, string sql)
    {
        var plan = await PlanAsync(sql);

        plan.ShouldNotContain("SCAN", Case.Sensitive, $"{name}: {plan}");
        plan.ShouldNotContain("TEMP B-TREE", Case.Sensitive, $"{name}: {plan}");
    }

    [Theory]
    [InlineData("SELECT * FROM runs ORDER BY created_at DESC, id DESC LIMIT 10")]
    [InlineData("SELECT * FROM runs WHERE (created_at, id) < (1, 'x') ORDER BY created_at DESC, id DESC LIMIT 10")]
    [InlineData("SELECT * FROM runs WHERE (updated_at, id) > (1, 'x') ORDER BY updated_at ASC, id ASC LIMIT 10")]
    [InlineData("SELECT * FROM runs WHERE definition_id IN ('a') AND (created_at, id) < (1, 'x') ORDER BY created_at DESC, id DESC LIMIT 10")]
    [InlineData("SELECT finished_at, id FROM runs WHERE sub_status = 3 AND finished_at IS NOT NULL AND finished_at <= 1 ORDER BY finished_at LIMIT 10")]
    [InlineData("SELECT * FROM audit WHERE number < 9 AND actor = 'ann' COLLATE NOCASE ORDER BY number DESC LIMIT 10")]
    [InlineData("SELECT * FROM audit WHERE number < 9 AND action = 'story.save' ORDER BY number DESC LIMIT 10")]
    [InlineData("SELECT * FROM audit WHERE number < 9 AND subject = 'a' COLLATE NOCASE ORDER BY number DESC LIMIT 10")]
    public async Task Lists_follow_an_index_and_sort_nothing(string sql)
    {
        var plan = await PlanAsync(sql);

        plan.ShouldContain("USING INDEX");
        plan.ShouldNotContain("TEMP B-TREE");
    }

    private async Task<string> PlanAsync(string sql) => await services.GetRequiredService<SqliteDatabase>().ReadAsync(
        session =>
        {
            var steps = new List<string>();
            using var rows = session.QueryOnce("EXPLAIN QUERY PLAN " + sql);
            while (rows.Step())
            {
                steps.Add(rows.Text(3));
            }

            return string.Join("; ", steps);
        },
        TestContext.Current.CancellationToken);
}
