namespace FederationWorkflows.CloudLab.Aws.Sts;

/// <summary>The tags of a session (IAM User Guide, "Pass session tags in AWS STS").</summary>
/// <param name="All">All of them.</param>
/// <param name="Transitive">Those that go on to the sessions of roles it assumes.</param>
internal sealed record SessionTags(IReadOnlyList<KeyValuePair<string, string>> All, IReadOnlyList<KeyValuePair<string, string>> Transitive)
{
    public const int Maximum = 50;

    /// <summary>Those a call passes, with those that its caller's session hands on.</summary>
    public static SessionTags Of(AwsCaller caller, IReadOnlyList<KeyValuePair<string, string>> passed, IReadOnlyList<string> transitiveKeys)
    {
        foreach (var (key, value) in passed)
        {
            if (key.Length is 0 or > 128 || value.Length > 256)
            {
                throw QueryParameters.Invalid($"The session tag '{key}' must have a key of 1 to 128 and a value of at most 256 characters");
            }

            if (caller.TransitiveTags.Any(inherited => Same(inherited.Key, key)))
            {
                throw QueryParameters.Invalid($"The session tag '{key}' is transitive in the session of the caller and cannot be passed again");
            }
        }

        if (passed.DistinctBy(static tag => tag.Key, StringComparer.OrdinalIgnoreCase).Count() < passed.Count)
        {
            throw QueryParameters.Invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
        }

        if (transitiveKeys.FirstOrDefault(key => !passed.Any(tag => Same(tag.Key, key))) is { } unknown)
        {
            throw QueryParameters.Invalid($"The transitive tag key '{unknown}' is not among the session tags of the call");
        }

        KeyValuePair<string, string>[] all = [.. caller.TransitiveTags, .. passed];
        return all.Length <= Maximum
            ? new SessionTags(all, [.. caller.TransitiveTags, .. passed.Where(tag => transitiveKeys.Any(key => Same(tag.Key, key)))])
            : throw QueryParameters.Invalid($"A session has {Maximum} tags at most");
    }

    private static bool Same(string key, string other) => key.Equals(other, StringComparison.OrdinalIgnoreCase);
}
