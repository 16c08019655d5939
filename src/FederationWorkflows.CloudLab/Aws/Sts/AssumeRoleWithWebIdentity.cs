using System.Text.Json;
using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.Iam;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.Sts;

/// <summary>AWS STS API Reference, AssumeRoleWithWebIdentity. The answers' words were collected from those that people met.</summary>
internal sealed class AssumeRoleWithWebIdentity(AwsCloud cloud, OidcTokenValidator tokens)
{
    private const string Action = "sts:AssumeRoleWithWebIdentity";

    // IAM User Guide, "Pass session tags in AWS STS" and "Monitor and control actions taken with assumed roles".
    private const string TagsClaim = "https://aws.amazon.com/tags";
    private const string SourceIdentityClaim = "https://aws.amazon.com/source_identity";

    private static readonly XNamespace Xmlns = StsService.Xmlns;

    public async Task<XElement> HandleAsync(AwsCall call, QueryParameters parameters, CancellationToken cancellationToken)
    {
        var session = RoleSession.Read(parameters);
        var token = Sensitive.Of(parameters.Required("WebIdentityToken", 4, OidcToken.MaximumLength, sensitive: true));
        call.RequestParameters = session.ToRequestParameters();
        session.CheckSyntax(parameters);
        if (parameters["ProviderId"] is not null)
        {
            throw QueryParameters.Invalid("ProviderId is for OAuth 2.0 access tokens of www.amazon.com and graph.facebook.com only; leave it out for OpenID Connect ID tokens.");
        }

        var claims = await ValidateAsync(call, session, token, cancellationToken);
        var tags = Tags(claims);
        var sourceIdentity = claims.Values(SourceIdentityClaim) is [var source] ? source : null;
        var role = Authorize(call, session, claims, tags, sourceIdentity);
        var issued = session.Issue(call, cloud.Keys, role, WebIdentityContext.OfSession(claims, session.AccountId), new SessionTags(tags, TransitiveTags(claims, tags)), sourceIdentity);

        var audience = WebIdentityContext.Audience(claims)[0];
        var provider = WebIdentityContext.FederatedPrincipal(claims.Issuer, session.AccountId);
        call.ResponseElements!["subjectFromWebIdentityToken"] = claims.Subject;
        call.ResponseElements["audience"] = audience;
        call.ResponseElements["provider"] = provider;
        return new XElement(
            Xmlns + "AssumeRoleWithWebIdentityResult",
            new XElement(Xmlns + "Audience", audience),
            issued.AssumedRoleUser,
            new XElement(Xmlns + "Provider", provider),
            issued.Credentials,
            issued.PackedPolicySize,
            new XElement(Xmlns + "SubjectFromWebIdentityToken", claims.Subject),
            sourceIdentity is null ? null : new XElement(Xmlns + "SourceIdentity", sourceIdentity));
    }

    private async Task<OidcClaims> ValidateAsync(AwsCall call, RoleSession session, Sensitive<string> token, CancellationToken cancellationToken)
    {
        if (!OidcToken.TryParse(token, out var parsed, out var failure))
        {
            throw Refuse(call, failure, null);
        }

        var claims = parsed.UnverifiedClaims;
        call.Identity = IdentityOf(claims);
        var provider = WebIdentityContext.ProviderName(claims.Issuer);
        if (!WebIdentityContext.IsBuiltIn(provider))
        {
            var declared = cloud.FindProvider(session.AccountId, provider)
                ?? throw Invalid($"No OpenIDConnect provider found in your account for {claims.Issuer}");
            if (!WebIdentityContext.Audience(claims).Any(declared.ClientIds.Contains))
            {
                throw Invalid("Incorrect token audience");
            }
        }

        var validation = await tokens.ValidateAsync(parsed, cancellationToken);
        return validation.IsValid ? validation.Claims : throw Refuse(call, validation.Failure, claims);
    }

