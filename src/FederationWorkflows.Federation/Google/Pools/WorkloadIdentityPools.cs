using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Google;

/// <summary>Token exchange by REST: Google's library does it only with a proof that it found itself.</summary>
internal sealed class WorkloadIdentityPools(GoogleHttp http, IServiceAccountCredentials serviceAccounts, ExpectedPools expectedPools, IOptionsMonitor<FederationOptions> options, TimeProvider time)
    : IWorkloadIdentityPools
{
    private const int MaxSubjectToken = 64 * 1024;
    private const long MaxLifetime = 86_400;

    public async Task<GoogleAccessToken> ExchangeAsync(PoolTokenRequest request, CancellationToken cancellationToken = default)
    {
        var caller = CloudText.Message(request.Caller) is { Length: > 0 } known ? known : "the subject token";
        var call = new GoogleCall(GoogleCall.SecurityTokenService, "token exchange")
        {
            Caller = caller,
            Target = request.ServiceAccount,
            Secrets = [request.SubjectToken],
            Subject = PoolSubject.Of(request),
        };
        var provider = PoolProviderName.TryParse(request.Provider) ?? throw call.Input(
            "the provider is not the full resource name of a workload identity pool's provider",
            "Give //iam.googleapis.com/projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, with the project's number: "
            + "gcloud iam workload-identity-pools providers describe ... --format='value(name)'.");
        GoogleInputs.RequireScopes(call, request.Scopes);
        if (request.ServiceAccount is not null)
        {
            GoogleInputs.RequireServiceAccount(call, request.ServiceAccount, "the service account");
        }

        if (request.SubjectToken.Reveal().Length is 0 or > MaxSubjectToken)
        {
            throw call.Input($"the subject token has {request.SubjectToken.Reveal().Length} characters", $"Give 1 to {MaxSubjectToken}: a signed request of Aws.SignCallerIdentity, or an ID token.");
        }

        // To impersonate, the federated token needs the scope of IAM; what the service account's token is for is asked of IAM.
        var scopes = request.ServiceAccount is null ? request.Scopes : [GoogleScopes.CloudPlatform];
        var federated = await FederatedAsync(call with { Target = provider.FullName, Explain = () => expectedPools.Explain(provider, request) }, provider, request, scopes, cancellationToken);
        return request.ServiceAccount is null
            ? federated
            : await serviceAccounts.GenerateAccessTokenAsync(
                new AccessTokenRequest
                {
                    ServiceAccount = request.ServiceAccount,
                    SourceToken = federated.Token,
                    Caller = $"the federated identity of {caller} in the pool '{provider.Pool}'",
                    Scopes = request.Scopes,
                    Lifetime = request.Lifetime,
                    Pool = provider.PoolPath,
                },
                cancellationToken);
    }

    private Task<GoogleAccessToken> FederatedAsync(
        GoogleCall call, PoolProviderName provider, PoolTokenRequest request, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        var issued = time.GetUtcNow();
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange",
            ["audience"] = provider.FullName,
            ["scope"] = string.Join(' ', scopes),
            ["requested_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
            ["subject_token_type"] = request.SubjectTokenType == SubjectTokenType.Aws4Request
                ? "urn:ietf:params:aws:token-type:aws4_request"
                : "urn:ietf:params:oauth:token-type:jwt",
            ["subject_token"] = request.SubjectToken.Reveal(),
        };
        return http.PostFormAsync(
            call,
            options.CurrentValue.Endpoints.GoogleSts,
            form,
            answer => Token(call, answer, scopes, issued),
            cancellationToken);
    }

    private static GoogleAccessToken Token(GoogleCall call, JsonElement answer, IReadOnlyList<string> scopes, DateTimeOffset issued)
    {
        // expires_in is left out for a proof that is about to expire.
        var lifetime = answer.TryGetProperty("expires_in", out var seconds) ? seconds.GetInt64() : 0;
        return answer.GetProperty("access_token").GetString() is { Length: > 0 } token && lifetime is >= 0 and <= MaxLifetime
            ? new GoogleAccessToken(Sensitive.Of(token), issued.AddSeconds(lifetime), [.. scopes], Principal: null)
            : throw call.Unreadable("its answer has no access_token or an odd expires_in");
    }
}
