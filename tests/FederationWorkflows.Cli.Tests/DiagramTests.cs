using FederationWorkflows.Cli.Tests.Support;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow diagram</c>.</summary>
public sealed class DiagramTests : TestFolder
{
    private const string Chart = """
        {"id":"s:1","definitionId":"s","name":"S","version":1,"root":{"id":"flow","type":"Elsa.Flowchart","activities":[
          {"id":"hook","type":"Elsa.HttpEndpoint","customProperties":{"canStartWorkflow":true},"metadata":{"displayText":"Take \"it\" `in`"},
           "path":{"expression":{"type":"Literal","value":"hook"}},"caller":{"expression":{"type":"Literal","value":"signedIn"}}},
          {"id":"ask","type":"Elsa.FlowDecision","condition":{"expression":{"type":"Literal","value":true}}},
          {"id":"each","type":"Elsa.ForEach","items":{"expression":{"type":"Object","value":"[1]"}},
           "body":{"id":"steps","type":"Elsa.Sequence","activities":[
             {"id":"one","type":"Elsa.WriteLine","text":{"expression":{"type":"Literal","value":"x"}}},
             {"id":"two","type":"Elsa.WriteLine","text":{"expression":{"type":"Literal","value":"x"}}}]}},
          {"id":"if","type":"Elsa.If","condition":{"expression":{"type":"Literal","value":true}},
           "then":{"id":"yes","type":"Elsa.WriteLine","text":{"expression":{"type":"Literal","value":"x"}}},
           "else":{"id":"no","type":"Elsa.WriteLine","text":{"expression":{"type":"Literal","value":"x"}}}}],
         "connections":[
          {"source":{"activity":"hook","port":"Done"},"target":{"activity":"ask","port":"In"}},
          {"source":{"activity":"ask","port":"True"},"target":{"activity":"each","port":"In"}},
          {"source":{"activity":"each"},"target":{"activity":"if"}}]}}
        """;

    private const string Diagram = """
        flowchart TD
          n2(["Take #34;it#34; #96;in#96;<br/><small>Elsa.HttpEndpoint</small>"])
          n3{{"ask<br/><small>Elsa.FlowDecision</small>"}}
          subgraph n4["each<br/><small>Elsa.ForEach</small>"]
            n6["one<br/><small>Elsa.WriteLine</small>"]
            n7["two<br/><small>Elsa.WriteLine</small>"]
            n6 --> n7
          end
          subgraph n8["if<br/><small>Elsa.If</small>"]
            n9["Then: yes<br/><small>Elsa.WriteLine</small>"]
            n10["Else: no<br/><small>Elsa.WriteLine</small>"]
          end
          n2 --> n3
          n3 -->|"True"| n4
          n4 --> n8

        """;

    [Fact]
    public async Task A_story_is_drawn_with_its_loops_and_branches()
    {
        Write("story.json", Chart);

        var (code, output, error) = await Fedflow.RunAsync(Folder, "diagram", "story.json");

        (code, output, error).ShouldBe((0, Diagram, ""));
    }

    [Fact]
    public async Task The_diagrams_of_a_page_are_drawn_anew_and_nothing_else_of_it_changes()
    {
        Write("story.json", Chart);
        var page = Write("page.md", "# Stories\n\n<!-- diagram story.json -->\nold\n<!-- end of diagram -->\n\nText.\n");

        (await Fedflow.RunAsync(Folder, "diagram", "page.md", "--check")).ShouldBe((1, "", "page.md: its diagrams are not those of its stories. Draw them with: fedflow diagram page.md\n"));
        (await Fedflow.RunAsync(Folder, "diagram", "page.md")).ShouldBe((0, "", ""));
        (await Fedflow.RunAsync(Folder, "diagram", "page.md", "--check")).ShouldBe((0, "", ""));

        (await File.ReadAllTextAsync(Path.Combine(Folder, page), TestContext.Current.CancellationToken))
            .ShouldBe($"# Stories\n\n<!-- diagram story.json -->\n```mermaid\n{Diagram}```\n<!-- end of diagram -->\n\nText.\n");
    }

    [Theory]
    [InlineData("Nothing to draw.", "The page has no place for a diagram.")]
    [InlineData("<!-- diagram nowhere.json -->\n<!-- end of diagram -->", "nowhere.json: error unreadable-file: $: The file cannot be read")]
    public async Task A_page_that_cannot_be_drawn_stays_as_it_is(string text, string problem)
    {
        var page = Write("page.md", text);

        var (code, output, error) = await Fedflow.RunAsync(Folder, "diagram", "page.md");

        (code, output).ShouldBe((1, ""));
        error.ShouldContain(problem);
        (await File.ReadAllTextAsync(Path.Combine(Folder, page), TestContext.Current.CancellationToken)).ShouldBe(text);
    }

    [Fact]
    public async Task The_gallery_of_the_shipped_stories_shows_each_of_them_as_it_is()
    {
        var workflows = Path.Combine(AppContext.BaseDirectory, "workflows");
        var gallery = await File.ReadAllTextAsync(Path.Combine(workflows, "README.md"), TestContext.Current.CancellationToken);
        foreach (var file in Directory.GetFiles(workflows, "*.json"))
        {
            gallery.ShouldContain($"<!-- diagram {Path.GetFileName(file)} -->");
        }

        (await Fedflow.RunAsync(Folder, "diagram", Path.Combine(workflows, "README.md"), "--check")).ShouldBe((0, "", ""));
    }
}
