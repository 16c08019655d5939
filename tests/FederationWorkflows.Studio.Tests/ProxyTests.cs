using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;
using static FederationWorkflows.Server.Tests.Support.Stories;
using static FederationWorkflows.Studio.Tests.Flows;

namespace FederationWorkflows.Studio.Tests;

/// <summary>The designer behind a proxy that ends TLS and leads only a part of its site here.</summary>
public sealed class ProxyTests(Chromium chromium)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Behind_a_tls_proxy_and_a_path_people_sign_in_open_a_story_and_run_it()
    {
        await using var server = await Accounts.StartAsync(settings: new Dictionary<string, string?> { ["Server:TrustedProxies:0"] = "127.0.0.1" });
        await server.PublishAsync(Flow("greeting", Writes("say", Literal("hello")), Gate(), Writes("more", Literal("and more"))));
        using var ann = await server.AdministratorAsync();
        await using var proxy = await TlsProxy.StartAsync(server.Address, "/flows", Cancellation);
        await using var session = await chromium.NewSessionAsync(proxy.Site);
        await using var designer = await Designer.OpenAsync(server, session, proxy.Site.ToString(), proxy.Site);
        var page = designer.Page;

        await page.SignInAsync("ann");
        await page.WaitForURLAsync($"{proxy.Site}**");
        await page.GetByRole(AriaRole.Link, new() { Name = "Stories" }).ClickAsync();
        await designer.Row("greeting").Locator("td").Nth(1).ClickAsync();
        await page.WaitForURLAsync($"{proxy.Site}studio/workflows/definitions/greeting/edit");
        await Designer.CountsAsync(designer.Nodes, 3);

        await designer.RunAsync();
        await page.WaitForURLAsync($"{proxy.Site}studio/workflows/instances/*/view");
        await Designer.CountsAsync(designer.Completed, 1);
        server.Gate.Open();
        await Designer.CountsAsync(designer.Completed, 3);
        designer.ShouldBeClean();

        (await session.CookiesAsync()).ShouldContain(cookie => cookie.Name == "fedflow-session" && cookie.Secure && cookie.HttpOnly && cookie.Path == "/flows");
    }
}
