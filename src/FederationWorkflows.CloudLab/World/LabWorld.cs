using System.Text.Json;
using System.Text.Json.Serialization;
using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.CloudLab;

/// <summary>What exists in the lab's clouds, as a JSON file declares it. Unknown properties are errors.</summary>
public sealed record LabWorld
{
    /// <summary>The longest world file read, in characters.</summary>
    public const int MaximumLength = 4 * 1024 * 1024;

    internal static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
        MaxDepth = 32,
    };

    /// <summary>The world of the built-in stories.</summary>
    public static LabWorld Default { get; } = Parse(Embedded("default-aws.json"));

    /// <summary>The Google side; left out, the built-in one.</summary>
    [JsonConverter(typeof(GoogleWorldConverter))]
    public GoogleWorld Google { get; init; } = DefaultGoogleWorld.Create();

    /// <summary>Kubernetes clusters, whose service account tokens either cloud can be told to trust.</summary>
    public IReadOnlyList<LabCluster> Clusters { get; init; } = [];

    /// <summary>Further OpenID Connect issuers, by the keys that they publish.</summary>
    public IReadOnlyList<LabIssuer> Issuers { get; init; } = [];

    /// <summary>The AWS side.</summary>
    public AwsWorld Aws { get; init; } = new();

    /// <summary>Reads a world file.</summary>
    /// <exception cref="WorldFormatException">It declares no valid world; the exception says where and why.</exception>
    public static LabWorld Parse(string json)
    {
        if (json.Length > MaximumLength)
        {
            throw new WorldFormatException("$", $"The file has {json.Length} characters; {MaximumLength} are read at most.");
        }

        try
        {
            var world = JsonSerializer.Deserialize<LabWorld>(json, JsonOptions) ?? throw new WorldFormatException("$", "The world must be a JSON object.");
            AwsWorldRules.Check(world.Aws);
            IssuerRules.Check(world);
            return world;
        }
        catch (JsonException exception)
        {
            var message = exception.Message;
            var tail = message.IndexOf(" Path: ", StringComparison.Ordinal);
            throw new WorldFormatException(exception.Path ?? "$", tail < 0 ? message : message[..tail]);
        }
    }

    private static string Embedded(string name)
    {
        using var stream = typeof(LabWorld).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>A text declares no valid world.</summary>
/// <param name="path">Where, as a JSON path.</param>
/// <param name="problem">What is wrong there and how to mend it.</param>
public sealed class WorldFormatException(string path, string problem) : FormatException($"{path}: {problem}")
{
    /// <summary>Where, as a JSON path.</summary>
    public string Path { get; } = path;

    /// <summary>What is wrong there and how to mend it.</summary>
    public string Problem { get; } = problem;
}
