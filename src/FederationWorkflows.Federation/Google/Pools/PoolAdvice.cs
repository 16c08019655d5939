using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Google;

/// <summary>What to check when Google's security token service refuses an exchange, by what it said. The first row that fits counts.</summary>
internal static class PoolAdvice
{
    public static string For(GoogleCall call, GoogleError error)
    {
        var advice = Check(error);
        if (advice.Length == 0)
        {
            return GoogleAdvice.Passing(error) is { Length: > 0 } passing
                ? passing
                : Say(call, "Check the workload identity pool's provider: issuer, allowed audiences, attribute mapping and condition.");
        }

        return Say(call, advice);
    }

    /// <summary>The advice, with what the provider as it is declared here says.</summary>
    public static string With((TrustExplanation? Explanation, string? Problem) expected, string advice) => expected switch
    {
        ({ Verdict: TrustVerdict.Fails } explanation, _) => explanation.Describe(),
        ({ Verdict: TrustVerdict.Holds } explanation, _) =>
            $"The provider as it is declared here would take it ({explanation.Summary.TrimEnd('.')}), so Google has another one: compare with gcloud iam workload-identity-pools providers describe. {advice}",
        ({ } explanation, _) => $"{advice} The provider as it is declared here asks for {string.Join(" and ", explanation.Checks.Where(Asks).Select(static check => $"{check.Condition} {check.Expected}"))}.",
        (_, { } problem) => $"{advice} {problem}",
        _ => advice,
    };

    private static bool Asks(TrustCheck check) => check.Verdict == TrustVerdict.Unknown && check.Condition is "AWS account" || check.Where == "attribute condition";

    private static string Say(GoogleCall call, string advice) => call.Subject is { } subject ? $"{advice} {subject}" : advice;

    private static string Check(GoogleError error) => (error.Code, error.Message) switch
    {
        ("invalid_target", _) =>
            "The pool or the provider does not exist, is disabled or was deleted, or the name has the project's id where its number belongs: "
            + "gcloud iam workload-identity-pools providers list --location=global --workload-identity-pool=POOL.",
        ("invalid_grant", var text) when Says(text, "Signature expired") || Says(text, "Signature not yet current") =>
            "AWS did not vouch for the signed request, as it is too old or this host's clock is wrong: sign it anew just before this call (it lives minutes), and synchronize the clock.",
        ("invalid_grant", var text) when Says(text, "AWS") =>
            "AWS did not vouch for the signed request, or not for an identity of the provider's account: sign it anew just before this call (it lives minutes), with credentials of that account, for this provider.",
        (_, var text) when Says(text, "attribute condition") =>
            "The provider's attribute condition is not true of this identity: gcloud iam workload-identity-pools providers describe ... --format='value(attributeCondition)'.",
        (_, var text) when Says(text, "must be of type STRING") =>
            "An attribute mapping gives something other than text: write the expression so that it yields a string, e.g. string(assertion.id).",
        (_, var text) when Says(text, "size of mapped attribute") =>
            "Map google.subject to something shorter than 127 bytes; for AWS, the role's name instead of the session's ARN, e.g. assertion.arn.extract('assumed-role/{role}/').",
        (_, var text) when Says(text, "mapped attribute") || Says(text, "attribute mapping") || Says(text, "google.subject") =>
            "Check the provider's attribute mapping: every expression must find its claim in this identity, and google.subject must be there.",
        ("invalid_grant", var text) when Says(text, "audience") =>
            "The token's aud is not among the provider's allowed audiences; with none listed, it must be https:// and the provider's full name.",
        ("invalid_grant", var text) when Says(text, "issuer in ID Token") => "The token's iss is not the provider's issuer, letter by letter (a slash at the end counts).",
        ("invalid_grant", var text) when Says(text, "stale") || Says(text, "expired") =>
            "The token is expired or from the future: get a new one just before this call, and check this host's clock.",
        ("invalid_grant", var text) when Says(text, "signature") =>
            "The signature is not of a key that Google has of this issuer: check that the token is unchanged and that the provider's keys are the current ones.",
        ("invalid_grant", var text) when Says(text, "connecting to the given credential's issuer") =>
            "Google finds no key for this token: its issuer's discovery document and keys must be public, or be uploaded to the provider (--jwk-json-path), and have the token's kid.",
        ("invalid_request", var text) when Says(text, "subject_token_type") =>
            "The provider takes the other kind of proof: signed requests of AWS go to AWS providers (Google.ExchangeAwsToken), tokens to OIDC providers (Google.ExchangeIdToken).",
        ("invalid_request", var text) when Says(text, "audience") => "Give the provider's full resource name.",
        ("invalid_request", var text) when Says(text, "scope") || Says(text, "Scope") => "Give at least one OAuth scope that exists, e.g. https://www.googleapis.com/auth/cloud-platform.",
        _ => "",
    };

    private static bool Says(string text, string part) => GoogleAdvice.Says(text, part);
}
