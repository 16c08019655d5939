using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Http.Endpoints;

namespace FederationWorkflows.Http.Tests.Endpoints;

public sealed class HttpEndpointTests
{
    private static readonly HttpRequestData Request = new()
    {
        Method = "POST",
        Path = "/orders/7",
        RouteData = new Dictionary<string, string> { ["id"] = "7" },
        Query = new Dictionary<string, string[]> { ["q"] = ["x"], ["many"] = ["1", "2"] },
        Headers = new Dictionary<string, string[]> { ["x-kind"] = ["test"] },
        SecretHeaders = new Dictionary<string, Sensitive<string>> { ["authorization"] = Sensitive.Of("Bearer canary-value") },
        ContentType = "application/json",
        ContentLength = 7,
        Body = "{\"a\":1}"u8.ToArray(),
        ParsedContent = JsonValues.Parse("{\"a\":1}"),
    };

    [Fact]
    public async Task A_published_endpoint_announces_one_stimulus_per_method()
    {
        using var story = await Story.CreateAsync(Endpoint(("path", Story.Literal("/Orders/{Id}/")), ("supportedMethods", Story.Input("Object", new[] { "POST", "put", "PUT" }))));

        Stimuli(story).ShouldBe([new HttpEndpointStimulus("orders/{Id}", "post"), new HttpEndpointStimulus("orders/{Id}", "put")]);
    }

    [Fact]
    public async Task An_endpoint_without_methods_takes_get()
    {
        using var story = await Story.CreateAsync(Endpoint(("path", Story.Literal("x"))));

        Stimuli(story).ShouldBe([new HttpEndpointStimulus("x", "get")]);
    }

    [Theory]
    [InlineData(null, "unnamed-caller")]
    [InlineData("anonymous", "anonymous-caller")]
    [InlineData("signedIn", null)]
    public async Task An_author_is_told_of_an_endpoint_that_everybody_may_call_or_nobody(string? caller, string? code)
    {
        (string, JsonNode?)[] more = caller is null ? [] : [("caller", Story.Literal(caller))];
        var problems = (await Story.CompileAsync(Endpoint([("path", Story.Literal("x")), .. more]))).Problems;
        problems.Select(problem => (problem.Code, problem.Severity)).ShouldBe(code is null ? [] : [(code, ProblemSeverity.Warning)]);
    }

    [Theory]
    [InlineData("anonymous")]
    [InlineData("hmac")]
    public async Task An_endpoint_cannot_ask_for_authorized_callers_and_name_others(string caller)
    {
        using var story = await Story.CreateAsync(Endpoint(("path", Story.Literal("x")), ("authorize", Story.Literal(true)), ("caller", Story.Literal(caller))));
        Should.Throw<DefinitionException>(() => Stimuli(story)).Problems.ShouldHaveSingleItem().Message.ShouldContain("clear 'Authorize'");
    }

    [Fact]
    public async Task Who_may_call_goes_with_the_stimulus_and_through_storage_without_the_secret()
    {
        using var story = await Story.CreateAsync(Endpoint(
            ("path", Story.Literal("x")), ("caller", Story.Literal("HMAC")), ("secret", Story.Input("Secret", """{"name":"hook","typeName":"text","scope":null}""")), ("signatureForm", Story.Literal("slack"))));

        var caller = Stimuli(story).ShouldHaveSingleItem().Caller;

        caller.ShouldBe(new HttpCaller(HttpCallerKind.Hmac) { Secret = "hook", Form = HttpSignatureForm.Slack });
        HttpEndpointStimulus.From(JsonValues.Parse(JsonValues.ToJson(Stimuli(story).Single()))).ShouldBe(Stimuli(story).Single());
    }

