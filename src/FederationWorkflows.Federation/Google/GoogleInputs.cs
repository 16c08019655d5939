using System.Text.RegularExpressions;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Google;

/// <summary>Checks inputs before anything is sent: the message is better than the cloud's, and nothing odd gets into a URL or a header.</summary>
internal static partial class GoogleInputs
{
    private const int MaxScopes = 100;
    private const int MaxDelegates = 10;
    private const int MaxAudience = 2048;

    public static void RequireScopes(GoogleCall call, IReadOnlyList<string> scopes)
    {
        if (scopes.Count is 0 or > MaxScopes)
        {
            throw call.Input($"{scopes.Count} scopes are given", $"Give 1 to {MaxScopes} OAuth scopes, e.g. https://www.googleapis.com/auth/cloud-platform.");
        }

        for (var index = 0; index < scopes.Count; index++)
        {
            if (scopes[index] is not { } scope || !Scope().IsMatch(scope))
            {
                throw call.Input(
                    $"scopes[{index}] is no OAuth scope",
                    "A scope is 1 to 512 visible ASCII characters without quotes and backslashes (RFC 6749 section 3.3); give several as several items.");
            }
        }
    }

    public static void RequireAudience(GoogleCall call, string audience)
    {
        if (string.IsNullOrWhiteSpace(audience) || audience.Length > MaxAudience)
        {
            throw call.Input($"the audience has {audience.Length} characters", $"Give 1 to {MaxAudience}: the value that the trust policy of the other side expects.");
        }
    }

    public static bool IsServiceAccount(string text) => ServiceAccount().IsMatch(text);

    public static void RequireServiceAccount(GoogleCall call, string? serviceAccount, string input)
    {
        if (serviceAccount is null || !IsServiceAccount(serviceAccount))
        {
            throw call.Input(
                $"{input} is no service account",
                "Give its email (name@project.iam.gserviceaccount.com) or its numeric id, without the prefix projects/-/serviceAccounts/ or serviceAccount:.");
        }
    }

    public static void RequireDelegates(GoogleCall call, IReadOnlyList<string> delegates)
    {
        if (delegates.Count > MaxDelegates)
        {
            throw call.Input($"{delegates.Count} delegates are given", $"Give at most {MaxDelegates}.");
        }

        for (var index = 0; index < delegates.Count; index++)
        {
            RequireServiceAccount(call, delegates[index], $"delegates[{index}]");
        }
    }

    /// <summary>The form of a bearer token (RFC 6750 section 2.1). The framework's own exception for a header value would show it.</summary>
    public static void RequireBearer(GoogleCall call, Sensitive<string> token, string input)
    {
        if (!Bearer().IsMatch(token.Reveal()))
        {
            throw call.Input($"{input} is no access token", "Give the output of an activity that gets a Google access token, without the word Bearer.");
        }
    }

    [GeneratedRegex(@"\A[\x21\x23-\x5B\x5D-\x7E]{1,512}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Scope();

    // Emails of service accounts, the App Engine ones of domain-scoped projects (example.com:project@appspot...) included, or 1 to 30 digits.
    [GeneratedRegex(@"\A([0-9]{1,30}|[A-Za-z0-9][A-Za-z0-9.:_-]{0,127}@[A-Za-z0-9.-]{1,127}\.gserviceaccount\.com)\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ServiceAccount();

    [GeneratedRegex(@"\A[A-Za-z0-9._~+/-]{1,16000}=*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Bearer();
}
