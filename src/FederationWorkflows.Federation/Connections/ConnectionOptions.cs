using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Connections;

/// <summary>
/// An identity an administrator lets stories use, in <c>Federation:Connections:{name}</c>. A story names the connection, never a credential, a file
/// or an endpoint. Which of the settings a connection has depends on its kind (<see cref="ConnectionKinds"/>); docs/connections.md has the table.
/// </summary>
public sealed class ConnectionOptions
{
    /// <summary>One of <see cref="ConnectionKinds"/> (case does not matter).</summary>
    public string? Kind { get; set; }

    /// <summary>The stories that may use it, by their definition ids as they are written; <c>*</c> for every story. None listed: no story may.</summary>
    public IList<string> Stories { get; } = [];

    /// <summary>The roles of this server whose people may publish stories that name it and start such stories by hand, beside administrators. None listed: administrators only.</summary>
    public IList<string> Roles { get; } = [];

    /// <summary>Path of the credential's JSON file. It is read anew for each token that is asked of the cloud, so that a rotated file takes effect.</summary>
    public string? File { get; set; }

    /// <summary>The credential's JSON itself, for hosts that inject secrets through configuration.</summary>
    public Sensitive<string>? Json { get; set; }

    /// <summary>Of a Google identity: the OAuth scopes stories may ask for; none listed: any.</summary>
    public IList<string> Scopes { get; } = [];

    /// <summary>Of <c>awsProfile</c>: the profile in the AWS configuration files of the account this host runs as. Null for <c>default</c>.</summary>
    public string? Profile { get; set; }

    /// <summary>The connection this one is reached from.</summary>
    public string? Source { get; set; }

    /// <summary>Of <c>projectedToken</c>, and of <c>workloadIdentityPool</c> instead of a source: the file of a projected OIDC token. It is read anew for each exchange.</summary>
    public string? TokenFile { get; set; }

    /// <summary>Of <c>projectedToken</c>: the issuer of the cluster's tokens, an https URL. A token of another issuer in the file is refused.</summary>
    public string? Issuer { get; set; }

    /// <summary>Of <c>workloadIdentityPool</c>: the provider's full resource name, <c>//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER</c>.</summary>
    public string? Provider { get; set; }

    /// <summary>Of <c>awsRole</c>: the role, <c>arn:aws:iam::ACCOUNT:role/NAME</c>.</summary>
    public string? RoleArn { get; set; }

    /// <summary>Of <c>awsRole</c> with a Google source: the audience of the ID token, 1 to 2048 characters, which the role's trust policy pins.</summary>
    public string? Audience { get; set; }

    /// <summary>The service account to impersonate on the way: its email or numeric id. Null for none.</summary>
    public string? ServiceAccount { get; set; }

    /// <summary>
    /// Of <c>awsRole</c>: the session's name in CloudTrail, with <c>{story}</c>, <c>{run}</c> and <c>{connection}</c> in it. A run's id in it costs an
    /// exchange for each run. Null for <c>{story}</c>.
    /// </summary>
    public string? SessionName { get; set; }

    /// <summary>Of <c>awsRole</c>: an IAM policy in JSON, at most 2048 characters, that narrows every session. A story's own can then not take its place.</summary>
    public string? SessionPolicy { get; set; }

    /// <summary>Of <c>awsRole</c>: the longest session a story may ask for, and what it gets when it asks for none: 15 minutes to 12 hours. Null for 1 hour.</summary>
    public TimeSpan? MaxDuration { get; set; }

    /// <summary>The AWS region whose STS is asked; null for that of the role's partition (<see cref="FederationOptions.AwsRegion"/>).</summary>
    public string? Region { get; set; }

    /// <summary>Of <c>awsRole</c> with an AWS source: the external id that the role's trust policy asks for.</summary>
    public string? ExternalId { get; set; }

    internal bool IsKind(string kind) => string.Equals(Kind, kind, StringComparison.OrdinalIgnoreCase);

    /// <summary>The settings that depend on the kind and have a value.</summary>
    internal IEnumerable<string> Given()
    {
        if (!string.IsNullOrWhiteSpace(Json?.Reveal()))
        {
            yield return nameof(Json);
        }

        if (Scopes.Count > 0)
        {
            yield return nameof(Scopes);
        }

        if (MaxDuration is not null)
        {
            yield return nameof(MaxDuration);
        }

        foreach (var (name, value) in new[]
        {
            (nameof(File), File), (nameof(Profile), Profile), (nameof(Source), Source), (nameof(TokenFile), TokenFile), (nameof(Issuer), Issuer), (nameof(Provider), Provider),
            (nameof(RoleArn), RoleArn), (nameof(Audience), Audience), (nameof(ServiceAccount), ServiceAccount), (nameof(SessionName), SessionName),
            (nameof(SessionPolicy), SessionPolicy), (nameof(Region), Region), (nameof(ExternalId), ExternalId),
        })
        {
            if (!string.IsNullOrWhiteSpace(value))
            {
                yield return name;
            }
        }
    }
}
