using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Access.Oidc;
using FederationWorkflows.Server.Pages.Access;
using FederationWorkflows.Server.Pages.Audit;
using FederationWorkflows.Server.Pages.Approvals;
using FederationWorkflows.Server.Pages.Federation;
using FederationWorkflows.Server.Pages.Runs;
using FederationWorkflows.Server.Pages.Secrets;
using FederationWorkflows.Server.Pages.Stories;

namespace FederationWorkflows.Server.Pages;

/// <summary>Adds the pages to the server.</summary>
internal static class PageRegistration
{
    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddHttpContextAccessor();
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "fedflow-form";
            antiforgery.Cookie.HttpOnly = true;
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;

            // Framing is forbidden by every answer's policy.
            antiforgery.SuppressXFrameOptionsHeader = true;
        });
        return services.AddSingleton<PageAssets>();
    }

    public static void MapPages(this IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<PageAssets>().Map(routes);
        routes.MapGet("/", (HttpContext context) => PageResult.SeeOther(context, NavigationEntry.For(context.User).FirstOrDefault()?.Path ?? "account")).RequiresSignIn();
        routes.MapRunPages();
        routes.MapFailedRunPages();
        routes.MapStartPages();
        routes.MapSignInPages();
        routes.MapOidc();
        routes.MapAccountPages();
        routes.MapUserPages();
        routes.MapAuditPages();
        routes.MapApprovalPages();
        routes.MapSecretPages();
        routes.MapFederationPages();
    }
}
