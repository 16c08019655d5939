using System.Text.RegularExpressions;
using System.Xml.Linq;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws.Iam;

/// <summary>Tagging users and roles: TagUser, UntagUser, ListUserTags, TagRole, UntagRole, ListRoleTags.</summary>
internal static partial class TagOperations
{
    /// <summary>The condition keys of the tags that a call names; none of a call that names none.</summary>
    public static ConditionContext Context(IamCall call)
    {
        var tags = call.Parameters.Pairs("Tags", TagSet.Maximum);
        var keys = call.Parameters.Values("TagKeys", TagSet.Maximum);
        var context = ConditionContext.Empty.With("aws:TagKeys", [.. tags.Select(static tag => tag.Key), .. keys]);
        foreach (var (key, value) in tags)
        {
            context = context.With($"aws:RequestTag/{key}", value);
        }

        return context;
    }

    public static XElement? Tag(IamCall call, TagSet tags)
    {
        var changes = call.Parameters.Pairs("Tags", TagSet.Maximum);
        foreach (var (key, value) in changes)
        {
            call.Parameters.Check(key.Length is >= 1 and <= 128 && Allowed().IsMatch(key), key, "tags", @"Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+]");
            call.Parameters.Check(value.Length <= 256 && Allowed().IsMatch(value), value, "tags", @"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*");
        }

        call.Parameters.Check(changes.Count > 0, null, "tags", "Member must not be null");
        call.Parameters.ThrowIfInvalid();
        call.Note(("tags", string.Join(", ", changes.Select(static tag => $"{tag.Key}={tag.Value}"))));
        if (changes.DistinctBy(static tag => tag.Key, StringComparer.OrdinalIgnoreCase).Count() < changes.Count)
        {
            throw IamErrors.DuplicateTags();
        }

        return tags.TrySet(changes) ? null : throw IamErrors.TooManyTags();
    }

    public static XElement? Untag(IamCall call, TagSet tags)
    {
        var keys = call.Parameters.Values("TagKeys", TagSet.Maximum);
        call.Parameters.Check(keys.Count > 0, null, "tagKeys", "Member must not be null");
        call.Parameters.ThrowIfInvalid();
        call.Note(("tagKeys", string.Join(", ", keys)));
        tags.Remove(keys);
        return null;
    }

    public static XElement List(IamCall call, TagSet tags) => call.Page(
        "Tags",
        tags.All.OrderBy(static tag => tag.Key, StringComparer.Ordinal),
        static tag => tag.Key,
        static tag => [IamCall.Of("Key", tag.Key), IamCall.Of("Value", tag.Value)]);

    [GeneratedRegex(@"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*\z")]
    private static partial Regex Allowed();
}
