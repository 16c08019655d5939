using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Google.Metadata;

/// <summary>The tokens that an instance gets for its service account ("Authenticate workloads to Google Cloud APIs using service accounts", "Verify VM identity").</summary>
internal sealed class InstanceCredentials(InstanceEntry instance, AccessTokens accessTokens, GoogleIdTokenIssuer idTokens, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    // No instance is older than the lab that it came with.
    private readonly long created = time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>An access token with the instance's scopes or, by <c>scopes</c>, with some of what these cover.</summary>
    public MetadataAnswer Token(IQueryCollection query, GoogleAuditEntry entry)
    {
        IReadOnlyList<string> scopes = query["scopes"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (scopes.Count == 0)
        {
            scopes = instance.Scopes;
        }
        else
        {
            entry.Asked["scopes"] = string.Join(' ', scopes);
        }

        if (scopes.FirstOrDefault(scope => !Covers(scope)) is { } foreign)
        {
            return MetadataAnswer.BadRequest($"the access scopes of this instance do not cover {foreign}");
        }

        var account = instance.Account;
        entry.Issued["access_token.principal"] = account.Email;
        entry.Issued["access_token.scope"] = string.Join(' ', scopes);
        var token = accessTokens.Issue(new AccessTokenGrant(account.Principal, scopes, account.UniqueId, time.GetUtcNow() + Lifetime, []));
        return MetadataAnswer.Json(new JsonObject
        {
            ["access_token"] = token.Reveal(),
            ["expires_in"] = (int)Lifetime.TotalSeconds - 1,
            ["token_type"] = "Bearer",
        });
    }

    /// <summary>An ID token for <c>audience</c>; <c>format=full</c> also tells the account's address and the instance.</summary>
    public MetadataAnswer Identity(IQueryCollection query, GoogleAuditEntry entry)
    {
        var audience = query["audience"].ToString();
        var format = query["format"].ToString();
        var licenses = query["licenses"].ToString();
        entry.Asked["audience"] = audience;
        entry.Asked["format"] = format.Length == 0 ? "standard" : format;
        if (audience.Length == 0)
        {
            return MetadataAnswer.BadRequest("non-empty audience parameter required");
        }

        if (format is not ("" or "standard" or "full"))
        {
            return MetadataAnswer.BadRequest("format parameter must be standard or full");
        }

        if (licenses.Length > 0 && !bool.TryParse(licenses, out _))
        {
            return MetadataAnswer.BadRequest("licenses parameter must be TRUE or FALSE");
        }

        // Tokens in standard format have neither email nor email_verified (google-auth-library-nodejs pull request 874).
        var isFull = format == "full";
        var account = instance.Account;
        entry.Issued["id_token.aud"] = audience;
        entry.Issued["id_token.azp"] = account.UniqueId;
        entry.Issued["id_token.sub"] = account.UniqueId;
        var platform = isFull ? new JsonObject { ["compute_engine"] = Describe(bool.TryParse(licenses, out var wanted) && wanted) } : null;
        var token = idTokens.Issue(audience, account.UniqueId, account.UniqueId, isFull ? account.Email : null, platform: platform);
        return MetadataAnswer.Text(token.Reveal());
    }

    private JsonObject Describe(bool withLicenses)
    {
        var description = new JsonObject
        {
            ["instance_creation_timestamp"] = created,
            ["instance_id"] = $"{instance.Id}",
            ["instance_name"] = instance.Name,
            ["project_id"] = instance.ProjectId,
            ["project_number"] = instance.ProjectNumber,
            ["zone"] = instance.Zone,
        };
        if (withLicenses && instance.Licenses.Count > 0)
        {
            description["license_id"] = new JsonArray([.. instance.Licenses.Select(static license => JsonValue.Create(license))]);
        }

        return description;
    }

    private bool Covers(string scope) => instance.Scopes.Contains(scope) || (instance.Scopes.Contains(OAuthScopes.CloudPlatform) && OAuthScopes.IsKnown(scope));
}
