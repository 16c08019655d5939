using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>Google's OAuth 2.0 token endpoint, <c>https://oauth2.googleapis.com/token</c>: service account assertions and refresh tokens.</summary>
internal sealed class TokenEndpoint(
    GoogleDirectory directory, AccessTokens accessTokens, GoogleIdTokenIssuer idTokens, GoogleLabAddress address, TimeProvider time, EventLog events)
{
    public const string Path = "/google/oauth2/token";

    private const string ServiceName = "oauth2.googleapis.com";
    private const string AssertionGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    private const string RefreshGrant = "refresh_token";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    // The addresses this endpoint has had; assertions made for an older one are still taken.
    private static readonly string[] PublicAddresses =
        ["https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token", "https://accounts.google.com/o/oauth2/token"];

    public async Task HandleAsync(HttpContext context)
    {
        var entry = new GoogleAuditEntry(ServiceName, "Token");
        try
        {
            var form = await GoogleHttp.ReadFormAsync(context) ?? throw OAuthException.InvalidRequest("Bad Request");
            var grantType = Field(form, "grant_type");
            entry.Asked["grant_type"] = grantType;
            var answer = grantType switch
            {
                AssertionGrant => RedeemAssertion(Field(form, "assertion"), entry),
                RefreshGrant => RedeemRefreshToken(form, entry),
                _ => throw new OAuthException("unsupported_grant_type", $"Invalid grant_type: {grantType}"),
            };
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

    private JsonObject RedeemAssertion(string text, GoogleAuditEntry entry)
    {
        var assertion = ServiceAccountAssertion.Verify(text, directory, IsTokenEndpoint, time.GetUtcNow(), entry);
        var account = assertion.Account;

        // Not an error at Google: a scope that is no OAuth scope is taken for the audience of an ID token, also when it stands among real ones.
        var audience = assertion.TargetAudience ?? (assertion.Scopes.All(OAuthScopes.IsKnown) ? null : string.Join(' ', assertion.Scopes));
        if (audience is not null)
        {
            entry.Issued["id_token.aud"] = audience;
            entry.Issued["id_token.azp"] = account.Email;
            entry.Issued["id_token.sub"] = account.UniqueId;

            // Key-based ID tokens carry the address as azp and always the email claims; google-auth-library-python issue 746
            // shows them beside the metadata server's, which carry the numeric id.
            return new JsonObject { ["id_token"] = idTokens.Issue(audience, account.Email, account.UniqueId, account.Email).Reveal() };
        }

        entry.Issued["access_token.scope"] = string.Join(' ', assertion.Scopes);
        var token = accessTokens.Issue(new AccessTokenGrant(account.Principal, assertion.Scopes, account.UniqueId, time.GetUtcNow() + Lifetime, []));
        return AccessTokenAnswer(token);
    }

    private JsonObject RedeemRefreshToken(Dictionary<string, StringValues> form, GoogleAuditEntry entry)
    {
        var clientId = Required(form, "client_id", "Could not determine client ID from request.");
        entry.Asked["client_id"] = clientId;
        var user = directory.FindUserByClient(clientId) ?? throw new OAuthException("invalid_client", "The OAuth client was not found.", 401);
        if (!IsSame(Required(form, "client_secret", "client_secret is missing."), user.ClientSecret))
        {
            throw new OAuthException("invalid_client", "The provided client secret is invalid.", 401);
        }

        if (!IsSame(Required(form, "refresh_token", "Missing required parameter: refresh_token"), user.RefreshToken))
        {
            throw OAuthException.InvalidGrant("Bad Request");
        }

        entry.Principal = user.Principal;
        var asked = Field(form, "scope").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (asked.Except(user.Scopes).Any())
        {
            throw new OAuthException("invalid_scope", "Bad Request");
        }

        IReadOnlyList<string> scopes = asked.Length > 0 ? asked : user.Scopes;
        entry.Issued["access_token.scope"] = string.Join(' ', scopes);
        var token = accessTokens.Issue(new AccessTokenGrant(user.Principal, scopes, user.ClientId, time.GetUtcNow() + Lifetime, []));
        var answer = AccessTokenAnswer(token);
        answer["scope"] = string.Join(' ', scopes);
        if (scopes.Contains("openid"))
        {
            // A user's ID token is for the OAuth client: aud and azp are both its id.
            var email = scopes.Any(OAuthScopes.ShowsEmail) ? user.Email : null;
            answer["id_token"] = idTokens.Issue(user.ClientId, user.ClientId, user.UniqueId, email, AccessTokenHash(token)).Reveal();
        }

        return answer;
    }

    private bool IsTokenEndpoint(string audience) => PublicAddresses.Contains(audience) || audience == address.Of(Path);

    // One second less than an hour, as Google's answers say: the second the request took.
    private static JsonObject AccessTokenAnswer(Sensitive<string> token) => new()
    {
        ["access_token"] = token.Reveal(),
        ["expires_in"] = (int)Lifetime.TotalSeconds - 1,
        ["token_type"] = "Bearer",
    };

    private static string AccessTokenHash(Sensitive<string> token) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(token.Reveal())).AsSpan(0, 16));

    private static string Field(Dictionary<string, StringValues> form, string name) => form.TryGetValue(name, out var values) ? values.ToString() : "";

    private static string Required(Dictionary<string, StringValues> form, string name, string otherwise) =>
        Field(form, name) is { Length: > 0 } value ? value : throw OAuthException.InvalidRequest(otherwise);

    private static bool IsSame(string given, Sensitive<string> expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected.Reveal()));
}
