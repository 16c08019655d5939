using System.Text.RegularExpressions;
using System.Xml.Linq;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws.S3.Objects;

/// <summary>Tags of objects and buckets as S3 reads, checks and writes them (Amazon S3 User Guide, "Categorizing your objects using tags").</summary>
internal static partial class ObjectTags
{
    private const int MaximumOnObject = 10;
    private const int MaximumOnBucket = 50;

    /// <summary>The tags of the header <c>x-amz-tagging</c>: <c>name=value&amp;...</c>.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> OfHeader(AwsCall call)
    {
        if (call.Header("x-amz-tagging") is not { } header)
        {
            return [];
        }

        var tags = AwsCall.ParsePairs(header);
        if (tags.DistinctBy(static tag => tag.Key).Count() < tags.Count)
        {
            throw S3Errors.InvalidArgument(
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.", "x-amz-tagging", header);
        }

        return Check(tags, isBucket: false);
    }

    /// <summary>The tags of a <c>Tagging</c> document.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> OfDocument(byte[] body, bool isBucket)
    {
        var set = S3Xml.Read(body, "Tagging").All("TagSet").FirstOrDefault() ?? throw S3Errors.MalformedXml();
        return Check(
            [.. set.All("Tag").Select(static tag => new KeyValuePair<string, string>(
                tag.Value("Key") ?? throw S3Errors.MalformedXml(), tag.Value("Value") ?? throw S3Errors.MalformedXml()))],
            isBucket);
    }

    public static XElement ToDocument(IReadOnlyList<KeyValuePair<string, string>> tags) =>
        S3Xml.Of("Tagging", S3Xml.Of("TagSet", tags.Select(static tag => S3Xml.Of("Tag", S3Xml.Of("Key", tag.Key), S3Xml.Of("Value", tag.Value)))));

    /// <summary>The condition keys of tags that a request asks for.</summary>
    public static ConditionContext Context(IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        var context = ConditionContext.Empty.With("s3:RequestObjectTagKeys", [.. tags.Select(static tag => tag.Key)]);
        foreach (var (name, value) in tags)
        {
            context = context.With($"s3:RequestObjectTag/{name}", value);
        }

        return context;
    }

    private static List<KeyValuePair<string, string>> Check(List<KeyValuePair<string, string>> tags, bool isBucket)
    {
        if (tags.Count > (isBucket ? MaximumOnBucket : MaximumOnObject))
        {
            throw S3Errors.TooManyTags(isBucket ? $"Bucket tag count cannot be greater than {MaximumOnBucket}" : $"Object tags cannot be greater than {MaximumOnObject}");
        }

        if (tags.DistinctBy(static tag => tag.Key).Count() < tags.Count)
        {
            throw S3Errors.InvalidTag("Cannot provide multiple Tags with the same key");
        }

        foreach (var (name, value) in tags)
        {
            if (name.StartsWith("aws:", StringComparison.OrdinalIgnoreCase))
            {
                throw S3Errors.InvalidTag("System tags cannot be added/updated by requester");
            }

            if (name.Length is 0 or > 128 || !Allowed().IsMatch(name))
            {
                throw S3Errors.InvalidTag("The TagKey you have provided is invalid");
            }

            if (value.Length > 256 || !Allowed().IsMatch(value))
            {
                throw S3Errors.InvalidTag("The TagValue you have provided is invalid");
            }
        }

        return tags;
    }

    [GeneratedRegex(@"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*\z")]
    private static partial Regex Allowed();
}