    [Fact]
    public async Task What_the_host_must_check_before_a_run_goes_with_the_stimulus()
    {
        using var story = await Story.CreateAsync(Endpoint(
            ("path", Story.Literal("x")),
            ("authorize", Story.Literal(true)),
            ("policy", Story.Literal("Admins")),
            ("requestTimeout", Story.Literal("00:00:10")),
            ("requestSizeLimit", Story.Literal(1000)),
            ("fileSizeLimit", Story.Literal(100)),
            ("exposeFileTooLargeOutcome", JsonValue.Create(true))));

        var stimulus = Stimuli(story).ShouldHaveSingleItem();

        stimulus.ShouldBe(new HttpEndpointStimulus("x", "get")
        {
            Authorize = true,
            Policy = "Admins",
            RequestTimeout = TimeSpan.FromSeconds(10),
            Rules = new HttpUploadRules { RequestSizeLimit = 1000 },
        });
        HttpEndpointStimulus.From(JsonSerializer.SerializeToElement(stimulus)).ShouldBe(stimulus);
        HttpEndpointStimulus.From(JsonValues.Parse(JsonValues.ToJson(stimulus))).ShouldBe(stimulus);
    }

    [Theory]
    [InlineData("application/json", "null", null)]
    [InlineData("application/octet-stream", "null", "bnVsbA==")]
    public async Task A_body_without_parsed_content_is_bytes_only_when_its_type_says_nothing_else(string contentType, string body, string? base64)
    {
        var request = Request with { ContentType = contentType, Body = Encoding.UTF8.GetBytes(body), ParsedContent = null };
        using var story = await Story.CreateAsync(Endpoint(("path", Story.Literal("x"))));
        await story.StartAsync(new RunStart { RunId = "r", TriggerActivityId = "hook", TriggerPayload = request });

        (story.Output("hook", "ParsedContent") is byte[] bytes ? Convert.ToBase64String(bytes) : null).ShouldBe(base64);
    }

    [Theory]
    [InlineData("orders/{id:int}", null)]
    [InlineData("orders/{id", null)]
    [InlineData("x", "GE T")]
    public async Task A_path_or_method_that_cannot_be_matched_is_a_problem_of_the_definition(string path, string? method)
    {
        using var story = await Story.CreateAsync(Endpoint(("path", Story.Literal(path)), ("supportedMethods", Story.Input("Object", new[] { method ?? "GET" }))));

        Should.Throw<DefinitionException>(() => Stimuli(story)).Problems.ShouldHaveSingleItem().Code.ShouldBe("invalid-http-endpoint");
    }

    [Fact]
    public async Task A_path_that_only_a_run_knows_starts_nothing()
    {
        using var story = await Story.CreateAsync(Endpoint(("path", Story.Input("Input", "value"))));

        Should.Throw<DefinitionException>(() => Stimuli(story)).Problems.ShouldHaveSingleItem().Code.ShouldBe("trigger-input-not-fixed");
    }

    [Fact]
    public async Task A_missing_path_is_reported_by_the_compiler() =>
        (await Story.CompileAsync(Endpoint())).Problems.Single(problem => problem.Severity == ProblemSeverity.Error).Code.ShouldBe("missing-required-input");

    [Fact]
    public async Task The_run_that_its_request_started_goes_through_with_the_outputs()
    {
        using var story = await Story.CreateAsync(Endpoint(("path", Story.Literal("orders/{id}"))));
        await story.StartAsync(new RunStart { RunId = "r", TriggerActivityId = "hook", TriggerPayload = Request });

        story.Run.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        ShouldHaveTakenTheRequest(story);
    }

    [Fact]
    public async Task Elsewhere_it_waits_and_goes_on_with_the_request_that_comes()
    {
        using var story = await Story.RunAsync(Endpoint(("path", Story.Literal("orders/{id}")), ("supportedMethods", Story.Input("Object", new[] { "POST" }))));
        story.Run.SubStatus.ShouldBe(WorkflowSubStatus.Suspended);
        var bookmark = story.Run.Bookmarks.ShouldHaveSingleItem();
        bookmark.Name.ShouldBe("Elsa.HttpEndpoint");
        bookmark.Stimulus.ShouldBe(new HttpEndpointStimulus("orders/{id}", "post"));
        bookmark.Hash.ShouldBe(Bookmark.HashOf("Elsa.HttpEndpoint", new HttpEndpointStimulus("orders/{id}", "post")));

        await story.ResumeAsync(bookmark.Id, Request);

        story.Run.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        ShouldHaveTakenTheRequest(story);
    }

