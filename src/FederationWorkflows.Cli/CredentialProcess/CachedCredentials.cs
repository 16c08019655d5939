using System.Buffers;
using System.Text.Json;

namespace FederationWorkflows.Cli.CredentialProcess;

/// <summary>Temporary AWS credentials as this command keeps and prints them. Its text is for the AWS SDKs' eyes only.</summary>
internal sealed class CachedCredentials
{
    public required string AccessKeyId { get; init; }

    public required string SecretAccessKey { get; init; }

    public required string SessionToken { get; init; }

    public required DateTimeOffset Obtained { get; init; }

    public required DateTimeOffset Expiration { get; init; }

    public required string RoleArn { get; init; }

    /// <summary>What a <c>credential_process</c> prints (AWS SDKs and Tools Reference Guide, "Process credential provider").</summary>
    public byte[] ToProcessJson() => Json(writer =>
    {
        writer.WriteNumber("Version", 1);
        writer.WriteString(nameof(AccessKeyId), AccessKeyId);
        writer.WriteString(nameof(SecretAccessKey), SecretAccessKey);
        writer.WriteString(nameof(SessionToken), SessionToken);
        writer.WriteString(nameof(Expiration), Time(Expiration));
    });

    /// <summary>What a container endpoint answers ("Container credential provider").</summary>
    public byte[] ToContainerJson() => Json(writer =>
    {
        writer.WriteString(nameof(RoleArn), RoleArn);
        writer.WriteString(nameof(AccessKeyId), AccessKeyId);
        writer.WriteString(nameof(SecretAccessKey), SecretAccessKey);
        writer.WriteString("Token", SessionToken);
        writer.WriteString(nameof(Expiration), Time(Expiration));
    });

    public byte[] ToBytes() => Json(writer =>
    {
        writer.WriteString("id", AccessKeyId);
        writer.WriteString("secret", SecretAccessKey);
        writer.WriteString("token", SessionToken);
        writer.WriteNumber("obtained", Obtained.ToUnixTimeSeconds());
        writer.WriteNumber("expires", Expiration.ToUnixTimeSeconds());
        writer.WriteString("role", RoleArn);
    });

    /// <exception cref="JsonException">It is not what was written.</exception>
    public static CachedCredentials? Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        return root.TryGetProperty("id", out var id) && root.TryGetProperty("secret", out var secret) && root.TryGetProperty("token", out var token)
            && root.TryGetProperty("obtained", out var obtained) && root.TryGetProperty("expires", out var expires) && root.TryGetProperty("role", out var role)
            ? new CachedCredentials
            {
                AccessKeyId = id.GetString()!,
                SecretAccessKey = secret.GetString()!,
                SessionToken = token.GetString()!,
                Obtained = DateTimeOffset.FromUnixTimeSeconds(obtained.GetInt64()),
                Expiration = DateTimeOffset.FromUnixTimeSeconds(expires.GetInt64()),
                RoleArn = role.GetString()!,
            }
            : null;
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
