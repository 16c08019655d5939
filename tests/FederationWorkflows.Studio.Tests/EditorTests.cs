using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Playwright;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Studio.Tests;

/// <summary>Each kind of input has its editor, and what it writes is what the server understands.</summary>
public sealed class EditorTests(Chromium chromium)
{
    [Fact]
    public async Task Inputs_variables_and_arguments_are_edited_and_an_activity_is_tried()
    {
        var story = Of("editors", [], "Answer:String");
        story["root"] = Activity(
            "Elsa.Flowchart", "flow", ("activities", new JsonArray(Placed("Test.EveryEditor", "every", 0), Placed("Elsa.SendHttpRequest", "request", 350), Placed("Elsa.SetVariable", "set", 900))), ("connections", new JsonArray()));
        var server = await ServerUnderTest.StartAsync();
        using var imported = await server.PostAsync("/elsa/api/workflow-definitions/import", story.ToJsonString());
        imported.EnsureSuccessStatusCode();
        using var secret = await server.PostAsync("/elsa/api/secrets", """{"name":"github-token","value":"v"}""");
        secret.EnsureSuccessStatusCode();
        await using var designer = await Designer.OpenAsync(chromium, server, "/studio/workflows/definitions/editors/edit");
        var page = designer.Page;
        await Designer.ShowsAsync(designer.Nodes);

        await designer.SelectAsync("every");
        (await Saved("line", () => designer.TypeAsync("One line.", "one"))).ShouldBe(("Literal", "one"));
        (await Saved("lines", () => designer.TypeAsync("Several lines.", "one\ntwo"))).ShouldBe(("Literal", "one\ntwo"));
        (await Saved("flag", () => page.Locator(".mud-checkbox", new() { HasText = "Flag" }).First.ClickAsync())).ShouldBe(("Literal", "True"));
        (await Saved("choice", () => designer.ChooseAsync("One of some.", "second"))).ShouldBe(("Literal", "second"));
        (await Saved("texts", async () =>
        {
            await designer.Input("Several texts.").FillAsync("a");
            await designer.Input("Several texts.").PressAsync("Enter");
        })).ShouldBe(("Object", "[\"a\"]"));
        (await Saved("token", () => designer.ChooseAsync("A secret.", "github-token"))).ShouldBe(("Secret", "{\"name\":\"github-token\",\"typeName\":\"text\",\"scope\":null}"));

        (await Saved("colour", () => page.Locator("label", new() { HasText = "green" }).First.ClickAsync())).ShouldBe(("Literal", "green"));
        (await Saved("ways", () => page.Locator("label", new() { HasText = "south" }).First.ClickAsync())).ShouldBe(("Object", "[\"south\"]"));
        (await Saved("json", () => designer.WriteCodeAsync("{\"a\":1}", designer.Tab("Common"), last: true))).ShouldBe(("Literal", "{\"a\":1}"));
        await designer.Tab("Input").ClickAsync();
        await page.GetByText("Values by name.").First.ScrollIntoViewIfNeededAsync();
        await designer.PictureAsync("dictionary");
        await Designer.Expect(page.GetByText("Unsupported UI hint")).ToHaveCountAsync(0);

        // The same input, as an expression of another kind.
        await designer.SwitchSyntaxAsync("One line.", "CEL");
        (await Saved("line", () => designer.WriteCodeAsync("'a' + 'b'", designer.Tab("Common")))).ShouldBe(("CEL", "'a' + 'b'"));
        await designer.PictureAsync("editors");

        // Tried by itself.
        await designer.Tab("Test").ClickAsync();
        await designer.AnswerAsync("/tests/activities", () => designer.Button("Start").ClickAsync());
        await Designer.ShowsAsync(page.GetByText("Completed", new() { Exact = true }));
        await Designer.ShowsAsync(page.GetByText("ab one of second", new() { Exact = true }));
        await designer.PictureAsync("tried");

        // Statuses with what follows each, and how it is tried again.
        await designer.SelectAsync("request");
        await designer.Tab("Input").ClickAsync();
        (await ActivityAsync("request", async () =>
        {
            await designer.Input("The status codes to expect").FillAsync("404");
            await designer.Input("The status codes to expect").PressAsync("Enter");
        }))["expectedStatusCodes"]![0]!["statusCode"]!.GetValue<int>().ShouldBe(404);
        await designer.Tab("Resilience").ClickAsync();
        var strategy = (await ActivityAsync("request", () => designer.ChooseAsync("Resilience Strategy", "Any error: 3 more attempts, from 1 second on")))["customProperties"]!["resilienceStrategy"]!;
        strategy["strategyId"]!.GetValue<string>().ShouldBe("standard");

        // A variable is picked, and others are declared.
        await designer.SelectAsync("set");
        await designer.Tab("Input").ClickAsync();
        var variable = (await ActivityAsync("set", () => designer.ChooseAsync("The variable to assign the value to.", "Answer")))["variable"]!;
        variable.ToJsonString().ShouldContain("Answer");
        await designer.Tab("Variables").ClickAsync();
        await designer.Button("Add variable").ClickAsync();
        (await designer.SavingAsync(() => designer.Dialog.GetByRole(AriaRole.Button, new() { Name = "OK" }).ClickAsync()))["variables"]!.AsArray().Count.ShouldBe(2);
        await designer.Tab("Input/output").ClickAsync();
        await designer.Button("Add input").ClickAsync();
        (await designer.SavingAsync(() => designer.Dialog.GetByRole(AriaRole.Button, new() { Name = "OK" }).ClickAsync()))["inputs"]!.AsArray().ShouldHaveSingleItem();
        await designer.Button("Add output").ClickAsync();
        (await designer.SavingAsync(() => designer.Dialog.GetByRole(AriaRole.Button, new() { Name = "OK" }).ClickAsync()))["outputs"]!.AsArray().ShouldHaveSingleItem();
        (await designer.SavingAsync(async () =>
        {
            await page.Locator("input[placeholder='Add outcomes']").FillAsync("Approved");
            await page.Keyboard.PressAsync("Enter");
        }))["outcomes"]!.AsArray().Select(outcome => (string)outcome!).ShouldBe(["Approved"]);
        designer.ShouldBeClean();

        // Run with what was declared.
        await page.GetByRole(AriaRole.Link, new() { Name = "Run with input" }).ClickAsync();
        await page.WaitForURLAsync("**/stories/editors/start");
        await Designer.ShowsAsync(page.GetByText("Input1"));
        await designer.PictureAsync("start");

        async Task<(string Type, string Value)> Saved(string input, Func<Task> edit)
        {
            var expression = (await ActivityAsync("every", edit))[input]!["expression"]!;
            return ((string)expression["type"]!, (string)expression["value"]!);
        }

        async Task<JsonObject> ActivityAsync(string id, Func<Task> edit) =>
            (await designer.SavingAsync(edit))["root"]!["activities"]!.AsArray().Single(activity => (string)activity!["id"]! == id)!.AsObject();
    }

