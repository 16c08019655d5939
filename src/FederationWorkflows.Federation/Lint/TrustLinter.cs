using System.Text.Json;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Lint;

/// <summary>
/// Finds dangerous trust in policies, provider and pool definitions, configurations, world files and stories. It only reads; nothing is asked of a cloud.
/// What a text is it sees by its shape (<see cref="LintedKind"/>).
/// </summary>
public static class TrustLinter
{
    /// <summary>Looks through a text.</summary>
    /// <param name="json">The text, at most 4 Mi characters of JSON.</param>
    /// <exception cref="LintFormatException">It is no JSON, or none of the kinds of <see cref="LintedKind"/>.</exception>
    public static LintReport Lint(string json)
    {
        var document = LintDocument.Read(json);
        var kind = Check(document);
        return new LintReport(kind, document.Findings);
    }

    /// <summary>Looks through a role's trust policy. A text that is none has one finding, <c>malformed-policy</c>.</summary>
    /// <exception cref="LintFormatException">It is no JSON.</exception>
    public static IReadOnlyList<LintFinding> LintTrustPolicy(string json)
    {
        var document = LintDocument.Read(json);
        TrustPolicyRules.Check(document, document.Root, PolicyKind.Trust);
        return document.Findings;
    }

    private static LintedKind Check(LintDocument document)
    {
        var root = document.Root;
        if (root.Child("Statement") is { } statement)
        {
            return CheckPolicy(document, root, statement);
        }

        // One of AWS has a member "aws", as a world file has, and may have no mapping of its own.
        if (root.Child("attributeMapping") is not null || root.Child("name")?.Text?.Contains("/workloadIdentityPools/", StringComparison.Ordinal) == true)
        {
            GoogleRules.CheckProvider(document, root);
            return LintedKind.PoolProvider;
        }

        if (root.Child("aws") is not null || root.Child("google") is not null)
        {
            CheckWorld(document, root);
            return LintedKind.World;
        }

        if (root.Child("Role") is not null || root.Child("Roles") is not null || root.Child("RoleDetailList") is not null)
        {
            CheckRoles(document, root);
            return LintedKind.AwsRoles;
        }

        if (root.Child("OpenIDConnectProviderList") is { } providers)
        {
            foreach (var provider in providers.Items)
            {
                CheckOidcProvider(document, provider.Child("Arn"));
            }

            return LintedKind.AwsOidcProviders;
        }

        if (root.Child("ClientIDList") is not null && root.Child("Url") is { } url)
        {
            CheckOidcProvider(document, url);
            return LintedKind.AwsOidcProviders;
        }

        if (root.Child("bindings") is not null)
        {
            // What the policy is of cannot be seen; impersonation on a project is found where that is known.
            GoogleRules.CheckBindings(document, root, onProject: false);
            return LintedKind.GoogleIamPolicy;
        }

        if (root.Child("type")?.Text is "service_account" or "external_account" or "impersonated_service_account" or "authorized_user" or "external_account_authorized_user")
        {
            GoogleRules.CheckCredential(document, root);
            return LintedKind.GoogleCredential;
        }

        if (root.Child("definitionId") is not null || root.Child("root")?.Child("type") is not null)
        {
            HostRules.CheckStory(document, root);
            return LintedKind.Story;
        }

        if (root.Setting("Federation") is { } federation)
        {
            HostRules.CheckConnections(document, federation);
            return LintedKind.Configuration;
        }

        throw new LintFormatException(
            "This is nothing that lint knows. It reads policies of AWS (Statement), what aws iam get-role, list-roles and list-open-id-connect-providers print, allow policies of Google Cloud (bindings), "
            + "providers of workload identity pools (attributeMapping), Google credential files, world files of the CloudLab, configurations with a section Federation, and stories.");
    }

    private static LintedKind CheckPolicy(LintDocument document, LintNode policy, LintNode statement)
    {
        var statements = statement.Value.ValueKind == JsonValueKind.Array ? statement.Items.ToList() : [statement];
        var principals = statements.Exists(static item => item.Child("Principal") is not null || item.Child("NotPrincipal") is not null);
        var resources = statements.Exists(static item => item.Child("Resource") is not null || item.Child("NotResource") is not null);
        if (!principals && resources)
        {
            IdentityPolicyRules.Check(document, policy);
            return LintedKind.IdentityPolicy;
        }

        TrustPolicyRules.Check(document, policy, resources ? PolicyKind.Resource : PolicyKind.Trust);
        return resources ? LintedKind.ResourcePolicy : LintedKind.TrustPolicy;
    }

    private static void CheckWorld(LintDocument document, LintNode world)
    {
        foreach (var account in world.Child("aws")?.Child("accounts")?.Items ?? [])
        {
            foreach (var provider in account.Child("oidcProviders")?.Items ?? [])
            {
                CheckOidcProvider(document, provider.Child("url"));
            }

            foreach (var role in account.Child("roles")?.Items ?? [])
            {
                TrustPolicyRules.CheckDuration(document, role.Child("maxSessionDuration"));
                if (role.Child("trustPolicy") is { } trust)
                {
                    TrustPolicyRules.Check(document, trust, PolicyKind.Trust);
                }

                CheckIdentityPolicies(document, role);
            }

            foreach (var user in account.Child("users")?.Items ?? [])
            {
                foreach (var key in user.Child("accessKeys")?.Items ?? [])
                {
                    document.Report(LintRules.AwsAccessKey, key.Path, $"The user {user.Child("name")?.Text} has an access key.");
                }

                CheckIdentityPolicies(document, user);
            }
        }

        if (world.Child("google") is { } google)
        {
            GoogleRules.CheckWorld(document, google);
        }
    }

    private static void CheckIdentityPolicies(LintDocument document, LintNode holder)
    {
        foreach (var policy in holder.Child("policies")?.Items ?? [])
        {
            if (policy.Child("document") is { } content)
            {
                IdentityPolicyRules.Check(document, content);
            }
        }
    }

    // "Role" of get-role, "Roles" of list-roles, "RoleDetailList" of get-account-authorization-details.
    private static void CheckRoles(LintDocument document, LintNode root)
    {
        var roles = (root.Child("Role") is { } one ? new[] { one } : []).Concat(root.Child("Roles")?.Items ?? []).Concat(root.Child("RoleDetailList")?.Items ?? []);
        foreach (var role in roles)
        {
            TrustPolicyRules.CheckDuration(document, role.Child("MaxSessionDuration"));
            if (role.Child("AssumeRolePolicyDocument") is { } trust)
            {
                TrustPolicyRules.Check(document, trust, PolicyKind.Trust);
            }

            foreach (var policy in role.Child("RolePolicyList")?.Items ?? [])
            {
                if (policy.Child("PolicyDocument") is { } content)
                {
                    IdentityPolicyRules.Check(document, content);
                }
            }
        }
    }

    private static void CheckOidcProvider(LintDocument document, LintNode? name)
    {
        if (name is { Text: { } text } node && (WebIdentityContext.IsBuiltIn(WebIdentityContext.ProviderName(text)) || text.EndsWith(":oidc-provider/accounts.google.com", StringComparison.Ordinal)))
        {
            document.Report(LintRules.OidcProviderForGoogle, node.Path, "The account has an OIDC provider for accounts.google.com, which nothing can use.");
        }
    }
}
