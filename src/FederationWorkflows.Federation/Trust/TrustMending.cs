namespace FederationWorkflows.Federation.Trust;

/// <summary>How to mend what a trust policy refuses.</summary>
internal static class TrustMending
{
    public static string Principal(PrincipalElement principals, string principal)
    {
        if (principals.Negated)
        {
            return $"The statement is about everybody but {principal}.";
        }

        var named = principals.Entries.Where(static entry => entry.Kind == "Federated").Select(static entry => entry.Value).ToList();
        return named.Exists(static value => value.EndsWith(":oidc-provider/accounts.google.com", StringComparison.Ordinal)) && WebIdentityContext.IsBuiltIn(principal)
            ? "Name accounts.google.com itself under Principal.Federated: AWS takes Google's tokens under that name, not under an OIDC provider of the account."
            : named.Count > 0 ? $"The token is of another issuer. To trust it, name {principal} under Principal.Federated."
            : "The statement is about other callers.";
    }

    public static string Condition(ConditionTrace condition, OidcClaims claims)
    {
        var provider = WebIdentityContext.ProviderName(claims.Issuer);
        if (!condition.Key.StartsWith(provider + ":", StringComparison.OrdinalIgnoreCase))
        {
            return condition.Key.Contains(':', StringComparison.Ordinal) && condition.Found.Count == 0
                ? $"Tokens of {provider} have no key {condition.Key}: remove the condition, or use the provider's own keys."
                : Different(condition);
        }

        var claim = condition.Key[(provider.Length + 1)..];
        if (!WebIdentityContext.ClaimsOf(provider).Contains(claim, StringComparer.OrdinalIgnoreCase))
        {
            return $"AWS makes no key {condition.Key}: use one of {string.Join(", ", WebIdentityContext.ClaimsOf(provider))}.";
        }

        if (condition.Found.Count == 0)
        {
            return claim.Equals("email", StringComparison.OrdinalIgnoreCase)
                ? "The token has no email: mint it with the address included (includeEmail)."
                : $"The token has no {claim}: remove the condition, or use an identity whose tokens have it.";
        }

        return claim.ToUpperInvariant() switch
        {
            "AUD" when claims.AuthorizedParty is { } party && condition.Expected.Any(claims.Audiences.Contains) =>
                $"aud reads the token's azp, as it has one: put '{CloudText.Message(condition.Expected[0])}' under {provider}:oaud, and '{CloudText.Message(party)}' here.",
            "OAUD" when claims.AuthorizedParty is { } party && condition.Expected.Contains(party) =>
                $"oaud reads the token's aud: put '{CloudText.Message(party)}' under {provider}:aud, and '{CloudText.Message(claims.Audiences[0])}' here.",
            "SUB" or "AUD" when claims.Email is { } email && condition.Expected.Contains(email) && claims.AuthorizedParty != email =>
                $"Google's {claim} is the account's numeric id, not its address: compare with '{CloudText.Message(condition.Found[0])}'.",
            "OAUD" when !Resembles(condition) => Audience(condition),
            "AUD" when !Resembles(condition) && claims.AuthorizedParty is null => Audience(condition),
            "SUB" or "AUD" when !Resembles(condition) && condition.Expected.All(static value => value.All(char.IsAsciiDigit)) =>
                $"Use the account with the id '{CloudText.Message(condition.Expected[0])}', or, if this one is meant, let the condition expect '{CloudText.Message(condition.Found[0])}'.",
            _ => Different(condition),
        };
    }

    private static string Audience(ConditionTrace condition) =>
        $"Mint the token for the audience '{CloudText.Message(condition.Expected[0])}', or let the condition expect '{CloudText.Message(condition.Found[0])}'.";

    private static string Different(ConditionTrace condition)
    {
        if (condition.Found.Count == 0)
        {
            return $"{Sentence(condition.Reason)}.";
        }

        var found = condition.Found[0];
        var shown = CloudText.Message(found);
        if (condition.Expected.FirstOrDefault(value => value.Equals(found, StringComparison.OrdinalIgnoreCase)) is not null)
        {
            return condition.Operator.Contains("Not", StringComparison.Ordinal) ? $"{Sentence(condition.Reason)}." : $"They differ in case only: let the condition expect '{shown}'.";
        }

        if (condition.Expected.FirstOrDefault(value => Bare(value) == Bare(found)) is not null)
        {
            return $"They differ in a slash or a space at an end only: let the condition expect '{shown}' exactly.";
        }

        return condition.Expected.Any(static value => value.Contains('*', StringComparison.Ordinal)) && condition.Operator.Contains("StringEquals", StringComparison.Ordinal)
            ? "StringEquals reads * as a letter: give the whole value, or use StringLike where a pattern is meant."
            : $"{Sentence(condition.Reason)}: get a token with what is expected, or, if this one is meant, let the condition expect '{shown}'.";
    }

    private static bool Resembles(ConditionTrace condition) =>
        condition.Expected.Any(value => Bare(value).Equals(Bare(condition.Found[0]), StringComparison.OrdinalIgnoreCase) || value.Contains('*', StringComparison.Ordinal));

    private static string Bare(string value) => value.Trim().TrimEnd('/');

    private static string Sentence(string reason) => char.ToUpperInvariant(reason[0]) + reason[1..];
}
