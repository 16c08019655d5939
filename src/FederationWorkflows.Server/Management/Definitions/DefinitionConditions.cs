using System.Globalization;
using FederationWorkflows.Runtime.Storage;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>
/// Conditional requests for definitions (RFC 9110, 13). An ETag is the version's revision, which is the hash of its content, then a dot and
/// where the version stands; to change a definition, only the revision counts.
/// </summary>
internal static class DefinitionConditions
{
    /// <summary>As the revision to save over: there must be none.</summary>
    public const string MustBeNew = "";

    /// <summary>Gives the answer its ETag.</summary>
    /// <returns>The answer to who has it already; null when it is to be sent.</returns>
    public static IResult? NotModified(HttpContext context, StoredDefinition stored)
    {
        var tag = TagOf(stored);
        context.Response.GetTypedHeaders().ETag = tag;

        // What the answer says beside the content (what the caller may do) is not in the tag, so no browser is to use it by itself.
        context.Response.Headers.CacheControl = "no-store";
        return new RequestHeaders(context.Request.Headers).IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false))
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : null;
    }

    /// <summary>What the request demands of the latest version.</summary>
    /// <param name="context">The request.</param>
    /// <param name="latest">The latest version; null when there is none.</param>
    /// <param name="basedOn">The revision that must still be the latest when it is saved over; <see cref="MustBeNew"/> for none, null when anything may be.</param>
    /// <returns>False when it does not hold.</returns>
    public static bool Holds(HttpContext context, StoredDefinition? latest, out string? basedOn)
    {
        var headers = new RequestHeaders(context.Request.Headers);
        basedOn = null;
        if (headers.IfNoneMatch.Count > 0)
        {
            if (latest is not null && headers.IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || RevisionIn(known) == latest.Revision))
            {
                return false;
            }

            basedOn = latest is null ? MustBeNew : latest.Revision;
        }

        if (headers.IfMatch.Count > 0)
        {
            if (latest is null || !headers.IfMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || (!known.IsWeak && RevisionIn(known) == latest.Revision)))
            {
                return false;
            }

            basedOn = latest.Revision;
        }

        return true;
    }

    /// <summary>The answer to a request whose condition does not hold.</summary>
    public static IResult Failed(string? definitionId, StoredDefinition? latest)
    {
        var what = definitionId is null ? "A story without a definitionId is always new"
            : latest is null ? $"There is no story '{definitionId}'"
            : string.Create(CultureInfo.InvariantCulture, $"Story '{definitionId}' is at version {latest.Version} by {latest.CreatedBy}, revision {latest.Revision}");
        var todo = latest is null ? "Send it with If-None-Match: * instead of If-Match." : "Get it, bring your change into it, and send that with If-Match and the ETag you got.";
        return Results.Problem($"{what}, which is not what the request demands, so nothing was changed. {todo}", statusCode: StatusCodes.Status412PreconditionFailed);
    }

    private static EntityTagHeaderValue TagOf(StoredDefinition stored) =>
        new(string.Create(CultureInfo.InvariantCulture, $"\"{stored.Revision}.{stored.Version}{(stored.IsLatest ? "l" : "")}{(stored.IsPublished ? "p" : "")}\""));

    private static string RevisionIn(EntityTagHeaderValue tag)
    {
        var text = tag.Tag.AsSpan().Trim('"');
        return (text.IndexOf('.') is >= 0 and var dot ? text[..dot] : text).ToString();
    }
}