    private LabRole Authorize(AwsCall call, RoleSession session, OidcClaims claims, List<KeyValuePair<string, string>> tags, string? sourceIdentity)
    {
        var role = cloud.FindRole(session.RoleArn) ?? throw Denied(Action, $"there is no role {session.RoleArn}");
        var context = call.RequestContext(WebIdentityContext.OfRequest(claims, session.Name))
            .With("sts:SourceIdentity", sourceIdentity is null ? [] : [sourceIdentity])
            .With("aws:TagKeys", [.. tags.Select(static tag => tag.Key)]);
        foreach (var (key, value) in tags)
        {
            context = context.With($"aws:RequestTag/{key}", value);
        }

        var principal = RequestPrincipal.Federated(WebIdentityContext.FederatedPrincipal(claims.Issuer, session.AccountId));
        string?[] actions = [Action, tags.Count > 0 ? "sts:TagSession" : null, sourceIdentity is not null ? "sts:SetSourceIdentity" : null];
        foreach (var action in actions.OfType<string>())
        {
            var evaluation = PolicyEvaluator.Evaluate(role.TrustPolicy, new PolicyRequest(principal, action, role.Arn, context));
            if (evaluation.Decision != PolicyDecision.Allowed)
            {
                throw Denied(action, AwsAuthorizer.Explain(evaluation));
            }
        }

        return role;
    }

    private static AwsException Refuse(AwsCall call, OidcTokenFailure failure, OidcClaims? claims)
    {
        AwsException Told(string message) => new("InvalidIdentityToken", message, StatusCodes.Status400BadRequest) { Explanation = failure.Message };
        return failure.Error switch
        {
            OidcTokenError.Malformed or OidcTokenError.TooLarge =>
                Told("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"),
            OidcTokenError.UnknownIssuer or OidcTokenError.UnknownKey or OidcTokenError.KeysUnavailable =>
                Told("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"),
            OidcTokenError.Expired => new AwsException(
                "ExpiredTokenException",
                $"Token expired: current date/time {call.Now.ToUnixTimeSeconds()} must be before the expiration date/time {claims!.Expires.ToUnixTimeSeconds()}",
                StatusCodes.Status400BadRequest) { Explanation = failure.Message },
            _ => Told(failure.Message),
        };
    }

    private static AwsException Invalid(string message) => new("InvalidIdentityToken", message, StatusCodes.Status400BadRequest);

    private static AwsException Denied(string action, string explanation) =>
        new("AccessDenied", $"Not authorized to perform {action}", StatusCodes.Status403Forbidden) { Explanation = explanation };

    private static LabUserIdentity IdentityOf(OidcClaims claims)
    {
        var provider = WebIdentityContext.ProviderName(claims.Issuer);
        var context = WebIdentityContext.Of(claims);
        return new LabUserIdentity
        {
            Type = "WebIdentityUser",
            PrincipalId = $"{provider}:{string.Join(',', WebIdentityContext.Audience(claims))}:{claims.Subject}",
            UserName = claims.Subject,
            IdentityProvider = provider,
            Claims = context.Keys.ToDictionary(static key => key, key => context.TryGet(key, out var values) ? string.Join(",", values) : string.Empty),
        };
    }

    private static List<KeyValuePair<string, string>> Tags(OidcClaims claims)
    {
        var tags = new List<KeyValuePair<string, string>>();
        if (claims.Json.TryGetProperty(TagsClaim, out var claim) && claim.ValueKind == JsonValueKind.Object
            && claim.TryGetProperty("principal_tags", out var pairs) && pairs.ValueKind == JsonValueKind.Object)
        {
            foreach (var pair in pairs.EnumerateObject())
            {
                tags.Add(new(pair.Name, OidcClaims.Texts(pair.Value) is [var value] ? value : throw Invalid($"The session tag {pair.Name} must have exactly one value")));
            }
        }

        return tags;
    }

    private static List<KeyValuePair<string, string>> TransitiveTags(OidcClaims claims, List<KeyValuePair<string, string>> tags)
    {
        var keys = claims.Json.TryGetProperty(TagsClaim, out var claim) && claim.ValueKind == JsonValueKind.Object && claim.TryGetProperty("transitive_tag_keys", out var names)
            ? OidcClaims.Texts(names)
            : [];
        return [.. tags.Where(tag => keys.Contains(tag.Key, StringComparer.OrdinalIgnoreCase))];
    }
}
