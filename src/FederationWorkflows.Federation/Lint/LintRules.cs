using static FederationWorkflows.Federation.Lint.LintSeverity;

namespace FederationWorkflows.Federation.Lint;

/// <summary>Every rule.</summary>
public static class LintRules
{
    private static readonly List<LintRule> Registered = [];

    internal static readonly LintRule MalformedPolicy = Rule("malformed-policy", High, "The policy cannot be read",
        "AWS refuses it, or an earlier version of it stays in force.", "Correct the policy where the message says.");

    internal static readonly LintRule GoogleSubMissing = Rule("google-sub-missing", High, "No condition pins accounts.google.com:sub",
        "Every Google identity that can get a token for the audience can assume the role; accounts.google.com signs for all of Google's customers.",
        "Add accounts.google.com:sub with the numeric id of the one service account, under StringEquals.");

    internal static readonly LintRule GoogleOaudMissing = Rule("google-oaud-missing", High, "No condition pins accounts.google.com:oaud",
        "A token that the service account made for another service works here too: whoever receives it there can assume the role.",
        "Add accounts.google.com:oaud with an audience that is used for this role alone, under StringEquals.");

    internal static readonly LintRule GoogleAudMissing = Rule("google-aud-missing", Medium, "No condition pins accounts.google.com:aud",
        "Tokens that another party obtained in the account's name (their azp differs) are taken as well.",
        "Add accounts.google.com:aud with the numeric id that the token's azp has; for service accounts it is the one of sub.");

    internal static readonly LintRule GoogleAudIsAudience = Rule("google-aud-is-audience", Medium, "accounts.google.com:aud is compared with an audience",
        "For Google, aud reads the token's azp: the condition never holds, and mending that by dropping it opens the role.",
        "Compare the audience with accounts.google.com:oaud, and aud with the numeric id that azp has.");

    internal static readonly LintRule GoogleSubIsEmail = Rule("google-sub-is-email", Medium, "accounts.google.com:sub is compared with an address",
        "Google's sub is a numeric id, so the condition never holds; an address can also be given to somebody else later, an id never.",
        "Use the service account's uniqueId (gcloud iam service-accounts describe ADDRESS --format='value(uniqueId)').");

    internal static readonly LintRule OidcProviderForGoogle = Rule("oidc-provider-for-google", Medium, "An OIDC provider for accounts.google.com",
        "AWS knows accounts.google.com by itself and takes Google's tokens under that name only: the provider does nothing but suggest that its client ids restrict something.",
        "Delete the provider; roles name accounts.google.com under Principal.Federated.");

    internal static readonly LintRule OidcAudMissing = Rule("oidc-aud-missing", High, "No condition pins the provider's aud",
        "A token made for another service that the provider's client ids also allow works here.",
        "Add the provider's aud with the audience used for this role alone, under StringEquals.");

    internal static readonly LintRule OidcSubMissing = Rule("oidc-sub-missing", High, "No condition pins the provider's sub",
        "Everybody to whom the issuer gives tokens can assume the role: every repository of GitHub, every workload of a cluster.",
        "Add the provider's sub with the one workload that may assume the role, under StringEquals.");

    internal static readonly LintRule UnknownKey = Rule("unknown-condition-key", Medium, "AWS makes no such condition key of the provider's tokens",
        "The key is always absent: an Allow with it never holds, a Deny with it never denies, and with IfExists, ForAllValues or a negated operator it always holds.",
        "Use a key that AWS makes of the token.");

    internal static readonly LintRule IfExists = Rule("condition-if-exists", High, "IfExists lets a missing claim pass",
        "A token without the claim satisfies the condition.", "Use the operator without IfExists.");

    internal static readonly LintRule ForAllValues = Rule("condition-for-all-values", High, "ForAllValues lets a missing claim pass",
        "A token without the claim, or with an empty list, satisfies the condition.", "Use the plain operator; where the claim has several values, ForAnyValue.");