    private static JsonObject Placed(string type, string id, int x) => Activity(
        type, id, ("metadata", new JsonObject { ["designer"] = new JsonObject { ["position"] = new JsonObject { ["x"] = x, ["y"] = 0 } } }));
}

[Activity("Test", "Test", "Has an input for each editor.")]
internal sealed class EveryEditor : CodeActivity<string>
{
    [Input(Description = "One line.", UIHint = InputUIHints.SingleLine, Order = 0)]
    public Input<string?>? Line { get; set; }

    [Input(Description = "Several lines.", UIHint = InputUIHints.MultiLine, Order = 1)]
    public Input<string?>? Lines { get; set; }

    [Input(Description = "Yes or no.", UIHint = InputUIHints.Checkbox, Order = 2)]
    public Input<bool>? Flag { get; set; }

    [Input(Description = "One of some.", UIHint = InputUIHints.DropDown, Options = new[] { "first", "second" }, Order = 3)]
    public Input<string?>? Choice { get; set; }

    [Input(Description = "Several texts.", UIHint = InputUIHints.MultiText, Order = 4)]
    public Input<ICollection<string>?>? Texts { get; set; }

    [Input(Description = "A secret.", UIHint = InputUIHints.SecretPicker, AutoEvaluate = false, Order = 5)]
    public Input<string?>? Token { get; set; }

    [Input(Description = "One of few.", UIHint = InputUIHints.RadioList, Options = new[] { "red", "green" }, Order = 6)]
    public Input<string?>? Colour { get; set; }

    [Input(Description = "Any of some.", UIHint = InputUIHints.CheckList, Options = new[] { "north", "south" }, Order = 7)]
    public Input<ICollection<string>?>? Ways { get; set; }

    [Input(Description = "Values by name.", UIHint = InputUIHints.Dictionary, Order = 8)]
    public Input<IDictionary<string, object?>?>? Values { get; set; }

    [Input(Description = "Any JSON.", UIHint = InputUIHints.JsonEditor, Order = 9)]
    public Input<object?>? Json { get; set; }

    protected override void Execute(ActivityExecutionContext context) => context.SetResult($"{context.Get(Line)} one of {context.Get(Choice)}");
}