    [Fact]
    public async Task A_request_of_one_method_ends_the_waiting_for_the_others()
    {
        var hook = Story.Activity("Elsa.HttpEndpoint", "hook", ("path", Story.Literal("x")), ("supportedMethods", Story.Input("Object", new[] { "GET", "POST" })));
        using var story = await Story.RunAsync(Story.Flow([hook, Story.Activity("Elsa.HttpEndpoint", "second", ("path", Story.Literal("y")))], ("hook", "Done", "second")));
        story.Run.Bookmarks.Count.ShouldBe(2);

        await story.ResumeAsync(story.Run.Bookmarks.First().Id, Request);

        story.Run.Bookmarks.ShouldHaveSingleItem().ActivityId.ShouldBe("second");
    }

    [Fact]
    public async Task A_path_of_a_waiting_endpoint_may_depend_on_the_run()
    {
        using var story = await Story.RunAsync(Endpoint(("path", Story.Input("Input", "value"))), new Dictionary<string, object?> { ["value"] = "approvals/17" });

        story.Run.Bookmarks.ShouldHaveSingleItem().Stimulus.ShouldBe(new HttpEndpointStimulus("approvals/17", "get"));
    }

    [Fact]
    public async Task Credentials_of_the_caller_are_nowhere_to_be_found()
    {
        using var story = await Story.CreateAsync(Story.Flow([Endpoint(("path", Story.Literal("x"))), Endpoint("second", ("path", Story.Literal("y")))], ("hook", "Done", "second")));
        await story.StartAsync(new RunStart { RunId = "r", TriggerActivityId = "hook", TriggerPayload = Request });
        await story.ResumeAsync(story.Run.Bookmarks.Single().Id, Request);

        story.Run.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        story.Traces.ShouldNotContain("canary");
        story.Traces.ShouldNotContain(Convert.ToBase64String("Bearer canary-value"u8));
        ((IDictionary<string, object?>)story.Output("second", "Headers")!)["authorization"].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe("Bearer canary-value");
    }

    [Theory]
    [InlineData("requestSizeLimit", "5", "exposeRequestTooLargeOutcome", "Request too large", "The request's body is longer than 5 bytes.")]
    [InlineData("fileSizeLimit", "2", "exposeFileTooLargeOutcome", "File too large", "The file 'a.EXE' is longer than 2 bytes.")]
    [InlineData("allowedFileExtensions", "[\".pdf\"]", "exposeInvalidFileExtensionOutcome", "Invalid file extension", "The file 'a.EXE' is of a kind that is not taken here. Only these are: .pdf.")]
    [InlineData("blockedFileExtensions", "[\"exe\"]", "exposeInvalidFileExtensionOutcome", "Invalid file extension", "The file 'a.EXE' is of a kind that is not taken here.")]
    [InlineData("allowedMimeTypes", "[\"application/pdf\"]", "exposeInvalidFileMimeTypeOutcome", "Invalid file MIME type", "The MIME type of the file 'a.EXE' is not taken here. Only these are: application/pdf.")]
    public async Task A_broken_rule_takes_its_outcome_or_fails(string rule, string value, string expose, string outcome, string message)
    {
        var request = Request with { Files = [new HttpFile("f", "a.EXE", "application/x-msdownload", [1, 2, 3])] };
        foreach (var exposed in new[] { true, false })
        {
            using var story = await Story.CreateAsync(Endpoint(("path", Story.Literal("x")), (rule, Story.Input("Object", JsonNode.Parse(value))), (expose, JsonValue.Create(exposed))));
            await story.StartAsync(new RunStart { RunId = "r", TriggerActivityId = "hook", TriggerPayload = request });

            if (exposed)
            {
                story.Outcomes("hook").ShouldBe([outcome]);
                story.Note("hook", "Rejected").ShouldBe(message);
                story.Output("hook", "ParsedContent").ShouldBeNull();
            }
            else
            {
                story.Incident.ShouldBe(message);
            }
        }
    }

