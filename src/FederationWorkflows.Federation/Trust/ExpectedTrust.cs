using FederationWorkflows.Engine;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Trust;

/// <summary>The trust policies an administrator declared, for explaining refusals.</summary>
internal sealed class ExpectedTrust(IOptionsMonitor<FederationOptions> options, TimeProvider time)
{
    /// <summary>The text of the trust policy declared for a role; null when none is, or it cannot be read.</summary>
    public string? Find(string roleArn)
    {
        try
        {
            return options.CurrentValue.TrustPolicies.Values.FirstOrDefault(policy => policy.RoleArn == roleArn) is { } declared ? declared.Json ?? BoundedFile.ReadText(declared.File!, PolicyDocument.MaximumLength) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A refusal by the role says so; what is looked for here is in what can be read.
            return null;
        }
    }

    /// <summary>
    /// Explains by the role's declared trust policy what AWS refused. No explanation when none is declared, or the token cannot be read;
    /// a problem when the declared one cannot be.
    /// </summary>
    /// <param name="roleArn">The role.</param>
    /// <param name="token">The token that was refused.</param>
    /// <param name="sessionName">The name of the session that was asked for.</param>
    public (TrustExplanation? Explanation, string? Problem) Explain(string roleArn, Sensitive<string> token, string sessionName)
    {
        var (name, declared) = options.CurrentValue.TrustPolicies.FirstOrDefault(pair => pair.Value.RoleArn == roleArn);
        if (declared is null || !OidcToken.TryParse(token, out var parsed, out _))
        {
            return (null, null);
        }

        try
        {
            var policy = PolicyDocument.Parse(declared.Json ?? BoundedFile.ReadText(declared.File!, PolicyDocument.MaximumLength), PolicyKind.Trust);
            return (
                WebIdentityTrust.Explain(
                    policy,
                    new WebIdentityQuestion { Claims = parsed.UnverifiedClaims, AccountId = roleArn.Split(':')[4], Time = time.GetUtcNow(), SessionName = sessionName }),
                null);
        }
        catch (Exception exception) when (exception is PolicyFormatException or IOException or UnauthorizedAccessException)
        {
            return (null, $"The trust policy declared for it ({FederationOptions.Section}:{nameof(FederationOptions.TrustPolicies)}:{name}) cannot be read: {CloudText.Message(exception.Message)}");
        }
    }
}
