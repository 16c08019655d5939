using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;

namespace FederationWorkflows.Storage.PostgreSql.Runs;

/// <summary>
/// Stores new runs of a group with one statement. That is what most commits under load are: a run that came in and waits for nothing yet,
/// or has ended already. A call for each costs the server and this process about twice as much.
/// </summary>
internal static class NewRuns
{
    /// <summary>A run whose id is taken is left out, as <c>commit_run_1</c> does. When all are stored, which is the rule, no id comes back.</summary>
    private const string Statement =
        """
        WITH given AS (
          SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) WITH ORDINALITY
            AS given (id, definition_id, definition_version_id, version, revision, correlation_id, started_by, created_at, name, status, sub_status,
              incident_count, updated_at, finished_at, lease_owner, lease_token, lease_expires_at, parent_id, journal_count, history, number)
        ), stored AS (
          INSERT INTO runs (id, definition_id, definition_version_id, version, revision, correlation_id, started_by, created_at, name, status, sub_status,
            incident_count, updated_at, finished_at, commits, lease_owner, lease_token, lease_expires_at, parent_id)
          SELECT id, definition_id, definition_version_id, version, revision, correlation_id, started_by, created_at, name, status, sub_status,
            incident_count, updated_at, finished_at, 1, lease_owner, lease_token, coalesce(lease_expires_at, '-infinity'), parent_id
          FROM given ORDER BY number
          ON CONFLICT (id) DO NOTHING
          RETURNING key, id
        ), kept AS (
          SELECT stored.key AS run, number, journal_count, history FROM stored JOIN given USING (id)
        ), parts AS (
          INSERT INTO run_parts (run, key, data) SELECT run, part.key, part.data FROM unnest($21, $22, $23) AS part (number, key, data) JOIN kept USING (number)
        ), histories AS (
          INSERT INTO run_history (run, number, journal_count, data) SELECT run, 1, journal_count, history FROM kept WHERE history IS NOT NULL
        )
        SELECT CASE WHEN count(*) < cardinality($1) THEN coalesce(array_agg(id), '{}') END FROM stored
        """;

    /// <summary>Which of a group are stored together, by place; none when there would be less than two.</summary>
    public static HashSet<int> In(IReadOnlyList<PreparedCommit> group)
    {
        var places = new HashSet<int>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < group.Count; i++)
        {
            if (IsMerelyStored(group[i].Transaction) && ids.Add(group[i].Transaction.Summary.Identity.Id))
            {
                places.Add(i);
            }
        }

        return places.Count < 2 ? [] : places;
    }

    public static GroupedStatement Store(IReadOnlyList<PreparedCommit> group, IReadOnlyCollection<int> places)
    {
        PreparedCommit[] commits = [.. places.Select(place => group[place])];
        return new GroupedStatement(Call(commits), (answer, answers) =>
        {
            var stored = ((string[]?)answer)?.ToHashSet(StringComparer.Ordinal);
            foreach (var place in places)
            {
                answers[place] = stored is null || stored.Contains(group[place].Transaction.Summary.Identity.Id) ? "stored" : "exists";
            }
        });
    }

    /// <summary>Nothing decides about it but its id, and nobody is to be told of it.</summary>
    private static bool IsMerelyStored(RunTransaction transaction) => transaction is
    {
        IsNew: true,
        Deduplication: null,
        Schedule: null,
        NewBookmarks.Count: 0,
        RemovedBookmarks.Count: 0,
        NewTimers.Count: 0,
        RemovedTimers.Count: 0,
        NewFollowUps.Count: 0,
        RemovedFollowUps.Count: 0,
    };

    private static Sql Call(PreparedCommit[] commits)
    {
        RunTransaction[] all = [.. commits.Select(commit => commit.Transaction)];
        var parts = all.SelectMany((transaction, i) => CommitCall.LastParts(transaction.State).Where(part => part.Data is not null).Select(part => (Number: i + 1L, part.Key, part.Data))).ToArray();
        return new Sql(Statement)
            .Texts(all.Select(run => run.Summary.Identity.Id))
            .Texts(all.Select(run => run.Summary.Identity.DefinitionId))
            .Texts(all.Select(run => run.Summary.Identity.DefinitionVersionId))
            .Integers(all.Select(run => run.Summary.Identity.Version))
            .Texts(all.Select(run => run.Summary.Identity.Revision))
            .Texts(all.Select(run => run.Summary.Identity.CorrelationId))
            .Texts(all.Select(run => run.Summary.Identity.StartedBy))
            .Times(all.Select(run => (DateTimeOffset?)run.Summary.Identity.CreatedAt))
            .Texts(all.Select(run => run.Summary.Name))
            .Integers(all.Select(run => (int)run.Summary.Status))
            .Integers(all.Select(run => (int)run.Summary.SubStatus))
            .Integers(all.Select(run => run.Summary.IncidentCount))
            .Times(all.Select(run => (DateTimeOffset?)run.Summary.UpdatedAt))
            .Times(all.Select(run => run.Summary.FinishedAt))
            .Texts(all.Select(run => run.ReleasesLease ? null : run.Lease.Owner))
            .Numbers(all.Select(run => run.Lease.Token))
            .Times(all.Select(run => run.ReleasesLease ? null : (DateTimeOffset?)run.Lease.ExpiresAt))
            .Texts(all.Select(run => run.Summary.Identity.ParentId))
            .Integers(all.Select(run => run.Journal.Count))
            .BytesList(commits.Select(commit => commit.History))
            .Numbers(parts.Select(part => part.Number))
            .Texts(parts.Select(part => part.Key))
            .BytesList(parts.Select(part => part.Data));
    }
}
