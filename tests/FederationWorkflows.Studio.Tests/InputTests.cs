using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static FederationWorkflows.Server.Tests.Support.Stories;
using static FederationWorkflows.Studio.Tests.Flows;

namespace FederationWorkflows.Studio.Tests;

/// <summary>The panel of an activity, for stories that people have written into files.</summary>
public sealed class InputTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Help = "The text to write.";

    [Fact]
    public async Task Every_kind_of_expression_opens_in_an_editor_that_shows_what_the_file_says()
    {
        var story = Flow(
            "kinds",
            At(0, Writes("variable", Variable("target"))),
            At(1, Writes("input", Expression("Input", "severity"))),
            At(2, Writes("template", Expression("Template", "Run ${run.id}"))),
            At(3, Writes("cel", Expression("CEL", "string(1 + 2)"))),
            At(4, Writes("literal", Literal("plain"))));
        story["variables"] = new JsonArray(new JsonObject { ["id"] = "target", ["name"] = "target", ["typeName"] = "String", ["value"] = "x" });
        story["inputs"] = new JsonArray(new JsonObject { ["name"] = "severity", ["type"] = "String" });
        await using var designer = await shared.OpenAsync("/studio/workflows/definitions/kinds/edit", story);
        await Designer.CountsAsync(designer.Nodes, 5);

        await ShowsAsync("variable", designer.Input(Help), "target");
        await ShowsAsync("input", designer.Input(Help), "severity - String");
        await ShowsAsync("literal", designer.Input(Help), "plain");
        await ShowsCodeAsync("template", "Run ${run.id}");
        await ShowsCodeAsync("cel", "string(1 + 2)");
        designer.ShouldBeClean();

        async Task ShowsAsync(string activity, ILocator editor, string value)
        {
            await SelectAsync(activity);
            await Assertions.Expect(editor).ToHaveValueAsync(value, new() { Timeout = Designer.Patience });
        }

        async Task ShowsCodeAsync(string activity, string code)
        {
            await SelectAsync(activity);

            // The editor writes spaces that do not break.
            await Designer.ReadsAsync(designer.Page.Locator(".monaco-editor .view-line").First, code.Replace(' ', '\u00a0'));
        }

        Task SelectAsync(string activity) => designer.Page.Locator($".x6-node[data-cell-id='{activity}']").ClickAsync();
    }

    /// <summary>One below the other, so that all are in sight.</summary>
    private static JsonObject At(int row, JsonObject activity)
    {
        activity["metadata"] = new JsonObject
        {
            ["displayText"] = (string)activity["id"]!,
            ["designer"] = new JsonObject { ["position"] = new JsonObject { ["x"] = 40, ["y"] = 20 + (row * 80) }, ["size"] = new JsonObject { ["width"] = 180, ["height"] = 50 } },
        };
        return activity;
    }
}
