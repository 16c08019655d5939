namespace FederationWorkflows.Federation.Trust;

/// <summary>What came of a check.</summary>
public enum TrustVerdict
{
    /// <summary>It does not hold.</summary>
    Fails,

    /// <summary>It cannot be told from here: it reads something that only the request to the cloud has.</summary>
    Unknown,

    /// <summary>It holds.</summary>
    Holds,
}

/// <summary>Why a token, or a signed request, is let in or not: every check that trust makes, with what it expects and what it finds. It holds no token.</summary>
/// <param name="Verdict">Whether it is let in; <see cref="TrustVerdict.Unknown"/> where that hangs on something only the request has.</param>
/// <param name="Summary">The outcome in a sentence.</param>
/// <param name="Checks">The checks, in the order in which they are made.</param>
public sealed record TrustExplanation(TrustVerdict Verdict, string Summary, IReadOnlyList<TrustCheck> Checks)
{
    /// <summary>The table as an activity's journal holds it: rows of texts.</summary>
    internal IReadOnlyList<IReadOnlyDictionary<string, object?>> ToJournal() =>
    [
        .. Checks.Select(static check => new Dictionary<string, object?>
        {
            ["Where"] = check.Where,
            ["Condition"] = check.Condition,
            ["Claim"] = check.Claim,
            ["Expected"] = check.Expected,
            ["Found"] = check.Found,
            ["Verdict"] = check.Verdict.ToString(),
            ["Mend"] = check.Mend,
        }),
    ];

    /// <summary>The outcome, and what fails with how to mend it, in sentences.</summary>
    public string Describe() =>
        string.Join(' ', Checks.Where(static check => check.Verdict == TrustVerdict.Fails && check.Decides).Select(static check => check.Describe()).Prepend(Summary));
}

/// <summary>One check of a trust.</summary>
/// <param name="Where">Where it stands: the token, or a statement of the policy by its Sid or place.</param>
/// <param name="Condition">What is checked, for example <c>StringEquals accounts.google.com:aud</c>.</param>
/// <param name="Claim">The claim it reads, for example <c>azp</c>; null when it reads none.</param>
/// <param name="Expected">What is expected there.</param>
/// <param name="Found">What is there.</param>
/// <param name="Verdict">Whether it holds.</param>
/// <param name="Mend">How to mend it; empty when it holds.</param>
public sealed record TrustCheck(string Where, string Condition, string? Claim, string Expected, string Found, TrustVerdict Verdict, string Mend)
{
    /// <summary>Whether the outcome hangs on it: not so for statements that are about others, or that another one was closer than.</summary>
    public bool Decides { get; init; } = true;

    internal string Describe() => $"{Where}: {Condition}{(Claim is null ? "" : $" (it reads {Claim})")} expects {Expected} and finds {Found}. {Mend}".TrimEnd();
}
