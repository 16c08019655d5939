using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;

namespace FederationWorkflows.Storage.PostgreSql.Runs;

/// <summary>A commit with what whoever asks for it can do for it: those who send are few.</summary>
internal sealed record PreparedCommit(RunTransaction Transaction, byte[]? History)
{
    public static PreparedCommit Of(RunTransaction transaction) => new(transaction, StoredRecords.WriteHistory(transaction));

    /// <summary>The statements of a group: new runs that are nothing but stored are one statement, every other commit is a call of its own.</summary>
    public static IReadOnlyList<GroupedStatement> Compose(IReadOnlyList<PreparedCommit> group, DateTimeOffset now)
    {
        var statements = new List<GroupedStatement>();
        var together = NewRuns.In(group);
        if (together.Count > 0)
        {
            statements.Add(NewRuns.Store(group, together));
        }

        for (var i = 0; i < group.Count; i++)
        {
            if (!together.Contains(i))
            {
                var place = i;
                statements.Add(new GroupedStatement(CommitCall.Of(group[i], now), (answer, answers) => answers[place] = answer));
            }
        }

        return statements;
    }
}
