using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Google;

/// <summary>Short-lived credentials of service accounts, by the IAM Service Account Credentials API (REST v1).</summary>
public interface IServiceAccountCredentials
{
    /// <summary>Impersonates: an access token of the service account. Needs <c>iam.serviceAccounts.getAccessToken</c> on it.</summary>
    /// <exception cref="FederationException">An input is wrong, no answer came, or Google refused.</exception>
    Task<GoogleAccessToken> GenerateAccessTokenAsync(AccessTokenRequest request, CancellationToken cancellationToken = default);

    /// <summary>Mints an OpenID Connect ID token of the service account. Needs <c>iam.serviceAccounts.getOpenIdToken</c> on it.</summary>
    /// <exception cref="FederationException">An input is wrong, no answer came, or Google refused.</exception>
    Task<GoogleIdToken> GenerateIdTokenAsync(IdTokenRequest request, CancellationToken cancellationToken = default);
}

/// <summary>What <see cref="IServiceAccountCredentials.GenerateAccessTokenAsync"/> is asked for.</summary>
public sealed record AccessTokenRequest
{
    /// <summary>The service account to become: its email or its numeric id.</summary>
    public required string ServiceAccount { get; init; }

    /// <summary>The access token that authorizes the call, with the scope cloud-platform or iam.</summary>
    public required Sensitive<string> SourceToken { get; init; }

    /// <summary>Whose token <see cref="SourceToken"/> is, for messages.</summary>
    public string? Caller { get; init; }

    /// <summary>The service accounts between the caller and the target, in order; at most 10. Each must be allowed to impersonate the next.</summary>
    public IReadOnlyList<string> Delegates { get; init; } = [];

    /// <summary>1 to 100 OAuth scopes.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>1 second to 12 hours; beyond 1 hour only where the organization policy <c>iam.allowServiceAccountCredentialLifetimeExtension</c> lists the account.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The pool whose federated identity <see cref="SourceToken"/> is of, for messages; null when it is of another identity.</summary>
    internal string? Pool { get; init; }
}

/// <summary>What <see cref="IServiceAccountCredentials.GenerateIdTokenAsync"/> is asked for.</summary>
public sealed record IdTokenRequest
{
    /// <summary>The service account the token speaks of: its email or its numeric id.</summary>
    public required string ServiceAccount { get; init; }

    /// <summary>The access token that authorizes the call, with the scope cloud-platform or iam.</summary>
    public required Sensitive<string> SourceToken { get; init; }

    /// <summary>Whose token <see cref="SourceToken"/> is, for messages.</summary>
    public string? Caller { get; init; }

    /// <summary>The service accounts between the caller and the target, in order; at most 10.</summary>
    public IReadOnlyList<string> Delegates { get; init; } = [];

    /// <summary>The <c>aud</c> of the token: 1 to 2048 characters.</summary>
    public required string Audience { get; init; }

    /// <summary>Whether the token has <c>email</c> and <c>email_verified</c>.</summary>
    public bool IncludeEmail { get; init; } = true;

    /// <summary>Whether <c>azp</c> is the service account's email instead of its numeric id. Null leaves it to Google (numeric id).</summary>
    public bool? UseEmailAzp { get; init; }
}
