using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Google.Sts;

/// <summary>
/// Google's security token service, <c>https://sts.googleapis.com/v1/token</c> (Security Token Service API, method token; RFC 8693): from the proof of an identity
/// outside Google Cloud to a federated access token of a workload identity pool.
/// </summary>
internal sealed class StsEndpoint(PoolDirectory pools, AwsCallerCheck aws, IOidcKeySource keys, AccessTokens accessTokens, TimeProvider time, EventLog events)
{
    public const string Path = "/google/sts/v1/token";

    private const string ServiceName = "sts.googleapis.com";
    private const string ExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string AccessTokenType = "urn:ietf:params:oauth:token-type:access_token";
    private const string AwsRequestType = "urn:ietf:params:aws:token-type:aws4_request";

    private static readonly string[] TokenTypes = ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"];
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    public async Task HandleAsync(HttpContext context)
    {
        var entry = new GoogleAuditEntry(ServiceName, "ExchangeToken");
        try
        {
            var request = StsRequest.Parse(await GoogleHttp.ReadBodyAsync(context) ?? throw OAuthException.InvalidRequest("Request payload size exceeds the limit."), GoogleHttp.HasForm(context));
            var answer = await ExchangeAsync(request, entry, context.RequestAborted);
            events.Record(entry.ToEvent(context, time.GetUtcNow()));
            await GoogleHttp.WriteAsync(context, StatusCodes.Status200OK, answer);
        }
        catch (OAuthException refusal)
        {
            entry.ErrorCode = refusal.Error;
            entry.ErrorMessage = refusal.Message;
            events.Record(entry.ToEvent(context, time.GetUtcNow()));
            await GoogleHttp.WriteAsync(context, refusal.HttpStatus, refusal.ToJson());
        }
    }

    private async Task<JsonObject> ExchangeAsync(StsRequest request, GoogleAuditEntry entry, CancellationToken cancellationToken)
    {
        if (request["grant_type"] != ExchangeGrant)
        {
            throw new OAuthException("unsupported_grant_type", "Invalid value for \"grant_type\". This value should be \"urn:ietf:params:oauth:grant-type:token-exchange\".");
        }

        var audience = request["audience"];
        entry.Asked["audience"] = audience;
        var provider = audience.StartsWith("//", StringComparison.Ordinal) ? PoolProviderName.TryParse(audience) : null;
        if (provider is null)
        {
            throw OAuthException.InvalidRequest(
                "Invalid value for \"audience\". This value should be the full resource name of the Identity Provider. "
                + "See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.");
        }

        if (request["requested_token_type"] != AccessTokenType)
        {
            throw OAuthException.InvalidRequest("Invalid value of requested_token_type in request.");
        }

        var scopes = request["scope"].Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct().ToList();
        if (scopes.Count == 0)
        {
            throw OAuthException.InvalidRequest("Scope(s) must be provided.");
        }

        if (scopes.Find(scope => !OAuthScopes.IsKnown(scope)) is { } unknown)
        {
            throw new OAuthException("invalid_scope", $"Invalid OAuth scope or ID token audience provided: {unknown}");
        }

        var trust = pools.Find(provider) ?? throw new OAuthException(
            "invalid_target",
            "The target service indicated by the \"audience\" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn't exist.");
        var token = Sensitive.Of(request["subject_token"]);
        if (token.Reveal().Length == 0)
        {
            throw OAuthException.InvalidRequest("Invalid value for \"subject_token\". This value should not be empty.");
        }

        var type = request["subject_token_type"];
        entry.Asked["subject_token_type"] = type;
        var now = time.GetUtcNow();
        var (evaluation, proofEnds) = type switch
        {
            AwsRequestType when trust.Provider.AwsAccountId is not null => (await OfAwsAsync(trust, token, entry, cancellationToken), (DateTimeOffset?)null),
            _ when TokenTypes.Contains(type) && trust.Provider.Oidc is not null => await OfTokenAsync(trust, token, now, entry, cancellationToken),
            _ => throw OAuthException.InvalidRequest("Invalid value for \"subject_token_type\"."),
        };
        foreach (var attribute in evaluation.Attributes.Where(attribute => attribute.Problem is null))
        {
            entry.Asked[attribute.Attribute] = string.Join(' ', attribute.Values);
        }

        if (evaluation.Refusal is { } refusal)
        {
            entry.Explanation = refusal.Explanation;
            throw new OAuthException(refusal.Error, refusal.Message);
        }

        return Issue(evaluation.Identity!, provider, scopes, now, proofEnds, entry);
    }

    private JsonObject Issue(PoolIdentity identity, PoolProviderName provider, List<string> scopes, DateTimeOffset now, DateTimeOffset? proofEnds, GoogleAuditEntry entry)
    {
        var principal = GooglePrincipal.Federated(identity.Principal, identity.Subject, identity.PrincipalSets);
        entry.Principal = principal;
        entry.Issued["access_token.scope"] = string.Join(' ', scopes);
        entry.Issued["access_token.principal"] = identity.Principal;

        // The federated token does not outlive the proof; but a proof may be taken for a minute after its end.
        var expires = proofEnds is { } end && end < now + Lifetime ? end : now + Lifetime;
        expires = expires > now ? expires : now + PoolTrust.ClockSkew;
        var token = accessTokens.Issue(new AccessTokenGrant(principal, scopes, provider.FullName, expires, []));
        return new JsonObject
        {
            ["access_token"] = token.Reveal(),
            ["issued_token_type"] = AccessTokenType,
            ["token_type"] = "Bearer",
            ["expires_in"] = (int)(expires - now).TotalSeconds,
        };
    }

    private async Task<PoolEvaluation> OfAwsAsync(PoolTrust trust, Sensitive<string> token, GoogleAuditEntry entry, CancellationToken cancellationToken)
    {
        var (caller, refusal) = await aws.CallerAsync(token, trust.Provider.Name, cancellationToken);
        if (refusal is not null)
        {
            return new PoolEvaluation(trust.Provider.Name, [], null, null, refusal);
        }

        entry.Asked["assertion.arn"] = caller!.Arn;
        return trust.Evaluate(caller);
    }

    private async Task<(PoolEvaluation Evaluation, DateTimeOffset? Ends)> OfTokenAsync(
        PoolTrust trust, Sensitive<string> token, DateTimeOffset now, GoogleAuditEntry entry, CancellationToken cancellationToken)
    {
        var evaluation = trust.Evaluate(token, await pools.KeysAsync(trust, keys, cancellationToken), now);
        IdTokenClaims? claims = null;
        if (evaluation.Refusal is null)
        {
            claims = IdTokenDecoder.DecodeUnverified(token.Reveal());
            entry.Asked["assertion.sub"] = claims.Subject ?? "";
        }

        return (evaluation, claims?.ExpiresAt);
    }
}
