using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.Iam;

/// <summary>One call of IAM: what is asked, who asks, and whether they may.</summary>
internal sealed record IamCall(AwsCall Http, AwsCaller Caller, string Action, QueryParameters Parameters)
{
    public static readonly XNamespace Xmlns = $"https://iam.amazonaws.com/doc/{IamService.Version}/";

    public string AccountId => Caller.AccountId;

    /// <summary>Throws unless the caller's policies allow the call's action on a resource.</summary>
    /// <param name="resource">Its ARN.</param>
    /// <param name="tags">Its tags, which conditions may read.</param>
    /// <param name="more">Further condition keys.</param>
    public void Require(string resource, TagSet? tags = null, ConditionContext? more = null)
    {
        var context = more ?? ConditionContext.Empty;
        context = tags?.AddTo(context, "aws:ResourceTag", "iam:ResourceTag") ?? context;
        if (AwsAuthorizer.Check(Http, Caller, $"iam:{Action}", resource, context) is { } denial)
        {
            throw new AwsException(
                "AccessDenied",
                $"User: {Caller.Arn} is not authorized to perform: iam:{Action} on resource: {resource} {denial.Reason}",
                StatusCodes.Status403Forbidden) { Explanation = denial.Explanation };
        }
    }

    /// <summary>The result of the call.</summary>
    public XElement Result(params object?[] content) => Of($"{Action}Result", content);

    /// <summary>The result of a call that lists: one page of it, which <c>Marker</c> and <c>MaxItems</c> choose.</summary>
    /// <param name="list">The name of the list in the answer.</param>
    /// <param name="items">The items, in the order of their names.</param>
    /// <param name="name">An item's name.</param>
    /// <param name="member">An item as XML.</param>
    /// <param name="more">What else the answer has.</param>
    public XElement Page<T>(string list, IEnumerable<T> items, Func<T, string> name, Func<T, object?[]> member, params object?[] more)
    {
        var maximum = Parameters.Integer("MaxItems", 1, 1000, 100);
        Parameters.ThrowIfInvalid();
        var marker = Parameters["Marker"];
        var rest = items.Where(item => marker is null || string.CompareOrdinal(name(item), marker) > 0).Take(maximum + 1).ToList();
        var page = rest.Take(maximum).ToList();
        var isTruncated = rest.Count > maximum;
        return Result(
            Of("IsTruncated", isTruncated),
            isTruncated ? Of("Marker", name(page[^1])) : null,
            more,
            Of(list, page.Select(item => Of("member", member(item)))));
    }

    /// <summary>Keeps parameters for the event log.</summary>
    public void Note(params ReadOnlySpan<(string Name, string? Value)> facts)
    {
        Http.RequestParameters ??= [];
        foreach (var (name, value) in facts)
        {
            if (value is not null)
            {
                Http.RequestParameters[name] = JsonValue.Create(value);
            }
        }
    }

    public static XElement Of(string name, params object?[] content) => new(Xmlns + name, content);

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    public static XElement Tags(TagSet tags) => Of("Tags", tags.All.Select(static tag => Of("member", Of("Key", tag.Key), Of("Value", tag.Value))));
}
