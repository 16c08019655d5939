using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Studio.Tests;

/// <summary>Who works with the designer, and from where.</summary>
public sealed class AccessTests(Chromium chromium)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Behind_a_proxy_a_viewer_sees_and_changes_nothing_and_who_has_to_sign_in_again_comes_back()
    {
        var server = await ServerUnderTest.StartAsync(
            [Of("story", [Writes("say", Literal("hello"))])],
            new Dictionary<string, string?> { ["SignIn:TrustLocalCallers"] = "false", ["Server:PathBase"] = "/flows", ["Server:TrustedProxies:0"] = "127.0.0.1" });
        await using var proxy = await TlsProxy.StartAsync(server.Address, Cancellation);
        using var administrator = await server.AdministratorAsync();
        using var viewer = await server.UserAsync(administrator, "vera", "viewer");

        // Dark, by TLS, below a path: signing in leads to where one wanted to go.
        await using var designer = await Designer.OpenAsync(chromium, server, "/flows/studio/workflows/definitions", proxy.Address, dark: true);
        var page = designer.Page;
        await SignInAsync(page, "vera");
        await page.WaitForURLAsync("**/flows/studio/workflows/definitions*");
        await Designer.ShowsAsync(designer.Rows);
        (await page.EvaluateAsync<string>("getComputedStyle(document.querySelector('.bar')).backgroundColor")).ShouldBe("rgb(10, 15, 28)", "the frame is dark");
        await Designer.Expect(designer.Button("Create Workflow")).ToBeDisabledAsync();
        await designer.PictureAsync("viewer");
        await designer.Rows.First.GetByRole(AriaRole.Button).Last.ClickAsync();
        await Designer.ShowsAsync(designer.Menu.GetByText("View", new() { Exact = true }));
        await designer.Menu.GetByText("View", new() { Exact = true }).ClickAsync();
        await page.WaitForURLAsync("**/flows/studio/workflows/definitions/story/edit");
        await Designer.ShowsAsync(page.Locator(".mud-alert", new() { HasText = "read" }).Or(page.GetByText("read-only")).Or(page.GetByText("read only")));
        await Designer.Expect(designer.IconButton("M19.35 10.04")).ToBeHiddenAsync();
        await designer.PictureAsync("viewer-story");
        designer.ShouldBeClean();

        // What he may not do after all says so, and the page goes on.
        await designer.GoAsync("/flows/studio/workflows/definitions");
        await Designer.ShowsAsync(designer.Rows);
        await designer.RowCommandAsync("story", "Run");
        await Designer.Expect(page.Locator("#blazor-error-text")).ToContainTextAsync("needs the permission runs:start");
        await page.Locator("[data-dismiss]").ClickAsync();
        await Designer.ShowsAsync(designer.Rows);
        await designer.PictureAsync("viewer-refused");
        designer.Forgive();

        // The session ends elsewhere: what comes next leads to signing in, and back.
        using var gone = await administrator.ChangeAsync("vera", new { password = "another good password" });
        gone.EnsureSuccessStatusCode();
        await page.Locator("th", new() { HasText = "Name" }).First.ClickAsync();
        await page.WaitForURLAsync("**/flows/sign-in?returnUrl=*");
        await SignInAsync(page, "vera", "another good password");
        await page.WaitForURLAsync("**/flows/studio/workflows/definitions*");
        await Designer.ShowsAsync(designer.Rows);
    }

    private static async Task SignInAsync(IPage page, string name, string password = Accounts.Password)
    {
        await page.Locator("input[name=name]").FillAsync(name);
        await page.Locator("input[name=password]").FillAsync(password);
        await page.Locator("main button").First.ClickAsync();
    }
}
