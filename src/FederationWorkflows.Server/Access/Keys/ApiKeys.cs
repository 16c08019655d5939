using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text.Json;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management;

namespace FederationWorkflows.Server.Access.Keys;

/// <summary>Makes, lists and revokes keys, and notes their use.</summary>
internal sealed class ApiKeys : IDisposable
{
    /// <summary>The longest a key is valid.</summary>
    public const int LongestDays = 366;

    private const int MostPerUser = 50;

    private const string Kind = "api-key";

    /// <summary>Apart from the key, so that noting a use throws away nobody's copy of it.</summary>
    private const string UseKind = "api-key-use";

    private static readonly TimeSpan CopyLifetime = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan NoteInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, (ApiKey Key, DateTimeOffset Until)> copies = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, DateTimeOffset> noted = new(StringComparer.Ordinal);

    private readonly IDocumentStore store;

    private readonly AuditLog audit;

    private readonly TimeProvider timeProvider;

    private readonly IDisposable subscription;

    private long generation;

    public ApiKeys(IDocumentStore store, IStoreSignals signals, AuditLog audit, TimeProvider timeProvider)
    {
        this.store = store;
        this.audit = audit;
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

    /// <summary>Makes a key for the caller.</summary>
    /// <returns>What is kept, and the key, which is never shown again.</returns>
    /// <exception cref="RefusedException">A rule is broken.</exception>
    public async ValueTask<(ApiKey Key, string Text)> CreateAsync(HttpContext context, string? name, IReadOnlyCollection<string>? scopes, int days)
    {
        if (context.User.UserId() is not { } owner || context.User.KeyId() is not null)
        {
            throw new RefusedException("A key is made by a user for himself, signed in by password or provider: one key does not make another.");
        }

        RefusedException.ThrowIf(CheckName(name) ?? CheckScopes(context.User, scopes) ?? CheckDays(days));
        if ((await ListAsync(context.RequestAborted)).Count(other => other.OwnerId == owner) >= MostPerUser)
        {
            throw new RefusedException($"A user has at most {MostPerUser} keys. Revoke one that is not needed any more.");
        }

        var text = ApiKeyText.New();
        var now = timeProvider.GetUtcNow();
        var key = new ApiKey
        {
            Id = text.Id,
            Name = name!,
            OwnerId = owner,
            Scopes = [.. scopes!.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            CreatedAt = now,
            ExpiresAt = now.AddDays(days),
            Hash = text.Hash(),
        };
        await store.PutAsync(new Document(Kind, key.Id, null, JsonSerializer.SerializeToUtf8Bytes(key, ManagementApi.Json), 0), context.RequestAborted);
        await audit.WriteAsync(context, "api-key.create", key.Id, after: ForAudit(key));
        return (key, text.ToString());
    }

    /// <summary>The key as it was at most a minute ago, and usually is; null when there is none.</summary>
    public async ValueTask<ApiKey?> CurrentAsync(string id, CancellationToken cancellationToken)
    {
        if (copies.TryGetValue(id, out var copy) && copy.Until > timeProvider.GetUtcNow())
        {
            return copy.Key;
        }

        var before = Interlocked.Read(ref generation);
        var key = Read(await store.FindAsync(Kind, id, cancellationToken));
        if (key is not null)
        {
            copies[id] = (key, timeProvider.GetUtcNow() + CopyLifetime);
            if (Interlocked.Read(ref generation) != before)
            {
                copies.TryRemove(id, out _);
            }
        }

        return key;
    }

    /// <summary>All keys, the newest first.</summary>
    public async ValueTask<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await AllAsync(Kind, cancellationToken)).Select(document => Read(document)!).OrderByDescending(key => key.CreatedAt)];

