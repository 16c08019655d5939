using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;

namespace FederationWorkflows.Studio.Tests;

/// <summary>What people do on pages that are not the designer's.</summary>
internal static class People
{
    /// <summary>Fills in the sign-in form.</summary>
    public static async Task SignInAsync(this IPage page, string name)
    {
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByLabel("Password").FillAsync(Accounts.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }
}
