using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Secrets;

/// <summary>What people do to secrets. Values go in and never come out. Every change is in the audit log before it is made.</summary>
internal sealed class SecretStore(IDocumentStore documents, SecretCipher cipher, AuditLog audit, TimeProvider timeProvider, IOptions<SecretOptions> options)
{
    private const int PageSize = 500;

    /// <summary>All secrets, by name.</summary>
    public async ValueTask<IReadOnlyList<SecretRecord>> ListAsync(CancellationToken cancellationToken)
    {
        var all = new List<SecretRecord>();
        while (true)
        {
            var page = await documents.ListAsync(SecretRecord.Kind, all.Count == 0 ? null : all[^1].Name, PageSize, cancellationToken);
            all.AddRange(page.Select(SecretVault.Parse));
            if (page.Count < PageSize)
            {
                return all;
            }
        }
    }

    /// <summary>A secret by name; null when there is none.</summary>
    public async ValueTask<SecretRecord?> FindAsync(string name, CancellationToken cancellationToken) => (await ReadAsync(name, cancellationToken))?.Record;

    /// <summary>Makes a secret.</summary>
    /// <exception cref="SecretException">Something given is wrong, or the name is taken.</exception>
    public async Task<SecretRecord> CreateAsync(NewSecret secret, HttpContext context)
    {
        if (!SecretRecord.IsName(secret.Name ?? ""))
        {
            throw new SecretException("The name of a secret begins with a letter and goes on with up to 99 letters, digits, '_', '.' or '-'.");
        }

        CheckText(secret.DisplayName, "display name");
        CheckText(secret.Description, "description");
        var now = timeProvider.GetUtcNow();
        CheckExpiry(secret.ExpiresAt, now);
        var value = Checked(secret.Value);
        var name = secret.Name!;
        if (await ReadAsync(name, context.RequestAborted) is not null)
        {
            throw new SecretException($"There is a secret '{name}' already. Rotate it to give it a new value, or choose another name.") { IsConflict = true };
        }

        var by = NameOf(context.User);
        var record = new SecretRecord
        {
            Name = name,
            DisplayName = Trimmed(secret.DisplayName),
            Description = Trimmed(secret.Description),
            CreatedAt = now,
            CreatedBy = by,
            UpdatedAt = now,
            ExpiresAt = secret.ExpiresAt?.ToUniversalTime(),
            Versions = [new SecretVersion(1, now, by, cipher.Encrypt(name, 1, value))],
        };
        await audit.WriteAsync(context, "secret.create", name, after: Facts(record));
        await PutAsync(record, 0);
        return record;
    }

    /// <summary>Gives a secret a new value. The one before verifies signatures of senders outside for a while, and is read by no story any more.</summary>
    /// <param name="name">The secret.</param>
    /// <param name="rotation">The new value.</param>
    /// <param name="context">The request.</param>
    /// <returns>The secret; null when there is none of that name.</returns>
    /// <exception cref="SecretException">Something given is wrong.</exception>
    public async Task<SecretRecord?> RotateAsync(string name, SecretRotation rotation, HttpContext context)
    {
        var now = timeProvider.GetUtcNow();
        CheckExpiry(rotation.ExpiresAt, now);
        var overlap = rotation.Overlap ?? options.Value.RotationOverlap;
        if (overlap < TimeSpan.Zero || overlap > SecretOptions.LongestOverlap)
        {
            throw new SecretException(string.Create(CultureInfo.InvariantCulture, $"The value before may go on to verify for 00:00:00 up to {SecretOptions.LongestOverlap.Days} days."));
        }

        var value = Checked(rotation.Value);
        if (await ReadAsync(name, context.RequestAborted) is not var (record, revision))
        {
            return null;
        }

        var number = record.Current.Number + 1;
        var goesOn = overlap > TimeSpan.Zero && record.StatusAt(now) == "Active";
        var rotated = record with
        {
            UpdatedAt = now,
            RevokedAt = null,
            ExpiresAt = rotation.ExpiresAt?.ToUniversalTime() ?? (record.ExpiresAt <= now ? null : record.ExpiresAt),
            Versions =
            [
                .. record.Versions.SkipLast(1).TakeLast(SecretRecord.MaxVersions - 2).Select(Emptied),
                goesOn ? record.Current with { VerifiesUntil = now + overlap } : Emptied(record.Current),
                new SecretVersion(number, now, NameOf(context.User), cipher.Encrypt(name, number, value)),
            ],
        };
        await audit.WriteAsync(context, "secret.rotate", name, Facts(record), Facts(rotated));
        await PutAsync(rotated, revision);
        return rotated;
    }

