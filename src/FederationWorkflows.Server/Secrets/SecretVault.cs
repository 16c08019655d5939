using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Management;

namespace FederationWorkflows.Server.Secrets;

/// <summary>
/// Gives stories and the checks of webhooks the secrets they name. What was read stays for a minute at most, and goes at once when the storage
/// tells that a secret changed.
/// </summary>
internal sealed partial class SecretVault : ISecretSource, IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Opened> opened = new(StringComparer.Ordinal);

    private readonly IDocumentStore documents;

    private readonly SecretCipher cipher;

    private readonly TimeProvider timeProvider;

    private readonly ILogger<SecretVault> logger;

    private readonly IDisposable listening;

    private long changes;

    public SecretVault(IDocumentStore documents, SecretCipher cipher, IStoreSignals signals, TimeProvider timeProvider, ILogger<SecretVault> logger)
    {
        this.documents = documents;
        this.cipher = cipher;
        this.timeProvider = timeProvider;
        this.logger = logger;
        listening = signals.Subscribe(signal =>
        {
            if (signal is { Kind: SignalKinds.Documents, Key: SecretRecord.Kind } or { Kind: SignalKinds.Everything })
            {
                Interlocked.Increment(ref changes);
                opened.Clear();
            }
        });
    }

    /// <exception cref="ExpressionException">The secret is revoked, has expired, or cannot be decrypted.</exception>
    public ValueTask<Sensitive<string>?> GetAsync(string name, CancellationToken cancellationToken) =>
        opened.TryGetValue(name, out var known) && known.ReadAt + Longest > timeProvider.GetUtcNow() ? new(Current(known)) : ReadAsync(name, cancellationToken);

    /// <summary>
    /// The values a signature of somebody outside may be made with: the current one first, then, for as long as the rotation said, the one before.
    /// None when the secret is missing, revoked, expired or cannot be decrypted; the log says which.
    /// </summary>
    public async ValueTask<IReadOnlyList<Sensitive<string>>> GetVerifyingAsync(string name, CancellationToken cancellationToken)
    {
        var found = opened.TryGetValue(name, out var known) && known.ReadAt + Longest > timeProvider.GetUtcNow() ? known : await OpenAsync(name, cancellationToken);
        var now = timeProvider.GetUtcNow();
        if (found?.Record.StatusAt(now) is not "Active" || found.Value is null)
        {
            LogUnusable(name, found is null ? "does not exist" : found.Record.StatusAt(now) is var status and not "Active" ? $"is {status}" : "cannot be decrypted");
            return [];
        }

        return found.Previous is { } previous && found.PreviousUntil > now ? [found.Value, previous] : [found.Value];
    }

    public void Dispose() => listening.Dispose();

    private async ValueTask<Sensitive<string>?> ReadAsync(string name, CancellationToken cancellationToken) =>
        await OpenAsync(name, cancellationToken) is { } found ? Current(found) : null;

    private Sensitive<string> Current(Opened found)
    {
        var record = found.Record;
        return record.StatusAt(timeProvider.GetUtcNow()) switch
        {
            "Revoked" => throw new ExpressionException($"The secret '{record.Name}' was revoked at {record.RevokedAt:u}. Give it a new value, or name another one in the story."),
            "Expired" => throw new ExpressionException($"The secret '{record.Name}' expired at {record.ExpiresAt:u}. Give it a new value with a later expiry."),
            _ => found.Value ?? throw new ExpressionException($"The secret '{record.Name}' cannot be decrypted: its key is not in the key ring, or it was changed. Give it a new value, or restore the key ring."),
        };
    }

    /// <summary>What changed while it was read is not kept: the reading may be of before the change.</summary>
    private async ValueTask<Opened?> OpenAsync(string name, CancellationToken cancellationToken)
    {
        var before = Interlocked.Read(ref changes);
        var readAt = timeProvider.GetUtcNow();
        if (!SecretRecord.IsName(name) || await documents.FindAsync(SecretRecord.Kind, name, cancellationToken) is not { } document)
        {
            return null;
        }

        var record = Parse(document);
        var previous = record.Versions.LastOrDefault(version => version.VerifiesUntil is not null);
        var found = new Opened(record, Open(record, record.Current), previous is null ? null : Open(record, previous), previous?.VerifiesUntil, readAt);
        if (Interlocked.Read(ref changes) == before)
        {
            opened[name] = found;
            if (Interlocked.Read(ref changes) != before)
            {
                opened.TryRemove(name, out _);
            }
        }

        return found;
    }

    internal static SecretRecord Parse(Document document) =>
        JsonSerializer.Deserialize<SecretRecord>(document.Json.Span, ManagementApi.Json) ?? throw new JsonException($"The stored secret '{document.Id}' is JSON's null.");

    private Sensitive<string>? Open(SecretRecord record, SecretVersion version)
    {
        try
        {
            return version.Ciphertext is { } ciphertext ? cipher.Decrypt(record.Name, version.Number, ciphertext) : null;
        }
        catch (CryptographicException e)
        {
            LogNotDecrypted(e, record.Name, version.Number);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Error, "Version {Version} of the secret {Secret} cannot be decrypted")]
    private partial void LogNotDecrypted(Exception exception, string secret, int version);

    [LoggerMessage(LogLevel.Warning, "A caller was to be verified with the secret {Secret}, which {Why}")]
    private partial void LogUnusable(string secret, string why);

    private sealed record Opened(SecretRecord Record, Sensitive<string>? Value, Sensitive<string>? Previous, DateTimeOffset? PreviousUntil, DateTimeOffset ReadAt);
}
