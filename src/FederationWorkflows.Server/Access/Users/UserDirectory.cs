using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using FederationWorkflows.Engine.Activities.Tasks;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Management;

namespace FederationWorkflows.Server.Access.Users;

/// <summary>Keeps users. Of those whose sessions and keys are used it keeps a copy, which a change on any node throws away.</summary>
internal sealed class UserDirectory : IPeople, IDisposable
{
    /// <summary>So many ended sessions of a user are remembered one by one.</summary>
    public const int MostEndedSessions = 50;

    private const string Kind = "user";

    /// <summary>The id of the user that the first start makes: of several that try, one succeeds.</summary>
    private const string FirstId = "first";

    private const int EndAttempts = 10;

    /// <summary>A copy is believed for so long should the signal of a change get lost.</summary>
    private static readonly TimeSpan CopyLifetime = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, (User User, DateTimeOffset Until)> copies = new(StringComparer.Ordinal);

    private readonly IDocumentStore store;

    private readonly TimeProvider timeProvider;

    private readonly IDisposable subscription;

    private long generation;

    public UserDirectory(IDocumentStore store, IStoreSignals signals, TimeProvider timeProvider)
    {
        this.store = store;
        this.timeProvider = timeProvider;
        subscription = signals.Subscribe(signal =>
        {
            if (signal is { Kind: SignalKinds.Everything } or { Kind: SignalKinds.Documents, Key: Kind })
            {
                Interlocked.Increment(ref generation);
                copies.Clear();
            }
        });
    }

    public static string NewStamp() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>The user as stored; null when there is none.</summary>
    public async ValueTask<User?> FindAsync(string id, CancellationToken cancellationToken) => Read(await store.FindAsync(Kind, id, cancellationToken));

    public async ValueTask<User?> FindByNameAsync(string name, CancellationToken cancellationToken) =>
        UserRules.CheckName(name) is null ? Read(await store.FindByAliasAsync(Kind, name.ToLowerInvariant(), cancellationToken)) : null;

    public async ValueTask<string?> FindIdAsync(string name, CancellationToken cancellationToken) => (await FindByNameAsync(name, cancellationToken))?.Id;

    /// <summary>The user as he was at most a minute ago, and usually is; null when there is none.</summary>
    public async ValueTask<User?> CurrentAsync(string id, CancellationToken cancellationToken)
    {
        if (copies.TryGetValue(id, out var copy) && copy.Until > timeProvider.GetUtcNow())
        {
            return copy.User;
        }

        var before = Interlocked.Read(ref generation);
        var user = await FindAsync(id, cancellationToken);
        if (user is not null)
        {
            copies[id] = (user, timeProvider.GetUtcNow() + CopyLifetime);

            // A change that came in while it was read may have cleared the copies before this one was there.
            if (Interlocked.Read(ref generation) != before)
            {
                copies.TryRemove(id, out _);
            }
        }

        return user;
    }

    /// <summary>True when there is an administrator who may sign in.</summary>
    public async ValueTask<bool> AnyAdministratorAsync(CancellationToken cancellationToken) => (await ListAsync(cancellationToken)).Any(user => user.IsAdministrator);

    /// <summary>The id of the user that set-up makes next: the same for all who ask before one is made with it.</summary>
    public async ValueTask<string> NextFirstIdAsync(CancellationToken cancellationToken)
    {
        var id = FirstId;
        for (var number = 2; await FindAsync(id, cancellationToken) is not null; number++)
        {
            id = string.Create(CultureInfo.InvariantCulture, $"{FirstId}-{number}");
        }

        return id;
    }

    /// <summary>All users, by name.</summary>
    public async ValueTask<IReadOnlyList<User>> ListAsync(CancellationToken cancellationToken)
    {
        var users = new List<User>();
        string? after = null;
        while (true)
        {
            var page = await store.ListAsync(Kind, after, 1000, cancellationToken);
            users.AddRange(page.Select(document => Read(document)!));
            if (page.Count < 1000)
            {
                return [.. users.OrderBy(user => user.Name, StringComparer.OrdinalIgnoreCase)];
            }

            after = page[^1].Id;
        }
    }

    /// <summary>Stores a new user, or the change of one that was read.</summary>
    /// <exception cref="DocumentConflictException">Somebody else changed him meanwhile, or another has the name.</exception>
    public async ValueTask<User> PutAsync(User user, CancellationToken cancellationToken) => user with
    {
        Revision = await store.PutAsync(
            new Document(Kind, user.Id, user.Name.ToLowerInvariant(), JsonSerializer.SerializeToUtf8Bytes(user, ManagementApi.Json), user.Revision), cancellationToken),
    };

    /// <summary>Ends one session of a user: a copy of its cookie counts no more.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="sessionId">The session's id.</param>
    /// <param name="until">When it would be over anyway.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="DocumentConflictException">Others changed him again and again meanwhile.</exception>
    public async ValueTask EndSessionAsync(string userId, string sessionId, DateTimeOffset until, CancellationToken cancellationToken)
    {
        for (var attempt = 1; await FindAsync(userId, cancellationToken) is { } user; attempt++)
        {
            EndedSession[] ended = [.. user.EndedSessions.Where(session => session.Until > timeProvider.GetUtcNow() && session.Id != sessionId), new(sessionId, until)];
            try
            {
                // Beyond the bound another stamp ends them all, so none needs to be remembered.
                await PutAsync(ended.Length > MostEndedSessions ? user with { Stamp = NewStamp(), EndedSessions = [] } : user with { EndedSessions = ended }, cancellationToken);
                return;
            }
            catch (DocumentConflictException) when (attempt < EndAttempts)
            {
                // Somebody else changed him meanwhile, or ended another session: look again.
            }
        }
    }

    public ValueTask<bool> DeleteAsync(User user, CancellationToken cancellationToken) => store.DeleteAsync(Kind, user.Id, user.Revision, cancellationToken);

    public void Dispose() => subscription.Dispose();

    private static User? Read(Document? document) =>
        document is null ? null : JsonSerializer.Deserialize<User>(document.Json.Span, ManagementApi.Json)! with { Revision = document.Revision };
}
