using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;

namespace FederationWorkflows.Server.Tests.Designer;

/// <summary>What the designer offers is what this server can do.</summary>
public sealed class DescriptorTests
{
    private static readonly string[] Hints =
    [
        "singleline", "multiline", "checkbox", "checklist", "radiolist", "dropdown", "multitext", "code-editor", "json-editor", "dictionary", "variable-picker", "input-picker", "output-picker",
        "outcome-picker", "workflow-definition-picker", "type-picker", "datetime-picker", "expression-editor", "http-status-codes", "switch-editor", "flow-switch-editor", "dynamic-outcomes", "secret-picker",
    ];

    [Fact]
    public async Task Every_activity_is_described_so_that_it_can_be_drawn_and_its_inputs_edited()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var answer = await server.ShowAsync("/descriptors/activities?Refresh=True");
        var activities = answer.Items().ToArray();
        answer["count"]!.GetValue<int>().ShouldBe(activities.Length);
        activities.Select(type => (type.Text("typeName"), type["version"]!.GetValue<int>())).ShouldBeUnique();
        foreach (var type in activities)
        {
            type.ShouldHave("typeName", "version", "namespace", "name", "category", "displayName", "description", "inputs", "outputs", "kind", "ports", "customProperties", "constructionProperties", "isContainer", "isBrowsable", "isStart", "isTerminal");
            type.Text("kind").ShouldBeOneOf("Action", "Trigger", "Job", "Task");
            foreach (var input in type["inputs"]!.AsArray())
            {
                input.ShouldHave("name", "typeName", "displayName", "description", "order", "isBrowsable", "isSynthetic", "isWrapped", "uiHint", "category", "defaultValue", "defaultSyntax", "isReadOnly", "isSensitive", "uiSpecifications");
                input.Text("uiHint").ShouldBeOneOf(Hints);
            }
        }

        var types = activities.Select(type => type.Text("typeName")).ToArray();
        new[] { "Elsa.Flowchart", "Elsa.Sequence", "Elsa.Workflow", "Elsa.NotFoundActivity", "Elsa.HttpEndpoint", "Google.GetAccessToken", "Aws.ListBuckets" }.Except(types).ShouldBeEmpty();
        var endpoint = activities.Single(type => type.Text("typeName") == "Elsa.HttpEndpoint");
        var methods = endpoint["inputs"]!.AsArray().Single(input => input.Text("name") == "SupportedMethods");
        methods!["uiSpecifications"]!["checklist"]!["checkList"]!["items"]![1].Text("text").ShouldBe("POST");
        methods["defaultValue"]![0]!.GetValue<string>().ShouldBe("GET");
        activities.Single(type => type.Text("typeName") == "Elsa.FlowDecision")["ports"]!.AsArray().Select(port => (port.Text("name"), port.Text("type"))).ShouldBe([("True", "Flow"), ("False", "Flow")]);
        var join = activities.Single(type => type.Text("typeName") == "Elsa.FlowJoin")["inputs"]![0];
        (join.Text("uiHint"), join.Text("defaultValue")).ShouldBe(("dropdown", "WaitAny"));
    }

    [Theory]
    [InlineData("storage-drivers", "Elsa.Workflows.WorkflowInstanceStorageDriver, Elsa.Workflows.Core")]
    [InlineData("workflow-activation-strategies", "Elsa.Workflows.ActivationStrategies.AllowAlwaysStrategy, Elsa.Workflows.Core")]
    [InlineData("incident-strategies", "Elsa.Workflows.IncidentStrategies.FaultStrategy, Elsa.Workflows.Core")]
    public async Task What_Elsas_files_name_is_what_the_designer_can_show(string list, string name)
    {
        await using var server = await ServerUnderTest.StartAsync();
        (await server.ShowAsync($"/descriptors/{list}")).Items().Select(item => item.Text("typeName")).ShouldContain(name);
    }

    [Theory]
    [InlineData("expression-descriptors", "type", "displayName", "isSerializable", "isBrowsable", "properties")]
    [InlineData("variables", "typeName", "displayName", "category", "description")]
    [InlineData("storage-drivers", "typeName", "displayName", "priority", "deprecated")]
    [InlineData("workflow-activation-strategies", "typeName", "displayName", "description")]
    [InlineData("log-persistence-strategies", "typeName", "displayName", "description")]
    [InlineData("incident-strategies", "typeName", "displayName", "description")]
    [InlineData("commit-strategies/workflows", "name", "displayName", "description")]
    public async Task What_a_story_can_be_set_to_is_listed(string list, params string[] fields)
    {
        await using var server = await ServerUnderTest.StartAsync();
        var answer = await server.ShowAsync($"/descriptors/{list}");
        answer.Items().ShouldNotBeEmpty("some of the designer's dialogs crash over an empty list");
        answer["count"]!.GetValue<int>().ShouldBe(answer.Items().Count());
        answer.Items().ShouldAllBe(item => fields.All(item.ContainsKey));
    }

    [Theory]
    [InlineData("/descriptors/commit-strategies/activities")]
    [InlineData("/descriptors/output-converters?sourceType=String&destinationType=Int32")]
    public async Task What_there_is_none_of_is_an_empty_list(string path)
    {
        await using var server = await ServerUnderTest.StartAsync();
        (await server.ShowAsync(path)).Items().ShouldBeEmpty();
    }

    [Fact]
    public async Task Expressions_have_their_editors()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var languages = (await server.ShowAsync("/descriptors/expression-descriptors")).Items().ToDictionary(language => language.Text("type"));
        new[] { "Literal", "Object", "Variable", "Input", "CEL", "Template" }.Except(languages.Keys).ShouldBeEmpty();
        languages["CEL"]["properties"].Text("MonacoLanguage").ShouldNotBeEmpty();
        languages["Literal"]["isBrowsable"]!.GetValue<bool>().ShouldBeFalse();
        languages.Values.ShouldAllBe(language => language["properties"] is JsonObject);
    }

    [Fact]
    public async Task The_designer_is_told_of_live_updates_and_of_retries()
    {
        await using var server = await ServerUnderTest.StartAsync();
        (await server.ShowAsync("/features/installed")).Items().Select(feature => feature.Text("fullName")).ShouldBe(["Elsa.RealTimeWorkflowUpdates", "Elsa.Resilience"]);
        using var types = await server.PostAsync("/elsa/api/scripting/javascript/type-definitions/story", "{}");
        types.EnsureSuccessStatusCode();
    }
}