    internal static readonly LintRule Negated = Rule("condition-negated", High, "A negated operator names who is kept out, not who is let in",
        "Everybody else satisfies it, and so does a token without the claim.", "Say who is let in, with StringEquals.");

    internal static readonly LintRule MatchesEverything = Rule("condition-matches-everything", High, "The pattern matches every value",
        "The condition restricts nothing.", "Give the one value, with StringEquals.");

    internal static readonly LintRule WildcardInside = Rule("condition-wildcard-inside", High, "A wildcard before the end of a pattern",
        "* also matches ':' and '/': whoever can choose a part of the claim (a branch, an environment, a namespace) can write the rest of the pattern into it.",
        "Give whole values with StringEquals, several as a list; end a pattern with * where there is no other way.");

    internal static readonly LintRule WildcardAtEnd = Rule("condition-wildcard-at-end", Medium, "A pattern that ends with a wildcard",
        "Everything that begins so is let in, also what is made later by somebody else.", "Give whole values with StringEquals, several as a list.");

    internal static readonly LintRule WildcardNotRead = Rule("condition-wildcard-not-read", Low, "StringEquals reads * as a letter",
        "The condition never holds; mending that by dropping it opens the role.", "Give whole values, or use StringLike where a pattern is meant.");

    internal static readonly LintRule Anyone = Rule("principal-anyone", High, "Everybody is trusted",
        "Principal * is every AWS account, and nothing in the conditions says whose.", "Name the accounts, roles or the provider that may assume the role.");

    internal static readonly LintRule AnyoneConditioned = Rule("principal-anyone-conditioned", Medium, "Everybody is trusted, and a condition takes it back",
        "The one condition is all that stands between every AWS account and the role.", "Name the accounts or roles under Principal and keep the condition.");

    internal static readonly LintRule NotPrincipal = Rule("not-principal", High, "NotPrincipal allows everybody else",
        "Every principal that is not named is trusted, those of other accounts included.", "Name who may under Principal; keep others out with a Deny.");

    internal static readonly LintRule WholeAccount = Rule("principal-whole-account", Low, "A whole account is trusted",
        "Every identity of that account whom its own administrators allow can assume the role; for a third party's account without sts:ExternalId, on behalf of its other customers too.",
        "Name the one role under Principal, or add aws:PrincipalArn; for a third party add sts:ExternalId.");

    internal static readonly LintRule NotAction = Rule("not-action", Medium, "NotAction allows all other actions",
        "Actions that AWS adds later are allowed as well.", "List the actions that are meant.");

    internal static readonly LintRule ActionWildcard = Rule("trust-action-wildcard", Medium, "A wildcard in the actions of a trust policy",
        "It also allows session tags and source identities (sts:TagSession, sts:SetSourceIdentity), by which other policies decide.",
        "Allow sts:AssumeRoleWithWebIdentity, or sts:AssumeRole, alone.");

    internal static readonly LintRule SessionTooLong = Rule("session-too-long", Low, "Sessions of more than an hour",
        "Credentials that leak work for as long; nothing short of a policy on the role ends them.",
        "Federated workloads can get new credentials at any time: ask for 3600 seconds or less.");

    internal static readonly LintRule SessionFarTooLong = Rule("session-far-too-long", Medium, "Sessions of more than four hours",
        "Credentials that leak work for as long; nothing short of a policy on the role ends them.",
        "Federated workloads can get new credentials at any time: ask for 3600 seconds or less.");

    internal static readonly LintRule Administrator = Rule("policy-administrator", High, "Every action on every resource",
        "Whoever gets such a session owns the account.", "List the actions and resources that the work needs.");

    internal static readonly LintRule ServiceWildcard = Rule("policy-service-wildcard", Medium, "Every action of a service on every resource",
        "The session can delete, make public and change policies where it should read.", "List the actions and resources that the work needs.");

    internal static readonly LintRule AssumeAnyRole = Rule("policy-assume-any-role", High, "sts:AssumeRole or iam:PassRole on every role",
        "The session gets the rights of every role that trusts the account.", "Name the roles under Resource.");

