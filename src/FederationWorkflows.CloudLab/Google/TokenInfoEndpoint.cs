using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>What Google tells about a token to whoever holds it: <c>tokeninfo</c> and <c>userinfo</c>.</summary>
internal sealed class TokenInfoEndpoint(AccessTokens accessTokens, GoogleIdTokenIssuer idTokens, GoogleDirectory directory, TimeProvider time)
{
    private static JsonObject InvalidValue => new() { ["error"] = "invalid_token", ["error_description"] = "Invalid Value" };

    public async Task TokenInfoAsync(HttpContext context)
    {
        var form = HttpMethods.IsPost(context.Request.Method) ? await GoogleHttp.ReadFormAsync(context) : null;
        string Parameter(string name) => form?.GetValueOrDefault(name).ToString() is { Length: > 0 } value ? value : context.Request.Query[name].ToString();

        var answer = (Parameter("id_token"), Parameter("access_token")) switch
        {
            ({ Length: > 0 } token, _) => OfIdToken(token),
            (_, { Length: > 0 } token) => OfAccessToken(token),
            _ => new JsonObject { ["error"] = "invalid_request", ["error_description"] = "either access_token, id_token, or token_handle required" },
        };
        await GoogleHttp.WriteAsync(context, answer.ContainsKey("error") ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK, answer);
    }

    public Task UserInfoAsync(HttpContext context)
    {
        if (GoogleHttp.BearerToken(context) is not { } token || !accessTokens.TryIntrospect(token, out var grant) || grant.Principal.Email is null)
        {
            return GoogleHttp.WriteAsync(
                context, StatusCodes.Status401Unauthorized, new JsonObject { ["error"] = "invalid_request", ["error_description"] = "Invalid Credentials" });
        }

        var answer = new JsonObject { ["sub"] = grant.Principal.Subject };
        if (grant.Scopes.Any(OAuthScopes.ShowsEmail))
        {
            answer["email"] = grant.Principal.Email;
            answer["email_verified"] = true;
        }

        return GoogleHttp.WriteAsync(context, StatusCodes.Status200OK, answer);
    }

    private JsonObject OfAccessToken(string token)
    {
        // tokeninfo does not know the tokens of workload identity pools.
        if (!accessTokens.TryIntrospect(token, out var grant) || grant.Principal.Email is null)
        {
            return InvalidValue;
        }

        var seconds = (long)(grant.ExpiresAt - time.GetUtcNow()).TotalSeconds;
        var answer = new JsonObject { ["azp"] = grant.ClientId, ["aud"] = grant.ClientId };
        if (grant.Scopes.Contains("openid"))
        {
            answer["sub"] = grant.Principal.Subject;
        }

        answer["scope"] = string.Join(' ', grant.Scopes);
        answer["exp"] = grant.ExpiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        answer["expires_in"] = seconds.ToString(CultureInfo.InvariantCulture);
        if (grant.Scopes.Any(OAuthScopes.ShowsEmail) && grant.Principal.Email is { } email)
        {
            answer["email"] = email;
            answer["email_verified"] = "true";
        }

        // "offline" says that a refresh token stands behind it.
        answer["access_type"] = directory.FindUserByClient(grant.ClientId) is null ? "online" : "offline";
        return answer;
    }

    // tokeninfo answers with the claims and the header in one object, every value as text.
    private JsonObject OfIdToken(string token)
    {
        if (!TryVerify(token, out var header, out var claims))
        {
            return InvalidValue;
        }

        var answer = new JsonObject();
        foreach (var member in claims.EnumerateObject().Concat(header.EnumerateObject()))
        {
            answer[member.Name] = member.Value.ValueKind is JsonValueKind.True ? "true" : member.Value.ToString();
        }

        return answer;
    }

    // The lab's own tokens only, so what a valid signature covers has the claims the issuer wrote.
    private bool TryVerify(string token, out JsonElement header, out JsonElement claims)
    {
        (header, claims) = (default, default);
        var parts = token.Split('.', 4);
        if (parts.Length != 3
            || !TryDecode(parts[0], out var headerBytes)
            || !TryDecode(parts[1], out var claimBytes)
            || !TryDecode(parts[2], out var signature)
            || !BoundedJson.TryParseObject(headerBytes, out header)
            || !header.TryGetProperty("kid", out var kid)
            || kid.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        var key = idTokens.PublicKeys.FirstOrDefault(key => kid.ValueEquals(key.KeyId));
        return key is not null
            && key.Verify("RS256", Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), signature)
            && BoundedJson.TryParseObject(claimBytes, out claims)
            && claims.GetProperty("exp").GetInt64() > time.GetUtcNow().ToUnixTimeSeconds();
    }

    private static bool TryDecode(string segment, out byte[] bytes)
    {
        bytes = Base64Url.IsValid(segment) ? Base64Url.DecodeFromChars(segment) : [];
        return bytes.Length > 0;
    }
}
