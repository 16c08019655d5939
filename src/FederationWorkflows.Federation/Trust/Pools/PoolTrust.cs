using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;

namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// Decides as a workload identity pool's provider does: is the proof of identity good, is it meant for this provider, and who is it then.
/// The refusals are Google's, in its words where they are known (the README of the CloudLab's Google half says which are not). Safe on any thread.
/// </summary>
/// <param name="provider">The provider.</param>
/// <exception cref="PoolProviderFormatException">Google would not take the provider.</exception>
public sealed class PoolTrust(IdentityPoolProvider provider)
{
    /// <summary>How far Google lets clocks be apart, both ways.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    private readonly AttributeMapping mapping = AttributeMapping.Compile(provider);

    /// <summary>The provider.</summary>
    public IdentityPoolProvider Provider => provider;

    /// <summary>Mapping and condition, of an assertion that has been proved.</summary>
    internal PoolEvaluation Map(JsonElement assertion) => mapping.Evaluate(provider, assertion);

    /// <summary>What AWS tells of a caller, as an assertion.</summary>
    internal static JsonElement Assertion(CallerIdentity caller) => JsonSerializer.SerializeToElement(new { arn = caller.Arn, account = caller.Account, userid = caller.UserId });

    /// <summary>What the provider makes of a caller that AWS vouched for. That the request was signed for this provider and is fresh is for whoever sent it to AWS to check.</summary>
    public PoolEvaluation Evaluate(CallerIdentity caller)
    {
        if (caller.Account != provider.AwsAccountId)
        {
            return Refuse(
                "invalid_grant",
                "The AWS account of the given credential does not match the account of the provider.",
                provider.AwsAccountId is { } expected ? $"the caller is of account {caller.Account}, the provider takes {expected}" : "the provider takes tokens of an OIDC issuer, not AWS identities");
        }

        return Map(Assertion(caller));
    }

    /// <summary>What the provider makes of a token, with its issuer's keys and the time: issuer, audience, times, signature, then mapping and condition.</summary>
    /// <param name="token">The token.</param>
    /// <param name="keys">The issuer's keys; null leaves out the signature, for explaining a token whose issuer is out of reach.</param>
    /// <param name="now">The time.</param>
    public PoolEvaluation Evaluate(Sensitive<string> token, IReadOnlyList<JsonWebKey>? keys, DateTimeOffset now)
    {
        if (provider.Oidc is not { } issuer)
        {
            return Refuse("invalid_request", "Invalid value for \"subject_token_type\".", "the provider takes signed requests of AWS, not tokens");
        }

        if (!OidcToken.TrySplit(token, out var parts, out var failure))
        {
            return Refuse("invalid_grant", "The given ID Token is malformed.", failure.Message);
        }

        var claims = parts.Payload;
        if (Text(claims, "iss") is var iss && iss != issuer.IssuerUri)
        {
            return Refuse("invalid_grant", $"The issuer in ID Token {iss ?? "null"} does not match the expected one in config: {issuer.IssuerUri}.", $"iss is {iss ?? "absent"}, the provider's issuer is {issuer.IssuerUri}");
        }

        var audiences = claims.TryGetProperty("aud", out var aud) ? OidcClaims.Texts(aud) : [];
        if (!audiences.Any(issuer.AudiencesFor(provider.Name).Contains))
        {
            return Refuse(
                "invalid_grant",
                $"The audience in ID Token [{string.Join(", ", audiences)}] does not match the expected audience.",
                $"aud is {(audiences.Count == 0 ? "absent" : string.Join(", ", audiences))}, the provider takes {string.Join(", ", issuer.AudiencesFor(provider.Name))}");
        }

        if (Stale(claims, now) is { } stale)
        {
            return Refuse("invalid_grant", $"ID Token issued at {(Seconds(claims, "iat") is { } iat ? $"{iat:0}" : "null")} is stale to sign-in.", stale);
        }

        return keys is not null && Signature(parts, keys) is { } unsigned ? unsigned : Map(claims);
    }

    private PoolEvaluation? Signature(OidcTokenParts token, IReadOnlyList<JsonWebKey> keys)
    {
        // Google takes RS256 and ES256 ("Workload Identity Federation", OIDC tokens).
        var key = token.Algorithm is "RS256" or "ES256" && !token.HasCriticalHeader ? keys.FirstOrDefault(key => key.KeyId == token.KeyId && (key.KeyType == "RSA") == (token.Algorithm == "RS256")) : null;
        if (key is null)
        {
            return Refuse(
                "invalid_grant",
                "Error connecting to the given credential's issuer.",
                $"no {token.Algorithm} key '{token.KeyId}' of the issuer is known; known are {string.Join(", ", keys.Select(known => $"'{known.KeyId}' ({known.KeyType})"))}");
        }

        return key.Verify(token.Algorithm, token.SigningInput, token.Signature)
            ? null
            : Refuse("invalid_grant", "Unable to verify the ID Token signature.", $"the signature is not that of key '{key.KeyId}'");
    }

    /// <summary>What of a token's times keeps it out; null when nothing does.</summary>
    internal static string? Stale(JsonElement claims, DateTimeOffset now)
    {
        var skew = ClockSkew.TotalSeconds;
        var seconds = now.ToUnixTimeMilliseconds() / 1000.0;
        return (Seconds(claims, "iat"), Seconds(claims, "exp"), Seconds(claims, "nbf")) switch
        {
            (null, _, _) => "iat is absent or no time",
            (_, null, _) => "exp is absent or no time",
            ({ } iat, _, _) when iat > seconds + skew => $"iat is {iat - seconds:0} s in the future",
            (_, { } exp, _) when exp < seconds - skew => $"exp was {seconds - exp:0} s ago",
            (_, _, { } nbf) when nbf > seconds + skew => $"nbf is {nbf - seconds:0} s in the future",
            _ => null,
        };
    }

    private static double? Seconds(JsonElement claims, string claim) =>
        claims.TryGetProperty(claim, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is > 0 and < 253_402_300_800 ? seconds : null;

    internal static string? Text(JsonElement claims, string claim) =>
        claims.TryGetProperty(claim, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private PoolEvaluation Refuse(string error, string message, string explanation) => new(provider.Name, [], null, null, new PoolRefusal(error, message, explanation));
}
