using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws.Iam;

/// <summary>The tags of a user or role (IAM User Guide, "Rules for tagging in IAM"): keys differ in more than case. Safe for use by several threads.</summary>
internal sealed class TagSet(IReadOnlyDictionary<string, string> declared)
{
    public const int Maximum = 50;

    private readonly Lock gate = new();
    private volatile IReadOnlyList<KeyValuePair<string, string>> tags = [.. declared];

    public IReadOnlyList<KeyValuePair<string, string>> All => tags;

    /// <summary>Adds tags or gives them other values; false when there would be too many, and then none is changed.</summary>
    public bool TrySet(IReadOnlyList<KeyValuePair<string, string>> changes)
    {
        lock (gate)
        {
            KeyValuePair<string, string>[] after =
            [
                .. tags.Select(tag => changes.FirstOrDefault(change => Same(change.Key, tag.Key)) is { Key: not null } change ? change : tag),
                .. changes.Where(change => !tags.Any(tag => Same(change.Key, tag.Key))),
            ];
            if (after.Length > Maximum)
            {
                return false;
            }

            tags = after;
            return true;
        }
    }

    public void Remove(IReadOnlyList<string> keys)
    {
        lock (gate)
        {
            tags = [.. tags.Where(tag => !keys.Any(key => Same(key, tag.Key)))];
        }
    }

    /// <summary>Adds the tags to condition keys.</summary>
    public ConditionContext AddTo(ConditionContext context, params ReadOnlySpan<string> prefixes)
    {
        foreach (var (key, value) in tags)
        {
            foreach (var prefix in prefixes)
            {
                context = context.With($"{prefix}/{key}", value);
            }
        }

        return context;
    }

    public static bool Same(string key, string other) => key.Equals(other, StringComparison.OrdinalIgnoreCase);
}
