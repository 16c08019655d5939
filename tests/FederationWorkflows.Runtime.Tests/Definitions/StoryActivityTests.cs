using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.FollowUps;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Definitions;

public sealed class StoryActivityTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_published_story_usable_as_activity_is_a_type_with_its_inputs_outputs_and_outcomes()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Adder());

        var type = server.Get<ActivityRegistry>().Current.Find("AddOne").ShouldNotBeNull();

        (type.DisplayName, type.Category, type.Version, type.Kind, type.IsStory).ShouldBe(("add one", "Maths", 1, ActivityKind.Action, true));
        type.Inputs.Where(input => input.IsBrowsable).Select(input => (input.Name, input.Type)).ShouldBe([("n", typeof(int))]);
        type.Outputs.Select(output => (output.Name, output.Type)).ShouldBe([("sum", typeof(object))]);
        type.Ports.Select(port => port.Name).ShouldBe(["Small", "Large"]);
        type.CustomProperties["RootType"].ShouldBe("WorkflowDefinitionActivity");
        type.CustomProperties["WorkflowDefinitionVersionId"].ShouldBe("adder:1");
    }

    [Fact]
    public async Task A_story_used_as_an_activity_runs_with_its_inputs_and_gives_its_outputs_and_outcomes()
    {
        await using var server = await Server.CreateAsync();
        await server.HostAsync<FollowUpService>();
        await server.PublishAsync(Adder());
        var call = Story.Step("AddOne", "x", ("n", Story.Literal("41")), ("sum", new JsonObject { ["typeName"] = "Object", ["memoryReference"] = new JsonObject { ["id"] = "result" } }));
        var chart = Story.Json("parent");
        chart["root"] = new JsonObject
        {
            ["type"] = "Elsa.Flowchart", ["id"] = "main", ["version"] = 1,
            ["activities"] = new JsonArray(call, Story.Act("small"), Story.Act("large")),
            ["connections"] = new JsonArray(Connection("Small", "small"), Connection("Large", "large")),
        };
        chart["outputs"] = new JsonArray(new JsonObject { ["name"] = "result", ["type"] = "Object" });

        var handle = await server.StartAsync(System.Text.Encoding.UTF8.GetBytes(chart.ToJsonString()));

        var end = await server.Watch.EndOfAsync(handle.RunId);
        end.Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        (await server.Memory.GetExecutionsAsync(handle.RunId, null, Token)).Select(record => record.ActivityId).ShouldBe(["Workflow1", "main", "x", "large"]);
        (await server.Memory.GetExecutionsAsync(handle.RunId, "Workflow1:main:x", Token)).Single().Outputs["sum"].GetInt32().ShouldBe(41);
    }

    [Fact]
    public async Task A_type_goes_with_its_story_and_comes_back()
    {
        await using var server = await Server.CreateAsync();
        var stored = await server.PublishAsync(Adder());

        (await server.Catalog.RetractAsync("adder", Server.Ann, Token)).ShouldBeTrue();
        server.Get<ActivityRegistry>().Current.Find("AddOne").ShouldBeNull();
        (await server.Catalog.PublishVersionAsync(stored.Id, Server.Ann, Token)).ShouldNotBeNull().IsPublished.ShouldBeTrue();
        server.Get<ActivityRegistry>().Current.Find("AddOne").ShouldNotBeNull();
    }

    [Fact]
    public async Task A_file_that_names_another_version_of_the_type_means_the_one_there_is()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Adder());
        var call = Story.Step("AddOne", "x", ("n", Story.Literal("41")));
        call["version"] = 7;
        await server.PublishAsync(Story.Of("parent", call));
    }

    [Fact]
    public async Task A_wrong_value_for_an_input_of_a_story_is_told_when_the_caller_is_published()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Adder());
        var error = await Should.ThrowAsync<DefinitionException>(() => server.PublishAsync(Story.Of("parent", Story.Step("AddOne", "x", ("n", Story.Literal("many"))))));
        error.Problems.Single().Message.ShouldBe("Input 'n' must be a whole number, and is the text 'many'.");
    }

    [Fact]
    public async Task A_suspended_story_starts_no_more_runs_until_it_is_resumed()
    {
        await using var server = await Server.CreateAsync();
        var trigger = Story.Step("Elsa.Cron", "c", ("cronExpression", Story.Literal("* * * * *")));
        trigger["customProperties"] = new JsonObject { ["canStartWorkflow"] = true };
        var stored = await server.PublishAsync(Story.Of("story", trigger));
        (await server.Memory.GetSchedulesAsync("story", Token)).Count.ShouldBe(1);

        (await server.Catalog.RetractAsync("story", Server.Ann, Token)).ShouldBeTrue();

        server.Catalog.Triggers.All.ShouldBeEmpty();
        (await server.Memory.GetSchedulesAsync("story", Token)).ShouldBeEmpty();
        await Should.ThrowAsync<UnknownDefinitionException>(async () => await server.Runtime.StartAsync(new StartRequest("story"), Server.Ann, Token));
        await server.Catalog.PublishVersionAsync(stored.Id, Server.Ann, Token);
        server.Catalog.Triggers.All.Count.ShouldBe(1);
        (await server.Memory.GetSchedulesAsync("story", Token)).Count.ShouldBe(1);
        (await server.Catalog.RetractAsync("nothing", Server.Ann, Token)).ShouldBeFalse();
        (await server.Catalog.PublishVersionAsync("nothing", Server.Ann, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task What_another_node_publishes_and_retracts_is_taken_over()
    {
        await using var one = await Server.CreateAsync();
        await using var two = await Server.CreateAsync(beside: one);
        await two.HostAsync<DefinitionSync>();
        await one.PublishAsync(Adder());
        await Server.BecomesAsync(() => Task.FromResult(two.Get<ActivityRegistry>().Current.Find("AddOne") is not null));
        await one.Catalog.RetractAsync("adder", Server.Ann, Token);
        await Server.BecomesAsync(() => Task.FromResult(two.Get<ActivityRegistry>().Current.Find("AddOne") is null));
    }

    private static byte[] Adder()
    {
        var story = Story.Json(
            "adder",
            Story.Step("Elsa.SetOutput", "o", ("outputName", Story.Literal("sum")), ("outputValue", Story.Input("n"))),
            Story.Step("Elsa.Complete", "c", ("outcomes", Story.Literal("Large"))));
        story["name"] = "add one";
        story["inputs"] = new JsonArray(new JsonObject { ["name"] = "n", ["type"] = "Int32" });
        story["outputs"] = new JsonArray(new JsonObject { ["name"] = "sum", ["type"] = "Object" });
        story["outcomes"] = new JsonArray("Small", "Large");
        story["options"] = new JsonObject { ["usableAsActivity"] = true, ["activityCategory"] = "Maths" };
        return System.Text.Encoding.UTF8.GetBytes(story.ToJsonString());
    }

    private static JsonObject Connection(string port, string target) => new()
    {
        ["source"] = new JsonObject { ["activity"] = "x", ["port"] = port },
        ["target"] = new JsonObject { ["activity"] = target, ["port"] = "In" },
    };
}