    /// <summary>Ends a secret: nobody gets it any more, and its values are destroyed. A new value brings it back.</summary>
    /// <returns>The secret; null when there is none of that name.</returns>
    public async Task<SecretRecord?> RevokeAsync(string name, HttpContext context)
    {
        if (await ReadAsync(name, context.RequestAborted) is not var (record, revision))
        {
            return null;
        }

        var now = timeProvider.GetUtcNow();
        var revoked = record with { UpdatedAt = now, RevokedAt = record.RevokedAt ?? now, Versions = [.. record.Versions.Select(Emptied)] };
        await audit.WriteAsync(context, "secret.revoke", name, Facts(record), Facts(revoked));
        await PutAsync(revoked, revision);
        return revoked;
    }

    /// <summary>Forgets a secret.</summary>
    /// <returns>False when there is none of that name.</returns>
    public async Task<bool> DeleteAsync(string name, HttpContext context)
    {
        if (await ReadAsync(name, context.RequestAborted) is not var (record, revision))
        {
            return false;
        }

        await audit.WriteAsync(context, "secret.delete", name, before: Facts(record));
        return await documents.DeleteAsync(SecretRecord.Kind, name, revision, CancellationToken.None) ? true : throw DocumentConflictException.Changed(ToDocument(record, revision));
    }

    private async ValueTask<(SecretRecord Record, long Revision)?> ReadAsync(string name, CancellationToken cancellationToken) =>
        SecretRecord.IsName(name) && await documents.FindAsync(SecretRecord.Kind, name, cancellationToken) is { } document ? (SecretVault.Parse(document), document.Revision) : null;

    private ValueTask<long> PutAsync(SecretRecord record, long revision) => documents.PutAsync(ToDocument(record, revision), CancellationToken.None);

    private static Document ToDocument(SecretRecord record, long revision) => new(SecretRecord.Kind, record.Name, null, JsonSerializer.SerializeToUtf8Bytes(record, ManagementApi.Json), revision);

    private static SecretVersion Emptied(SecretVersion version) => version with { Ciphertext = null, VerifiesUntil = null };

    /// <summary>What the audit log says of it: nothing of its values.</summary>
    private static object Facts(SecretRecord record) => new { record.DisplayName, record.Description, Version = record.Current.Number, record.ExpiresAt, record.RevokedAt };

    private static string NameOf(ClaimsPrincipal caller) => caller.Identity?.Name ?? "anonymous";

    private static string? Trimmed(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static void CheckText(string? text, string what)
    {
        if (text?.Length > SecretRecord.MaxTextLength)
        {
            throw new SecretException($"The {what} of a secret has at most {SecretRecord.MaxTextLength} characters.");
        }
    }

    private static void CheckExpiry(DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        if (expiresAt <= now)
        {
            throw new SecretException("The secret would have expired already. Give a time in the future, or none.");
        }
    }

    private static string Checked(string? value) =>
        string.IsNullOrEmpty(value) ? throw new SecretException("The value is missing.")
        : value.Length > SecretRecord.MaxValueLength ? throw new SecretException($"The value has more than {SecretRecord.MaxValueLength} characters.")
        : value;
}

/// <summary>A secret to be made.</summary>
internal sealed record NewSecret(string? Name, string? DisplayName, string? Description, string? Value, DateTimeOffset? ExpiresAt);

/// <summary>A new value for a secret.</summary>
/// <param name="Value">The value.</param>
/// <param name="ExpiresAt">When it expires; what it was before when null, unless that is over.</param>
/// <param name="Overlap">How long the value before goes on to verify signatures; the server's setting when null.</param>
internal sealed record SecretRotation(string? Value, DateTimeOffset? ExpiresAt = null, TimeSpan? Overlap = null);

/// <summary>A secret cannot be made or changed so; the message says why.</summary>
internal sealed class SecretException(string message) : Exception(message)
{
    /// <summary>Its name is taken.</summary>
    public bool IsConflict { get; init; }
}
