using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>
/// The IAM Service Account Credentials API, version 1 (Google Cloud documentation, "Service Account Credentials API").
/// Checks in this order: token, its scope, the request's form, that the accounts exist, and each link of the chain from caller to target.
/// </summary>
internal sealed class IamCredentialsEndpoint(
    GoogleDirectory directory, GoogleApi api, AccessTokens accessTokens, GoogleIdTokenIssuer idTokens, TimeProvider time)
{
    public const string Route = "/google/iamcredentials/v1/projects/{project}/serviceAccounts/{call}";

    private const string ServiceName = "iamcredentials.googleapis.com";

    // Impersonating in a circle must not make tokens grow; the origin and the latest links are kept.
    private const int LongestChain = 32;

    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan ExtendedLifetime = TimeSpan.FromHours(12);

    public async Task HandleAsync(HttpContext context)
    {
        var project = (string)context.Request.RouteValues["project"]!;
        var call = (string)context.Request.RouteValues["call"]!;
        var colon = call.LastIndexOf(':');
        if (colon < 0 || IamCredentialsMethod.Find(call[(colon + 1)..]) is not { } method)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var entry = new GoogleAuditEntry(ServiceName, method.Name);
        entry.Asked["name"] = $"projects/{project}/serviceAccounts/{call[..colon]}";
        await api.AnswerAsync(context, entry, () => AnswerAsync(context, method, project, call[..colon], entry));
    }

    private async Task<JsonObject> AnswerAsync(HttpContext context, IamCredentialsMethod method, string project, string account, GoogleAuditEntry entry)
    {
        var caller = api.Authenticate(context, ServiceName, "google.iam.credentials.v1.IAMCredentials." + method.Name, entry, OAuthScopes.CloudPlatform, OAuthScopes.Iam);
        var body = await GoogleHttp.ReadBodyAsync(context)
            ?? throw GoogleApiException.InvalidArgument($"Request payload size exceeds the limit: {GoogleHttp.LargestBody} bytes.");
        var request = IamCredentialsRequest.Parse(body, GoogleHttp.HasForm(context), method.Members);
        if (project != "-")
        {
            throw GoogleApiException.InvalidArgument();
        }

        method.Check(request);
        var target = Find(account);
        var chain = request.Delegates.Select(Find).ToList();
        entry.Asked["resource"] = $"projects/-/serviceAccounts/{target.UniqueId}";
        if (chain.Count > 0)
        {
            entry.Asked["delegates"] = string.Join(' ', chain.Select(link => link.Email));
        }

        Authorize(caller.Principal, chain, target, method.Permission);
        return method.Name switch
        {
            "GenerateAccessToken" =>
                GenerateAccessToken(request, target, Lengthen(caller, chain), entry),
            "GenerateIdToken" => GenerateIdToken(request, target, entry),
            "SignJwt" => SignJwt(request, target, entry),
            _ => SignBlob(request, target),
        };
    }

    private ServiceAccountEntry Find(string account)
    {
        var isNumber = account.All(char.IsAsciiDigit);
        if (!isNumber && !account.Contains('@', StringComparison.Ordinal))
        {
            throw GoogleApiException.InvalidArgument($"Invalid form of account ID {account}. Should be [Gaia ID |Email |Unique ID |] of the account");
        }

        // A disabled account has no login identity ("Gaia id") left to act as.
        return directory.FindServiceAccount(account) is { Disabled: false } found
            ? found
            : throw GoogleApiException.NotFound(isNumber ? "Requested entity was not found." : $"Not found; Gaia id not found for email {account}");
    }

    // The permission of the method is needed on the target only; on the way there each principal needs implicitDelegation on the next account
    // (Google Cloud documentation, "Roles for service account authentication"). Of the predefined roles only Token Creator has both.
    private static void Authorize(GooglePrincipal caller, List<ServiceAccountEntry> chain, ServiceAccountEntry target, string permission)
    {
        foreach (var link in chain)
        {
            Require(caller, link, PredefinedRoles.ImplicitDelegation);
            caller = link.Principal;
        }

        Require(caller, target, permission);
    }

    private static void Require(GooglePrincipal caller, ServiceAccountEntry account, string permission)
    {
        if (!account.Grants(caller, permission))
        {
            throw GoogleApiException.PermissionDenied(permission);
        }
    }

    private static List<GooglePrincipal> Lengthen(AccessTokenGrant caller, List<ServiceAccountEntry> chain)
    {
        List<GooglePrincipal> whole = [.. caller.DelegationChain, caller.Principal, .. chain.Select(link => link.Principal)];
        return whole.Count <= LongestChain ? whole : [whole[0], .. whole.TakeLast(LongestChain - 1)];
    }

    private JsonObject GenerateAccessToken(IamCredentialsRequest request, ServiceAccountEntry target, IReadOnlyList<GooglePrincipal> chain, GoogleAuditEntry entry)
    {
        var lifetime = request.Duration("lifetime") ?? DefaultLifetime;
        var longest = directory.MayLiveTwelveHours(target) ? ExtendedLifetime : DefaultLifetime;
        if (lifetime <= TimeSpan.Zero || lifetime > longest)
        {
            throw GoogleApiException.InvalidArgument();
        }

        var scopes = request.Texts("scope").SelectMany(scope => scope.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Distinct().ToList();
        entry.Issued["access_token.scope"] = string.Join(' ', scopes);
        var expires = time.GetUtcNow() + lifetime;
        entry.Issued["access_token.principal"] = target.Email;
        var token = accessTokens.Issue(new AccessTokenGrant(target.Principal, scopes, target.UniqueId, expires, chain));
        return new JsonObject { ["accessToken"] = token.Reveal(), ["expireTime"] = $"{expires:yyyy-MM-dd'T'HH:mm:ss'Z'}" };
    }

    private JsonObject GenerateIdToken(IamCredentialsRequest request, ServiceAccountEntry target, GoogleAuditEntry entry)
    {
        // azp is the numeric id unless useEmailAzp is given; that member is not in Google's reference, but in its libraries
        // (google-auth-library-python pull request 1270), which send it so that the token looks like a key-based one.
        var presenter = request.Flag("useEmailAzp") ? target.Email : target.UniqueId;
        var audience = request.Text("audience")!;
        entry.Issued["id_token.aud"] = audience;
        entry.Issued["id_token.azp"] = presenter;
        entry.Issued["id_token.sub"] = target.UniqueId;
        var token = idTokens.Issue(audience, presenter, target.UniqueId, request.Flag("includeEmail") ? target.Email : null);
        return new JsonObject { ["token"] = token.Reveal() };
    }

    private JsonObject SignJwt(IamCredentialsRequest request, ServiceAccountEntry target, GoogleAuditEntry entry)
    {
        var payload = request.Text("payload")!;
        CheckClaims(payload, entry);
        return new JsonObject { ["keyId"] = target.SystemKey.KeyId, ["signedJwt"] = target.SystemKey.SignJwt(payload).Reveal() };
    }

    private static JsonObject SignBlob(IamCredentialsRequest request, ServiceAccountEntry target) => new()
    {
        ["keyId"] = target.SystemKey.KeyId,
        ["signedBlob"] = Convert.ToBase64String(target.SystemKey.Sign(Convert.FromBase64String(request.Text("payload")!))),
    };

    // "It must be an integer timestamp that is not in the past and no more than 12 hours in the future" (reference of signJwt).
    private void CheckClaims(string payload, GoogleAuditEntry entry)
    {
        if (!BoundedJson.TryParseObject(Encoding.UTF8.GetBytes(payload), out var claims))
        {
            throw GoogleApiException.InvalidArgument();
        }

        foreach (var claim in claims.EnumerateObject().Where(claim => claim.Name is "iss" or "sub" or "aud"))
        {
            entry.Asked["jwt." + claim.Name] = claim.Value.ToString();
        }

        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (claims.TryGetProperty("exp", out var exp)
            && !(exp.ValueKind == JsonValueKind.Number && exp.TryGetInt64(out var expires) && expires >= now && expires <= now + (long)ExtendedLifetime.TotalSeconds))
        {
            throw GoogleApiException.InvalidArgument();
        }
    }
}
