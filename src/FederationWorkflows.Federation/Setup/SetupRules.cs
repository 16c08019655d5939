using System.Text.RegularExpressions;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Setup;

/// <summary>The forms that the clouds give their names (IAM and S3 User Guides; Google Cloud IAM, Compute Engine and Kubernetes documentation).</summary>
internal static partial class SetupRules
{
    public static SetupProblem? Account(string setting, string value) => Require(AccountForm(), setting, value, "give the twelve digits of the AWS account.");

    public static SetupProblem? Role(string setting, string value) => Require(RoleForm(), setting, value, "give 1 to 64 letters, digits or + = , . @ _ -.");

    public static SetupProblem? ServiceAccount(string setting, string value) =>
        Require(ServiceAccountForm(), setting, value, "give the address of a service account that you made: NAME@PROJECT.iam.gserviceaccount.com.");

    public static SetupProblem? UniqueId(string setting, string value) =>
        Require(UniqueIdForm(), setting, value, "give the account's numeric id: gcloud iam service-accounts describe ADDRESS --format='value(uniqueId)'.");

    public static SetupProblem? Issuer(string setting, string value) =>
        WebIdentityContext.IsBuiltIn(WebIdentityContext.ProviderName(value)) ? new SetupProblem(setting, $"{setting} is Google's own, which AWS knows without a provider: this is for other issuers.")
        : value.Length > 255 ? new SetupProblem(setting, $"{setting} has {value.Length} characters: AWS takes 255.")
        : Require(IssuerForm(), setting, value, "give the https URL that kubectl get --raw /.well-known/openid-configuration shows as issuer.");

    // IAM reads ${...} in a policy as a variable.
    public static SetupProblem? Audience(string setting, string value) =>
        value.Contains("${", StringComparison.Ordinal) ? new SetupProblem(setting, $"{setting} has ${{ in it, which AWS reads as a variable.")
        : Require(AudienceForm(), setting, value, "give 1 to 255 visible ASCII characters, best a URL that is used for this role alone.");

    public static SetupProblem? Bucket(string setting, string value) =>
        value.Contains("..", StringComparison.Ordinal) ? new SetupProblem(setting, $"'{value}' is not the name of a bucket.") : Require(BucketForm(), setting, value, "give the names of S3 buckets.");

    public static SetupProblem? Project(string setting, string value) => Require(ProjectForm(), setting, value, "give the project's id: 6 to 30 lower-case letters, digits and hyphens.");

    public static SetupProblem? ProjectNumber(string setting, string value) =>
        Require(ProjectNumberForm(), setting, value, "give the project's number: gcloud projects describe PROJECT --format='value(projectNumber)'.");

    public static SetupProblem? PoolId(string setting, string value) =>
        value.StartsWith("gcp-", StringComparison.Ordinal) ? new SetupProblem(setting, $"'{value}' begins with gcp-, which Google keeps for itself.")
        : Require(PoolIdForm(), setting, value, "give 4 to 32 lower-case letters, digits and hyphens.");

    public static SetupProblem? Name(string setting, string value) => Require(NameForm(), setting, value, "give 1 to 63 lower-case letters, digits and hyphens.");

    /// <summary>A service account or a person, as members of a Google Cloud policy are written.</summary>
    public static SetupProblem? Member(string setting, string value) =>
        Require(MemberForm(), setting, value, "give serviceAccount:ADDRESS, user:ADDRESS or group:ADDRESS.");

    public static SetupProblem? Region(string setting, string value) => AwsRegions.IsWellFormed(value) ? null : new SetupProblem(setting, $"{setting} '{Show(value)}' is no AWS region: give one such as eu-central-1.");

    public static SetupProblem? Duration(string setting, int seconds) =>
        seconds is >= 3600 and <= 43_200 ? null : new SetupProblem(setting, $"{setting} is {seconds}: give 3600 to 43200 seconds.");

    private static SetupProblem? Require(Regex form, string setting, string value, string remedy) =>
        form.IsMatch(value) ? null : new SetupProblem(setting, value.Length == 0 ? $"{setting} is missing: {remedy}" : $"{setting} '{Show(value)}' is not one: {remedy}");

    private static string Show(string value) => CloudText.Message(value);

    [GeneratedRegex(@"\A[0-9]{12}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex AccountForm();

    [GeneratedRegex(@"\A[A-Za-z0-9_+=,.@-]{1,64}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex RoleForm();

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9-]{4,28}[a-z0-9]\.iam\.gserviceaccount\.com\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ServiceAccountForm();

    [GeneratedRegex(@"\A[0-9]{10,30}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex UniqueIdForm();

    [GeneratedRegex(@"\A[\x21-\x7E]{1,255}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex AudienceForm();

    // The name of an OIDC provider in an ARN has host and path only.
    [GeneratedRegex(@"\Ahttps://[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9._~-]+)*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex IssuerForm();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex BucketForm();

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{4,28}[a-z0-9]\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ProjectForm();

    [GeneratedRegex(@"\A[0-9]{1,25}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ProjectNumberForm();

    [GeneratedRegex(@"\A[a-z0-9-]{4,32}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex PoolIdForm();

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex NameForm();

    [GeneratedRegex(@"\A(serviceAccount|user|group):[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex MemberForm();
}
