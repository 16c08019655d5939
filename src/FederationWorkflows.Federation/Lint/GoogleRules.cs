using System.Text.Json;

namespace FederationWorkflows.Federation.Lint;

/// <summary>Looks through Google Cloud's side: who may impersonate, which identities a pool takes, keys (IAM documentation, "Best practices for using Workload Identity Federation").</summary>
internal static class GoogleRules
{
    private const string Principals = "iam.googleapis.com/";

    // Roles whose holder becomes the service account, in whole or for one kind of token.
    private static readonly string[] Impersonating =
    [
        "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountOpenIdTokenCreator", "roles/iam.workloadIdentityUser", "roles/iam.serviceAccountUser",
        "roles/iam.serviceAccountKeyAdmin", "roles/iam.serviceAccountAdmin",
    ];

    /// <summary>Looks through an allow policy.</summary>
    /// <param name="document">Where findings go.</param>
    /// <param name="policy">The policy, with its <c>bindings</c>.</param>
    /// <param name="onProject">Whether it is one of a whole project.</param>
    public static void CheckBindings(LintDocument document, LintNode policy, bool onProject)
    {
        foreach (var binding in policy.Child("bindings")?.Items ?? [])
        {
            var role = binding.Child("role")?.Text ?? "";
            foreach (var member in binding.Child("members")?.Items ?? [])
            {
                CheckMember(document, role, member);
            }

            if (onProject && Impersonating.Contains(role) && binding.Child("condition") is null)
            {
                document.Report(LintRules.ImpersonateProject, binding.Path, $"{role} is granted on the whole project.");
            }
        }
    }

    /// <summary>Looks at a provider of a workload identity pool.</summary>
    public static void CheckProvider(LintDocument document, LintNode provider)
    {
        if (provider.Child("attributeMapping")?.Child("google.subject") is { Text: { } subject } at && !subject.Contains("assertion", StringComparison.Ordinal))
        {
            document.Report(LintRules.PoolSubjectConstant, at.Path, $"google.subject is {subject}.");
        }

        if (provider.Child("disabled")?.Text == "true" || !string.IsNullOrWhiteSpace(provider.Child("attributeCondition")?.Text))
        {
            return;
        }

        if (provider.Child("oidc") is { } oidc)
        {
            document.Report(LintRules.PoolProviderOpen, oidc.Path, $"Every token of {(oidc.Child("issuerUri") ?? oidc.Child("issuer"))?.Text ?? "its issuer"} is taken.");
        }

        if (provider.Child("aws") is { } aws)
        {
            document.Report(LintRules.PoolAwsProviderOpen, aws.Path, $"Every identity of the account {aws.Child("accountId")?.Text ?? "that is named"} is taken.");
        }
    }

    /// <summary>Looks at a credential file of Google's libraries.</summary>
    public static void CheckCredential(LintDocument document, LintNode credential)
    {
        switch (credential.Child("type")?.Text)
        {
            case "service_account":
                document.Report(LintRules.GoogleKey, $"{credential.Path}.private_key", $"The key of {credential.Child("client_email")?.Text ?? "a service account"} lies in a file.");
                break;
            case "external_account" or "impersonated_service_account":
                TrustPolicyRules.CheckDuration(document, credential.Child("service_account_impersonation")?.Child("token_lifetime_seconds"));
                break;
        }
    }

    /// <summary>Looks through the Google half of a world file.</summary>
    public static void CheckWorld(LintDocument document, LintNode google)
    {
        foreach (var project in google.Child("projects")?.Items ?? [])
        {
            if (project.Child("iamPolicy") is { } policy)
            {
                CheckBindings(document, policy, onProject: true);
            }

            foreach (var account in project.Child("serviceAccounts")?.Items ?? [])
            {
                foreach (var key in account.Child("keys")?.Items ?? [])
                {
                    document.Report(LintRules.GoogleKey, key.Path, $"The service account {account.Child("name")?.Text ?? account.Child("email")?.Text} has a key.");
                }

                if (account.Child("iamPolicy") is { } own)
                {
                    CheckBindings(document, own, onProject: false);
                }
            }

            foreach (var pool in project.Child("workloadIdentityPools")?.Items ?? [])
            {
                foreach (var provider in pool.Child("providers")?.Items ?? [])
                {
                    CheckProvider(document, provider);
                }
            }
        }
    }

    private static void CheckMember(LintDocument document, string role, LintNode member)
    {
        if (member.Value.ValueKind != JsonValueKind.String)
        {
            return;
        }

        var text = member.Text!;
        if (text is "allUsers" or "allAuthenticatedUsers")
        {
            document.Report(LintRules.PublicMember, member.Path, $"{text} has {role}.");
        }
        else if (text.StartsWith("principalSet://" + Principals, StringComparison.Ordinal) && text.EndsWith("/*", StringComparison.Ordinal) && text.Contains("/workloadIdentityPools/", StringComparison.Ordinal))
        {
            document.Report(LintRules.WholePool, member.Path, $"{text} has {role}: every identity of the pool.");
        }
    }
}
