using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;
using static FederationWorkflows.Server.Tests.Support.Stories;
using static FederationWorkflows.Studio.Tests.Flows;

namespace FederationWorkflows.Studio.Tests;

/// <summary>Who may do what in the designer, and what becomes of a page whose session is over.</summary>
public sealed class AccessTests(Chromium chromium)
{
    private const string Story = "/studio/workflows/definitions/watched/edit";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_viewer_sees_stories_and_is_told_what_he_may_not_do()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var saved = await ann.PostAsJsonAsync("/elsa/api/workflow-definitions", new JsonObject { ["model"] = Flow("watched", Writes("say", Literal("hello"))), ["publish"] = false }, Cancellation);
        saved.EnsureSuccessStatusCode();
        using var vic = await server.UserAsync(ann, "vic", "viewer");
        await using var session = await chromium.NewSessionAsync(server.Address);
        await using var designer = await Designer.OpenAsync(server, session, Story);
        var page = designer.Page;
        await page.SignInAsync("vic");
        await page.WaitForURLAsync($"**{Story}");
        await Designer.CountsAsync(designer.Nodes, 1);
        await page.GetByText("read-only").First.WaitForAsync();
        await Assertions.Expect(designer.PublishButton).ToHaveCountAsync(0);
        await designer.PictureAsync("editor");

        await page.GotoAsync("/studio/workflows/definitions");
        var row = designer.Row("watched");
        await row.GetByRole(AriaRole.Button).Last.ClickAsync();
        await Assertions.Expect(designer.Entry("Publish")).ToHaveClassAsync(new Regex("disabled"));
        await Assertions.Expect(designer.Entry("Delete")).ToHaveClassAsync(new Regex("disabled"));
        designer.WillBeRefused("/execute");
        await designer.Entry("Run").ClickAsync();
        await Designer.ReadsAsync(designer.Told, "This needs the permission runs:start, which vic does not have. Ask an administrator for a role that grants it.");
        await Assertions.Expect(designer.Said).ToHaveCountAsync(0);
        await designer.PictureAsync("list");

        // What the buttons that he has not would do.
        var published = await page.APIRequest.PostAsync("/elsa/api/workflow-definitions/watched/publish", new() { DataObject = new { } });
        (published.Status, (await published.TextAsync()).Contains("stories:write", StringComparison.Ordinal)).ShouldBe(((int)HttpStatusCode.Forbidden, true));
        (await ann.JsonAsync("/elsa/api/workflow-definitions?versionOptions=Published")).GetProperty("totalCount").GetInt32().ShouldBe(0, "nothing was published");
        (await ann.JsonAsync("/api/runs")).GetProperty("items").GetArrayLength().ShouldBe(0, "nothing was started");

        // The list has borne it.
        await page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await designer.ChooseAsync(row, "View");
        await page.WaitForURLAsync($"**{Story}");
        designer.ShouldBeClean();
    }

    [Fact]
    public async Task A_session_that_is_over_leads_to_sign_in_and_back_to_the_story()
    {
        await using var server = await Accounts.StartAsync();
        await server.PublishAsync(Flow("watched", Writes("say", Literal("hello"))));
        using var ann = await server.AdministratorAsync();
        await using var session = await chromium.NewSessionAsync(server.Address);
        await using var designer = await Designer.OpenAsync(server, session, Story);
        var page = designer.Page;
        await page.SignInAsync("ann");
        await page.WaitForURLAsync($"**{Story}");
        await Designer.CountsAsync(designer.Nodes, 1);

        var cookie = (await session.CookiesAsync()).Single(cookie => cookie.Name == "fedflow-session");
        using var elsewhere = new HttpRequestMessage(HttpMethod.Post, "/api/sign-out");
        elsewhere.Headers.Add("Cookie", $"{cookie.Name}={cookie.Value}");
        using var ended = await server.Client.SendAsync(elsewhere, Cancellation);
        ended.IsSuccessStatusCode.ShouldBeTrue(await ended.TextAsync());

        designer.WillBeRefused("/elsa/api/workflow-definitions");
        designer.WillBeRefused("/api/definitions/watched/problems");
        await designer.DropAsync("Console", "Write Line", 300, 250);
        await page.WaitForURLAsync("**/sign-in?returnUrl=*");
        await page.SignInAsync("ann");
        await page.WaitForURLAsync($"**{Story}");
        await Designer.CountsAsync(designer.Nodes, 1);
        await designer.SavingAsync(() => designer.DropAsync("Console", "Write Line", 300, 250));
        await Designer.CountsAsync(designer.Nodes, 2);
        designer.ShouldBeClean();
    }
}
