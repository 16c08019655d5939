using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace FederationWorkflows.Server.Access.Keys;

/// <summary>A key with which a program acts for the user who made it. The key itself is not kept: only its hash is.</summary>
public sealed record ApiKey
{
    /// <summary>The second part of its text.</summary>
    public required string Id { get; init; }

    /// <summary>What its owner calls it.</summary>
    public required string Name { get; init; }

    /// <summary>The user in whose name it acts, with the roles he has by then.</summary>
    public required string OwnerId { get; init; }

    /// <summary>The permissions it has, as far as its owner has them.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From then on it does not count.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>SHA-256 of the secret part. That is random, so no slow hash is needed.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>The stored revision it was read at.</summary>
    [JsonIgnore]
    public long Revision { get; init; }
}

/// <summary>The text of a key: <c>fedflow_</c>, the id in 16 hexadecimal digits, <c>_</c>, and 256 random bits in base64url. The beginning makes a leaked one findable.</summary>
internal readonly record struct ApiKeyText(string Id, string Secret)
{
    private const string Prefix = "fedflow_";

    private const int IdLength = 16;

    private const int SecretBytes = 32;

    private const int SecretLength = 43;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    public static ApiKeyText New() =>
        new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength / 2)), Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes)));

    public static bool TryParse(ReadOnlySpan<char> text, out ApiKeyText key)
    {
        key = default;
        if (text.Length != Prefix.Length + IdLength + 1 + SecretLength || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[Prefix.Length + IdLength] != '_')
        {
            return false;
        }

        var id = text.Slice(Prefix.Length, IdLength);
        key = new(id.ToString(), text[^SecretLength..].ToString());
        return !id.ContainsAnyExcept(Digits);
    }

    public byte[] Hash() => SHA256.HashData(Encoding.UTF8.GetBytes(Secret));

    public override string ToString() => $"{Prefix}{Id}_{Secret}";
}
