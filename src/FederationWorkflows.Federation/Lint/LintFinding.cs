namespace FederationWorkflows.Federation.Lint;

/// <summary>How much is at stake.</summary>
public enum LintSeverity
{
    /// <summary>A habit that makes a later mistake worse.</summary>
    Low,

    /// <summary>A gap that needs something else to go wrong before somebody gets through.</summary>
    Medium,

    /// <summary>Somebody who should not be let in is let in, or a statement does not do what it seems to.</summary>
    High,
}

/// <summary>Something that is looked for. Ids are stable: people silence rules by them.</summary>
/// <param name="Id">The id, lower case with hyphens, for example <c>google-sub-missing</c>.</param>
/// <param name="Severity">How much is at stake.</param>
/// <param name="Title">What is wrong, in a few words.</param>
/// <param name="Risk">What can happen.</param>
/// <param name="Fix">How to mend it, in general.</param>
public sealed record LintRule(string Id, LintSeverity Severity, string Title, string Risk, string Fix);

/// <summary>Something dangerous that was found.</summary>
/// <param name="Rule">The rule it breaks.</param>
/// <param name="Path">Where, as a JSON path such as <c>$.Statement[0].Condition</c>.</param>
/// <param name="Line">The line, from 1; null when the text is not a file's.</param>
/// <param name="Column">The column in UTF-16 units, from 1; null with the line.</param>
/// <param name="Message">What was found there.</param>
/// <param name="Fix">How to mend it, with the values found where that helps.</param>
public sealed record LintFinding(LintRule Rule, string Path, int? Line, int? Column, string Message, string Fix);

/// <summary>What a text turned out to be.</summary>
public enum LintedKind
{
    /// <summary>A role's trust policy.</summary>
    TrustPolicy,

    /// <summary>A policy of a user, role or session.</summary>
    IdentityPolicy,

    /// <summary>A policy of a resource such as a bucket.</summary>
    ResourcePolicy,

    /// <summary>What <c>aws iam get-role</c>, <c>list-roles</c> or <c>get-account-authorization-details</c> print.</summary>
    AwsRoles,

    /// <summary>What <c>aws iam list-open-id-connect-providers</c> or <c>get-open-id-connect-provider</c> print.</summary>
    AwsOidcProviders,

    /// <summary>A Google Cloud allow policy, as <c>gcloud ... get-iam-policy --format=json</c> prints it.</summary>
    GoogleIamPolicy,

    /// <summary>A provider of a workload identity pool, as <c>gcloud iam workload-identity-pools providers describe --format=json</c> prints it.</summary>
    PoolProvider,

    /// <summary>A credential file of Google's client libraries.</summary>
    GoogleCredential,

    /// <summary>A world file of the CloudLab.</summary>
    World,

    /// <summary>A host's configuration with a section <c>Federation</c>.</summary>
    Configuration,

    /// <summary>A story.</summary>
    Story,
}

/// <summary>What a text is, and what was found in it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Findings">What was found, in the order of the text.</param>
public sealed record LintReport(LintedKind Kind, IReadOnlyList<LintFinding> Findings);

/// <summary>A text cannot be looked through.</summary>
/// <param name="message">Why, and what can be.</param>
public sealed class LintFormatException(string message) : FormatException(message);
