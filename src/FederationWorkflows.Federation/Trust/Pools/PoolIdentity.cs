using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// Who a proof of identity is in Google Cloud ("Principal identifiers", section on workload identity pools).
/// </summary>
/// <param name="Pool"><c>projects/NUMBER/locations/global/workloadIdentityPools/POOL</c>.</param>
/// <param name="Subject"><c>google.subject</c>.</param>
/// <param name="Groups"><c>google.groups</c>.</param>
/// <param name="Attributes">The custom attributes, without <c>attribute.</c>.</param>
public sealed record PoolIdentity(string Pool, string Subject, IReadOnlyList<string> Groups, IReadOnlyDictionary<string, string> Attributes)
{
    private const string Host = "iam.googleapis.com/";

    /// <summary><c>principal://iam.googleapis.com/POOL/subject/SUBJECT</c>.</summary>
    public string Principal => $"principal://{Host}{Pool}/subject/{Subject}";

    /// <summary>The sets it is in: the whole pool, its groups, its attributes.</summary>
    public IReadOnlyList<string> PrincipalSets =>
    [
        $"principalSet://{Host}{Pool}/*",
        .. Groups.Select(group => $"principalSet://{Host}{Pool}/group/{group}"),
        .. Attributes.Select(attribute => $"principalSet://{Host}{Pool}/attribute.{attribute.Key}/{attribute.Value}"),
    ];

    /// <summary>Whether a binding's member names it. Compared letter by letter, as Google does.</summary>
    public bool IsMember(string member) => member == Principal || PrincipalSets.Contains(member, StringComparer.Ordinal);
}

/// <summary>What a provider made of a proof of identity, step by step.</summary>
/// <param name="Provider">The provider's full resource name.</param>
/// <param name="Attributes">What each expression of the mapping gave, in alphabetical order; empty when the proof was refused before.</param>
/// <param name="Condition">What the attribute condition said; null without one or when the proof was refused before.</param>
/// <param name="Identity">Who it is; null when it was refused.</param>
/// <param name="Refusal">Why it was refused; null when it was not.</param>
public sealed record PoolEvaluation(
    PoolProviderName Provider, IReadOnlyList<AttributeTrace> Attributes, PoolConditionTrace? Condition, PoolIdentity? Identity, PoolRefusal? Refusal);

/// <summary>What one expression of an attribute mapping gave.</summary>
/// <param name="Attribute">The attribute.</param>
/// <param name="Expression">The expression.</param>
/// <param name="Values">Its value; several for <c>google.groups</c>; empty when it failed.</param>
/// <param name="Problem">Why it failed; null when it did not.</param>
public sealed record AttributeTrace(string Attribute, string Expression, IReadOnlyList<string> Values, string? Problem);

/// <summary>What an attribute condition said.</summary>
/// <param name="Expression">The condition.</param>
/// <param name="Satisfied">Whether it is true.</param>
/// <param name="Problem">Why it could not be decided, e.g. because it reads a claim that is not there; null when it could.</param>
public sealed record PoolConditionTrace(string Expression, bool Satisfied, string? Problem);

/// <summary>A refusal of Google's security token service.</summary>
/// <param name="Error">OAuth's error, e.g. <c>unauthorized_client</c>.</param>
/// <param name="Message">The <c>error_description</c>.</param>
/// <param name="Explanation">What Google does not tell: which value was expected and found, for whoever may know.</param>
public sealed record PoolRefusal(string Error, string Message, string Explanation);
