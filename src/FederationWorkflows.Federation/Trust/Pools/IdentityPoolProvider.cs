using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// A workload identity pool's provider as an administrator of Google Cloud made it (IAM REST reference, projects.locations.workloadIdentityPools.providers):
/// whom it believes, and what it makes of them. Either <see cref="AwsAccountId"/> or <see cref="Oidc"/>.
/// </summary>
public sealed record IdentityPoolProvider
{
    internal const int MaximumLength = 256 * 1024;

    /// <summary>Its full resource name.</summary>
    public required PoolProviderName Name { get; init; }

    /// <summary>The AWS account whose identities it takes: twelve digits.</summary>
    public string? AwsAccountId { get; init; }

    /// <summary>The OpenID Connect issuer whose tokens it takes.</summary>
    public PoolOidcIssuer? Oidc { get; init; }

    /// <summary>
    /// Attribute to CEL expression over <c>assertion</c>: <c>google.subject</c>, <c>google.groups</c>, <c>attribute.NAME</c>. Null for the default, which only AWS has
    /// (<see cref="AttributeMapping.AwsDefault"/>).
    /// </summary>
    public IReadOnlyDictionary<string, string>? AttributeMapping { get; init; }

    /// <summary>A CEL expression over <c>assertion</c>, <c>google</c> and <c>attribute</c> that must be true. Null for none.</summary>
    public string? AttributeCondition { get; init; }

    /// <summary>
    /// Reads what <c>gcloud iam workload-identity-pools providers describe ... --format=json</c> prints, or <c>fedflow setup aws-to-gcp</c> writes (IAM REST reference, resource
    /// WorkloadIdentityPoolProvider). What decides nothing is passed over.
    /// </summary>
    /// <param name="json">At most 256 Ki characters.</param>
    /// <exception cref="PoolProviderFormatException">It is no provider, or none that Google would take.</exception>
    public static IdentityPoolProvider Parse(string json)
    {
        if (json.Length > MaximumLength)
        {
            throw new PoolProviderFormatException("$", $"has {json.Length} characters: {MaximumLength} are read at most.");
        }

        try
        {
            using var document = StrictJson.Parse(json, maximumDepth: 8);
            var root = document.RootElement;
            var provider = new IdentityPoolProvider
            {
                Name = PoolProviderName.TryParse(Text(root, "name")) ?? throw new PoolProviderFormatException("name", "is missing or no provider's: projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER."),
                AwsAccountId = Child(root, "aws") is { } aws ? Text(aws, "accountId") ?? throw new PoolProviderFormatException("aws.accountId", "is missing: give the account's twelve digits.") : null,
                Oidc = Child(root, "oidc") is { } oidc
                    ? new PoolOidcIssuer(
                        Text(oidc, "issuerUri") ?? throw new PoolProviderFormatException("oidc.issuerUri", "is missing: give the issuer's https URL."),
                        Child(oidc, "allowedAudiences") is { } audiences ? [.. audiences.EnumerateArray().Select(static audience => audience.GetString() ?? "")] : [])
                    : null,
                AttributeMapping = Child(root, "attributeMapping") is { } mapping ? mapping.EnumerateObject().ToDictionary(static entry => entry.Name, static entry => entry.Value.GetString() ?? "") : null,
                AttributeCondition = Text(root, "attributeCondition") is { Length: > 0 } condition ? condition : null,
            };
            if (provider.AwsAccountId is null == provider.Oidc is null)
            {
                throw new PoolProviderFormatException("$", "has neither aws nor oidc, or both: providers of other kinds (SAML, X.509) are not known here.");
            }

            _ = Trust.AttributeMapping.Compile(provider);
            return provider;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new PoolProviderFormatException("$", "is not the JSON of a provider: give what gcloud iam workload-identity-pools providers describe ... --format=json prints.");
        }
    }

    /// <summary>As gcloud prints it, without what decides nothing.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["name"] = Name.ResourceName };
        if (AwsAccountId is { } account)
        {
            json["aws"] = new JsonObject { ["accountId"] = account };
        }

        if (Oidc is { } oidc)
        {
            json["oidc"] = new JsonObject { ["issuerUri"] = oidc.IssuerUri, ["allowedAudiences"] = new JsonArray([.. oidc.AllowedAudiences.Select(static audience => (JsonNode)audience)]) };
        }

        if (AttributeMapping is { } mapping)
        {
            json["attributeMapping"] = new JsonObject([.. mapping.Select(static entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))]);
        }

        if (AttributeCondition is { } condition)
        {
            json["attributeCondition"] = condition;
        }

        return json;
    }

    private static JsonElement? Child(JsonElement from, string name) => from.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string? Text(JsonElement from, string name) => Child(from, name)?.GetString();
}

/// <summary>The issuer of an OIDC provider.</summary>
/// <param name="IssuerUri">What tokens must have as <c>iss</c>.</param>
/// <param name="AllowedAudiences">What tokens must have among their <c>aud</c>; none for <see cref="PoolProviderName.DefaultAudience"/>.</param>
public sealed record PoolOidcIssuer(string IssuerUri, IReadOnlyList<string> AllowedAudiences)
{
    /// <summary>The audiences that are taken.</summary>
    public IReadOnlyList<string> AudiencesFor(PoolProviderName provider) => AllowedAudiences.Count > 0 ? AllowedAudiences : [provider.DefaultAudience];
}

/// <summary>A provider is not one that Google would take.</summary>
/// <param name="part">Which part: <c>attributeMapping['attribute.team']</c>, <c>attributeCondition</c>.</param>
/// <param name="problem">What is wrong with it and how to mend it.</param>
public sealed class PoolProviderFormatException(string part, string problem) : FormatException($"{part}: {problem}")
{
    /// <summary>Which part of the provider.</summary>
    public string Part { get; } = part;

    /// <summary>What is wrong with it and how to mend it.</summary>
    public string Problem { get; } = problem;
}
