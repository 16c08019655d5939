using System.CommandLine;
using System.Text.Json;
using FederationWorkflows.CloudLab;
using FederationWorkflows.Federation.Trust;
using Spectre.Console;

namespace FederationWorkflows.Cli.Explain;

/// <summary><c>fedflow explain</c>: which condition of a trust lets a token in or keeps it out, and how to mend it.</summary>
internal static class ExplainCommand
{
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromHours(1);

    public static Command Create()
    {
        var token = new TokenInput();
        var pool = new PoolOptions();
        var policy = new Option<string?>("--trust-policy") { Description = "The role's trust policy: a policy, what `aws iam get-role` prints, or a world file of the CloudLab (with --role)." };
        var lab = new Option<bool>("--lab") { Description = "The roles and service accounts of the built-in CloudLab." };
        var role = new Option<string?>("--role") { Description = "The role's ARN; needed where the file has several, and for OIDC providers to tell whose they are." };
        var story = new Option<string?>("--story") { Description = "Instead of a token: a story, of which every step that assumes a role is explained with the token it will have." };
        var subject = new Option<string?>("--subject") { Description = "With --story: the numeric id of the service account (gcloud iam service-accounts describe ADDRESS --format='value(uniqueId)')." };
        var sessionName = new Option<string?>("--session-name") { Description = "The session's name, where the policy looks at it; the token's sub by default." };
        var context = new Option<string[]>("--context") { Description = "What the request will have besides, as key=value, e.g. aws:SourceIp=203.0.113.9; may be given several times.", DefaultValueFactory = _ => [] };
        var time = new Option<DateTimeOffset?>("--time") { Description = "When the token is used; now by default." };
        var json = JsonOutput.Option();
        var command = new Command("explain", "Show what a role's trust policy, or a workload identity pool's provider, makes of a token: each condition, the claim it reads, what it expects and finds, and how to mend it. The token's signature is not checked, and it is never printed. Exit code 0 when it is let in, 2 when it is not, 1 when that cannot be told.")
        {
            policy, lab, role, story, subject, sessionName, context, time, json,
        };
        token.AddTo(command);
        pool.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var request = Context(result.GetValue(context) ?? []);
            var when = result.GetValue(time) ?? DateTimeOffset.UtcNow;
            var (file, roleArn, useLab) = (result.GetValue(policy), result.GetValue(role), result.GetValue(lab));
            if (pool.IsGiven(result))
            {
                var proof = await token.ReadTextAsync(result, cancellationToken) ?? throw new CommandException("Give the ID token or the signed request: --token-file, --token-env.");
                return Show([await pool.ExplainAsync(result, proof, useLab, when, cancellationToken)], result.GetValue(json));
            }

            if ((file is null) != useLab)
            {
                throw new CommandException("Give the trust policy: --trust-policy FILE, or --lab for the built-in CloudLab's roles.");
            }

            var parsed = await token.ReadAsync(result, cancellationToken);
            if ((parsed is null) == (result.GetValue(story) is null))
            {
                throw new CommandException("Give a token (--token-file, --token-env) or a --story.");
            }

            async Task<TrustPolicySource> PolicyAsync(string? arn) =>
                useLab ? TrustPolicySource.Of(LabWorld.Default, arn) : await TrustPolicySource.ReadAsync(file!, arn, cancellationToken);

            if (parsed is not null)
            {
                var source = await PolicyAsync(roleArn);
                var question = Question(parsed.UnverifiedClaims, source, when, result.GetValue(sessionName), request);
                return Show([new Explained(null, roleArn, parsed.UnverifiedClaims.Issuer, WebIdentityTrust.Explain(source.Policy, question))], result.GetValue(json));
            }

            var world = useLab ? LabWorld.Default : null;
            var explained = new List<Explained>();
            foreach (var step in await StoryTokens.ReadAsync(result.GetValue(story)!, cancellationToken))
            {
                if ((roleArn ?? step.RoleArn) is not { } arn)
                {
                    throw new CommandException($"The role of step {step.Activity} is computed when the story runs: give --role.");
                }

                explained.Add(Predict(step, arn, await PolicyAsync(arn), result.GetValue(subject) ?? (world is not null && step.ServiceAccount is { } account ? StoryTokens.UniqueIdOf(world, account) : null), when, result.GetValue(sessionName), request));
            }

            return explained.Count > 0 ? Show(explained, result.GetValue(json)) : throw new CommandException("The story has no step that assumes a role with a token (Aws.AssumeRoleWithWebIdentity).");
        });
        return command;
    }

    private static WebIdentityQuestion Question(OidcClaims claims, TrustPolicySource source, DateTimeOffset time, string? sessionName, ConditionContext request) => new()
    {
        Claims = claims,
        AccountId = source.AccountId ?? (WebIdentityContext.IsBuiltIn(WebIdentityContext.ProviderName(claims.Issuer))
            ? "000000000000" // Google's principal has no account in its name.
            : throw new CommandException("Give --role: an OIDC provider is named by the role's account, which the policy does not tell.")),
        Time = time,
        SessionName = sessionName ?? Federation.Aws.RoleSessionName.From(claims.Subject),
        Request = request,
    };

    /// <summary>Explains a token that does not exist yet: what the story does not tell of it is unknown.</summary>
    private static Explained Predict(StoryToken step, string roleArn, TrustPolicySource source, string? subject, DateTimeOffset time, string? sessionName, ConditionContext request)
    {
        var unknown = new List<string>();
        string Known(string claim, string? value)
        {
            if (value is null)
            {
                unknown.Add(claim);
            }

            return value ?? "unknown";
        }

        var claims = new Dictionary<string, object>
        {
            ["iss"] = "https://accounts.google.com",
            ["aud"] = Known("aud", step.Audience),
            ["azp"] = Known("azp", step.UsesEmailAzp ? step.ServiceAccount : subject),
            ["sub"] = Known("sub", subject),
            ["iat"] = time.ToUnixTimeSeconds(),
            ["exp"] = (time + TokenLifetime).ToUnixTimeSeconds(),
        };
        if (step.HasEmail)
        {
            claims["email"] = Known("email", step.ServiceAccount);
        }

        var question = Question(OidcClaims.FromJson(JsonSerializer.SerializeToElement(claims)), source, time, sessionName, request) with { UnknownClaims = unknown };
        return new Explained(step.Activity, roleArn, "https://accounts.google.com", WebIdentityTrust.Explain(source.Policy, question));
    }

    private static ConditionContext Context(string[] pairs)
    {
        var context = ConditionContext.Empty;
        foreach (var group in pairs.GroupBy(pair => pair.Split('=', 2) is [{ Length: > 0 } key, _] ? key : throw new CommandException($"--context takes key=value, not '{Terminal.Plain(pair)}'.")))
        {
            context = context.With(group.Key, [.. group.Select(static pair => pair.Split('=', 2)[1])]);
        }

        return context;
    }

    private static int Show(List<Explained> explained, bool json)
    {
        if (json)
        {
            JsonOutput.Write(new
            {
                verdict = explained.Min(static one => one.Explanation.Verdict),
                explanations = explained.Select(static one => new { activity = one.Activity, role = one.RoleArn, provider = one.Provider, verdict = one.Explanation.Verdict, summary = one.Explanation.Summary, checks = one.Explanation.Checks }),
            });
        }
        else
        {
            foreach (var one in explained)
            {
                ExplanationTable.Write(one);
            }
        }

        return explained.Min(static one => one.Explanation.Verdict) switch { TrustVerdict.Holds => ExitCodes.Ok, TrustVerdict.Fails => ExitCodes.No, _ => ExitCodes.Failed };
    }
}

/// <summary>An explanation, and what it is of.</summary>
/// <param name="Activity">The story's step; null for a token.</param>
/// <param name="RoleArn">The role; null when the command was not told.</param>
/// <param name="Issuer">Who issued the token.</param>
/// <param name="Explanation">The explanation.</param>
internal sealed record Explained(string? Activity, string? RoleArn, string Issuer, TrustExplanation Explanation)
{
    /// <summary>The workload identity pool's provider; null when it is of a role.</summary>
    public string? Provider { get; init; }
}
