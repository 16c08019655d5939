using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FederationWorkflows.Server.Pages;

/// <summary>Answers with a page.</summary>
internal static class PageResult
{
    /// <summary>Renders a component with these parameters, e.g. <c>new { Caller = context.User }</c>. Pages are never kept by caches: they show what is, to one person.</summary>
    public static IResult Of<TPage>(HttpContext context, object parameters, int status = StatusCodes.Status200OK)
        where TPage : IComponent
    {
        context.Response.Headers.CacheControl = "no-cache, no-store";
        context.Response.Headers.Pragma = "no-cache";
        return new RazorComponentResult<TPage>(parameters) { StatusCode = status };
    }

    /// <summary>After a form was acted upon: shows a page of this site, with GET.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">Relative to the site, without a leading slash.</param>
    public static IResult SeeOther(HttpContext context, string path)
    {
        context.Response.Headers.Location = $"{context.Request.PathBase}/{path}";
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }
}
