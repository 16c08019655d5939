using FederationWorkflows.Server.Secrets;

namespace FederationWorkflows.Server.Pages.Secrets;

/// <summary>A secret as a page shows it: all of it but its values.</summary>
public sealed record SecretRow
{
    internal SecretRow(SecretRecord secret, IEnumerable<SecretUse> uses, DateTimeOffset now)
    {
        Name = secret.Name;
        Description = secret.Description ?? secret.DisplayName;
        Status = secret.StatusAt(now);
        CreatedBy = secret.CreatedBy;
        ExpiresAt = secret.ExpiresAt;
        Versions = [.. secret.Versions.Reverse().Select(version => new SecretVersionRow(version.Number, version.CreatedAt, version.CreatedBy, version.VerifiesUntil > now ? version.VerifiesUntil : null))];
        Uses = [.. uses.Select(use => new SecretUseRow(use.DefinitionId, $"{use.Name}, version {use.Version}{(use.IsPublished ? "" : " (draft)")}"))];
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What it is for.</summary>
    public string? Description { get; }

    /// <summary>Active, Expired or Revoked.</summary>
    public string Status { get; }

    /// <summary>Who made it.</summary>
    public string CreatedBy { get; }

    /// <summary>When it expires; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; }

    /// <summary>Its values, the current one first.</summary>
    public IReadOnlyList<SecretVersionRow> Versions { get; }

    /// <summary>The stories that name it.</summary>
    public IReadOnlyList<SecretUseRow> Uses { get; }

    /// <summary>How the badge looks.</summary>
    public string Colour => Status switch { "Active" => "good", "Expired" => "wait", _ => "bad" };
}

/// <summary>A value of a secret.</summary>
/// <param name="Number">From 1.</param>
/// <param name="CreatedAt">Since when.</param>
/// <param name="CreatedBy">Who gave it.</param>
/// <param name="VerifiesUntil">Until when signatures made with it are taken; null when they are not, or it is the current one.</param>
public sealed record SecretVersionRow(int Number, DateTimeOffset CreatedAt, string CreatedBy, DateTimeOffset? VerifiesUntil);

/// <summary>A story that names a secret.</summary>
/// <param name="DefinitionId">The story.</param>
/// <param name="Text">Its name and version.</param>
public sealed record SecretUseRow(string DefinitionId, string Text);