    [Fact]
    public async Task Files_that_keep_the_rules_are_outputs()
    {
        var file = new HttpFile("f", "a.pdf", "application/pdf; x=1", [1, 2, 3]);
        using var story = await Story.CreateAsync(Endpoint(
            ("path", Story.Literal("x")),
            ("fileSizeLimit", Story.Literal(3)),
            ("allowedFileExtensions", Story.Input("Object", new[] { "PDF" })),
            ("blockedFileExtensions", Story.Input("Object", new[] { "exe" })),
            ("allowedMimeTypes", Story.Input("Object", new[] { "Application/PDF" }))));
        await story.StartAsync(new RunStart { RunId = "r", TriggerActivityId = "hook", TriggerPayload = Request with { Files = [file] } });

        story.Outcomes("hook").ShouldBe(["Done"]);
        ((HttpFile[])story.Output("hook", "Files")!).ShouldBe([file]);
    }

    [Fact]
    public async Task A_body_that_the_story_keeps_as_a_secret_is_in_no_other_output()
    {
        var endpoint = Endpoint(("path", Story.Literal("a")), ("parsedContent", new JsonObject { ["typeName"] = "Object", ["memoryReference"] = new JsonObject { ["id"] = "token" } }));
        using var story = await Story.CreateAsync(new JsonObject
        {
            ["type"] = "Elsa.Sequence",
            ["id"] = "all",
            ["activities"] = new JsonArray(endpoint),
            ["variables"] = new JsonArray(new JsonObject { ["id"] = "token", ["name"] = "token", ["typeName"] = "Secret" }),
        });
        await story.StartAsync(new RunStart { RunId = "r", TriggerActivityId = "hook", TriggerPayload = Request with { ParsedContent = null, ContentType = "application/octet-stream" } });

        story.Outcomes("hook").ShouldBe(["Done"]);
        story.Output("hook", "ParsedContent").ShouldBeAssignableTo<Sensitive>();
        ((HttpRequestData)story.Output("hook", "Result")!).Body.ShouldBeNull();
    }

    private static void ShouldHaveTakenTheRequest(Story story)
    {
        var result = (HttpRequestData)story.Output("hook", "Result")!;
        result.Method.ShouldBe("POST");
        Encoding.UTF8.GetString(result.Body!).ShouldBe("{\"a\":1}");
        ((JsonElement)story.Output("hook", "ParsedContent")!).GetProperty("a").GetInt32().ShouldBe(1);
        ((IDictionary<string, object?>)story.Output("hook", "RouteData")!)["id"].ShouldBe("7");
        var query = (IDictionary<string, object?>)story.Output("hook", "QueryStringData")!;
        query["q"].ShouldBe("x");
        query["many"].ShouldBe(new object[] { "1", "2" });
        var headers = (IDictionary<string, object?>)story.Output("hook", "Headers")!;
        headers["x-kind"].ShouldBe("test");
        headers["authorization"].ShouldBeOfType<Sensitive<string>>();
    }

    private static JsonObject Endpoint(params (string Name, JsonNode? Value)[] properties) => Endpoint("hook", properties);

    private static JsonObject Endpoint(string id, params (string Name, JsonNode? Value)[] properties)
    {
        var endpoint = Story.Activity("Elsa.HttpEndpoint", id, properties);
        endpoint["customProperties"] = new JsonObject { ["canStartWorkflow"] = true };
        return endpoint;
    }

    private static List<HttpEndpointStimulus> Stimuli(Story story)
    {
        var node = story.Workflow.Triggers.ShouldHaveSingleItem();
        return [.. ((ITrigger)node.Activity).GetTriggerPayloads(new TriggerIndexingContext(node)).Cast<HttpEndpointStimulus>()];
    }
}