    /// <summary>When each key was used last, to the minute.</summary>
    public async ValueTask<IReadOnlyDictionary<string, DateTimeOffset>> LastUsesAsync(CancellationToken cancellationToken) =>
        (await AllAsync(UseKind, cancellationToken)).ToDictionary(use => use.Id, use => JsonSerializer.Deserialize<DateTimeOffset>(use.Json.Span));

    /// <summary>Ends a key, which counts for no request from now on.</summary>
    /// <returns>False when there is none with this id that the caller may end.</returns>
    /// <exception cref="RefusedException">The caller comes with another key.</exception>
    public async ValueTask<bool> RevokeAsync(HttpContext context, string id)
    {
        if (context.User.KeyId() is { } own && own != id)
        {
            throw new RefusedException("A key revokes no other key than itself. Sign in by password or provider.");
        }

        if (Read(await store.FindAsync(Kind, id, context.RequestAborted)) is not { } key || (key.OwnerId != context.User.UserId() && !context.User.May(Permissions.UsersManage)))
        {
            return false;
        }

        await RevokeAsync(context, key);
        return true;
    }

    /// <summary>Ends all keys of a user who is no more, or whose password somebody else may have known.</summary>
    public async ValueTask RevokeOfAsync(HttpContext context, string ownerId)
    {
        foreach (var key in (await ListAsync(context.RequestAborted)).Where(key => key.OwnerId == ownerId))
        {
            await RevokeAsync(context, key);
        }
    }

    /// <summary>Notes that a key was used, at most once a minute.</summary>
    public async ValueTask NoteUseAsync(string id, CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        if (noted.TryGetValue(id, out var last) && now - last < NoteInterval)
        {
            return;
        }

        noted[id] = now;
        var known = await store.FindAsync(UseKind, id, cancellationToken);
        try
        {
            await store.PutAsync(new Document(UseKind, id, null, JsonSerializer.SerializeToUtf8Bytes(now), known?.Revision ?? 0), cancellationToken);
        }
        catch (DocumentConflictException)
        {
            // Another node notes the same at this moment: then it is noted.
        }
    }

    public void Dispose() => subscription.Dispose();

    private static string? CheckName(string? name) => name is { Length: > 0 and <= 100 } && !name.Any(char.IsControl) ? null : "A key needs a name of 1 to 100 characters that tells what it is for.";

    private static string? CheckScopes(ClaimsPrincipal caller, IReadOnlyCollection<string>? scopes) =>
        scopes is null || scopes.Count == 0 ? $"Give the key at least one scope: {string.Join(", ", Permissions.All.Where(caller.May).Order(StringComparer.Ordinal))}."
        : scopes.FirstOrDefault(scope => !caller.May(scope)) is { } denied ? $"You do not have the permission '{denied}' yourself, so no key of yours can have it."
        : null;

    private static string? CheckDays(int days) => days is >= 1 and <= LongestDays ? null : $"A key is valid for 1 to {LongestDays} days.";

    private static object ForAudit(ApiKey key) => new { key.Name, key.OwnerId, key.Scopes, key.ExpiresAt };

    private static ApiKey? Read(Document? document) =>
        document is null ? null : JsonSerializer.Deserialize<ApiKey>(document.Json.Span, ManagementApi.Json)! with { Revision = document.Revision };

    private async ValueTask RevokeAsync(HttpContext context, ApiKey key)
    {
        await store.DeleteAsync(Kind, key.Id, null, context.RequestAborted);
        await store.DeleteAsync(UseKind, key.Id, null, context.RequestAborted);
        await audit.WriteAsync(context, "api-key.revoke", key.Id, before: ForAudit(key));
    }

    private async ValueTask<List<Document>> AllAsync(string kind, CancellationToken cancellationToken)
    {
        var all = new List<Document>();
        while (true)
        {
            var page = await store.ListAsync(kind, all.Count == 0 ? null : all[^1].Id, 1000, cancellationToken);
            all.AddRange(page);
            if (page.Count < 1000)
            {
                return all;
            }
        }
    }
}