    internal static readonly LintRule AwsAccessKey = Rule("aws-access-key", Medium, "A static AWS access key",
        "It works from anywhere until somebody deletes it, and is copied along with files, images and logs.",
        "Let the workload federate: a role that trusts its Google or cluster identity (fedflow setup).");

    internal static readonly LintRule GoogleKey = Rule("google-service-account-key", Medium, "A service account key",
        "It works from anywhere for years, and is copied along with files, images and logs.",
        "Attach the service account to the workload, impersonate it from an identity that is there already, or use a workload identity pool.");

    internal static readonly LintRule SecretInFile = Rule("secret-in-file", High, "A secret stands in the file",
        "It is read by everybody who can read the file, its history and its backups.",
        "Take it out, revoke it, and refer to a file or environment variable that only the host has.");

    internal static readonly LintRule WholePool = Rule("pool-whole-pool", High, "A whole workload identity pool is granted",
        "Every identity of every provider of the pool has the role, those of providers added later included.",
        "Name one subject (principal://.../subject/...) or one attribute value (principalSet://.../attribute.NAME/VALUE).");

    internal static readonly LintRule PublicMember = Rule("google-public-member", High, "Everybody is granted a role",
        "allUsers is everybody, allAuthenticatedUsers everybody with a Google account.", "Name the members.");

    internal static readonly LintRule ImpersonateProject = Rule("google-impersonate-whole-project", Medium, "Impersonation is granted on a whole project",
        "The member can become every service account of the project, those made later included.", "Grant the role on the one service account.");

    internal static readonly LintRule PoolProviderOpen = Rule("pool-provider-without-condition", High, "An OIDC provider of a pool takes every token of its issuer",
        "Issuers such as GitHub sign for all their customers: each can get an identity in the pool.",
        "Add an attribute condition that names your organization, e.g. assertion.repository_owner_id == '12345'.");

    internal static readonly LintRule PoolAwsProviderOpen = Rule("pool-aws-provider-without-condition", Medium, "An AWS provider of a pool takes every identity of its account",
        "Every role and user of the account gets an identity in the pool; only the bindings keep them apart.",
        "Add an attribute condition that names the role, e.g. attribute.aws_role == 'arn:aws:sts::111122223333:assumed-role/NAME'.");

    internal static readonly LintRule PoolSubjectConstant = Rule("pool-subject-constant", High, "google.subject does not come from the token",
        "Everybody whom the provider lets in is the same subject.", "Map google.subject to a claim that names the workload, e.g. assertion.sub or assertion.arn.");

    internal static readonly LintRule ConnectionForAll = Rule("connection-for-every-story", Medium, "Every story may use the connection",
        "Whoever may publish a story gets the identity.", "List the stories under Stories.");

    internal static readonly LintRule ConnectionForNone = Rule("connection-for-no-story", Low, "No story may use the connection",
        "It is of no use, unless it is the source of others.", "List the stories under Stories, or remove the connection.");

    internal static readonly LintRule PersonalLogin = Rule("google-personal-login", Medium, "Stories act as a person",
        "They have all the rights of that person, and fail when he leaves or signs in anew.", "Use a service account that is for this alone.");

    internal static readonly LintRule AmbientIdentity = Rule("connection-ambient", Low, "Which identity it is depends on the machine",
        "The first that is found is taken: a forgotten variable or file changes whose rights stories have.", "Name the kind of identity that is meant, such as metadataServer or awsInstance.");

    internal static readonly LintRule CallerChooses = Rule("story-caller-chooses", High, "Who starts the story chooses the identity",
        "A webhook's sender picks the role, account or audience, and with it what the run may do and where its token works.",
        "Write the value into the story, or choose among fixed values by what was sent.");

    /// <summary>All rules, in the order of this page.</summary>
    public static IReadOnlyList<LintRule> All => Registered;

    private static LintRule Rule(string id, LintSeverity severity, string title, string risk, string fix)
    {
        var rule = new LintRule(id, severity, title, risk, fix);
        Registered.Add(rule);
        return rule;
    }
}
