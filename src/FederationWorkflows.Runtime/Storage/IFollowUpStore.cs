namespace FederationWorkflows.Runtime.Storage;

/// <summary>
/// Keeps the work that committed runs asked for and that is done outside of them, such as starting another story. It is stored in the
/// asking run's own transaction (<see cref="RunTransaction.NewFollowUps"/>), so it is neither lost nor done for a commit that did not happen.
/// What somebody outside asked for, and cannot be done yet, is kept here too.
/// Several nodes may do the same work: doing it must be idempotent.
/// </summary>
public interface IFollowUpStore
{
    /// <summary>Work that is not done, oldest first.</summary>
    /// <param name="limit">How many at most, from 1.</param>
    /// <param name="after">Only what comes after this one; null to begin. What another node's slower clock dated earlier is found by beginning again.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    ValueTask<IReadOnlyList<FollowUp>> GetFollowUpsAsync(int limit, FollowUp? after, CancellationToken cancellationToken);

    /// <summary>The work of an id; null when it is done or was never asked for.</summary>
    ValueTask<FollowUp?> FindFollowUpAsync(string id, CancellationToken cancellationToken);

    /// <summary>Stores work that no commit of a run asks for.</summary>
    /// <returns>False when there is work of the same id, which stays as it is.</returns>
    ValueTask<bool> AddFollowUpAsync(FollowUp followUp, CancellationToken cancellationToken);

    /// <summary>Removes work that was done and had no run of its own whose commit could remove it. Ids that do not exist are ignored.</summary>
    ValueTask RemoveFollowUpsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken);
}

/// <summary>Work to be done once the run that asked for it has committed.</summary>
/// <param name="Id">Unique among all runs, and the same when a run that was taken up again asks again: derive it from run and activity execution.</param>
/// <param name="Kind">Who knows how to do it.</param>
/// <param name="Payload">What he needs. It is stored as it is: whoever makes it encrypts what is sensitive.</param>
/// <param name="CreatedAt">When it was asked for, UTC.</param>
public sealed record FollowUp(string Id, string Kind, ReadOnlyMemory<byte> Payload, DateTimeOffset CreatedAt);
