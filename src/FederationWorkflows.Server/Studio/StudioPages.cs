using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Hosting;
using FederationWorkflows.Server.Pages;
using FederationWorkflows.Server.Webhooks;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Studio;

/// <summary>The designer: its files, and a page of its own for each of its elements, so that reloading and bookmarks work.</summary>
internal static class StudioPages
{
    /// <summary>Where everything of it is, below the site.</summary>
    public const string Prefix = "studio/";

    /// <summary>
    /// What the designer bears: it compiles WebAssembly, writes styles into its elements, and its editor starts workers from blobs. Scripts come from
    /// files of this site alone, but for the two that its editor and viewer write into the page, by their hashes; nothing goes anywhere else.
    /// </summary>
    private static readonly ContentPolicy Policy = new(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-snlP1jz0gjwc5cTz9ErZcliXuCK63+Mmf68RRCeptgc=' 'sha256-vu6sQrKXQHR4Yn3FMMihA/9TxxfIXnCxKwvLrTPJ5ts='; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        + "manifest-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'");

    public static IServiceCollection AddStudio(this IServiceCollection services)
    {
        services.AddOptions<StudioOptions>().BindConfiguration(StudioOptions.Section);
        return services.AddSingleton<StudioPackage>();
    }

    public static void MapStudio(this IEndpointRouteBuilder routes)
    {
        var studio = routes.MapGroup("/studio");
        studio.MapGet("/", (HttpContext context) => PageResult.SeeOther(context, "studio/workflows/definitions")).RequiresSignIn();
        studio.MapGet("/workflows/definitions", (HttpContext context, StudioPackage package) => Page(context, package, "definitions", null, "Stories", "Stories"))
            .Requires(Permissions.StoriesRead).WithMetadata(Policy);
        studio.MapGet("/workflows/definitions/{id}/edit", EditAsync).Requires(Permissions.StoriesRead).WithMetadata(Policy);
        studio.MapGet("/workflows/instances", (HttpContext context, StudioPackage package) => Page(context, package, "instances", null, "Runs", "Runs"))
            .Requires(Permissions.RunsRead).WithMetadata(Policy);
        studio.MapGet("/workflows/instances/{id}/view", ViewAsync).Requires(Permissions.RunsRead).WithMetadata(Policy);
        studio.MapMethods("/{**path}", [HttpMethods.Get, HttpMethods.Head], (string path, HttpContext context, StudioPackage package) => StudioFileEndpoint.SendAsync(path, context, package))
            .OpenToEverybody().WithMetadata(Policy);

        // Links in the designer's panels begin at the root of the server.
        routes.MapGet("/workflows/definitions/{id}/edit", RedirectAsync).OpenToEverybody().WithMetadata(SecurityHeaders.Sandbox);
        routes.MapGet("/workflows/instances/{id}/view", RedirectAsync).OpenToEverybody().WithMetadata(SecurityHeaders.Sandbox);
        routes.MapGet("/diagnostics/structured-logs", (string? workflowInstanceId, HttpContext context) => PageResult.SeeOther(context, $"runs/{Uri.EscapeDataString(workflowInstanceId ?? "")}")).OpenToEverybody();
    }

    private static async Task<IResult> EditAsync(string id, HttpContext context, StudioPackage package, IDefinitionStore store) =>
        await store.FindLatestAsync(id, context.RequestAborted) is { } story
            ? Page(context, package, "definition", id, story.FindName(), "Stories")
            : NotFound(context, "No such story", $"There is no story '{id}'. It may have been deleted.");

    private static async Task<IResult> ViewAsync(string id, HttpContext context, StudioPackage package, IRunStore runs) =>
        await runs.FindAsync(id, context.RequestAborted) is { } run
            ? Page(context, package, "instance", id, run.Name ?? $"Run {id}", "Runs")
            : NotFound(context, "No such run", $"There is no run '{id}'. It may have been deleted.");

    private static IResult Page(HttpContext context, StudioPackage package, string page, string? id, string title, string section) => package.Folder is null
        ? PageResult.Of<StudioMissingPage>(context, new { Caller = context.User })
        : PageResult.Of<StudioPage>(context, new { Caller = context.User, Page = page, Id = id, Title = title, Section = section });

    private static IResult NotFound(HttpContext context, string heading, string detail) =>
        PageResult.Of<ProblemPage>(context, new { Caller = context.User, Heading = heading, Detail = detail }, StatusCodes.Status404NotFound);

    /// <summary>A webhook that somebody put there comes first.</summary>
    private static async Task RedirectAsync(HttpContext context, WebhookEndpoint webhooks, IOptions<ServerOptions> options)
    {
        if (context.Request.Path.StartsWithSegments(options.Value.WebhookBasePath, StringComparison.OrdinalIgnoreCase) && webhooks.HasRoute(context))
        {
            await webhooks.HandleAsync(context);
            return;
        }

        context.Response.Redirect($"{context.Request.PathBase}/{Prefix.TrimEnd('/')}{context.Request.Path.ToUriComponent()}");
    }
}
