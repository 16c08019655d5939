using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Tests.Support;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class RecordTests
{
    private const string Canary = "kestrel/7QpX+9zR=w?";

    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_journal_and_the_executions_say_what_happened()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait"), Story.Act("act")));
        server.Time.Advance(TimeSpan.FromMinutes(1));
        await server.ResumeAsync(handle.RunId, "wait", 7);
        await server.Watch.EndOfAsync(handle.RunId);

        var journal = await server.Memory.GetJournalAsync(handle.RunId, new(), Token);

        string.Join(" ", journal.Items.Select(record => $"{record.Sequence}:{record.ActivityId}:{record.EventName}")).ShouldBe(
            "1:Workflow1:Started 2:main:Started 3:wait:Started 4:wait:Suspended 5:wait:Resumed 6:wait:Completed 7:act:Started 8:act:Completed 9:main:Completed 10:Workflow1:Completed");
        var completed = journal.Items[5];
        completed.Id.ShouldBe($"{handle.RunId}:6");
        completed.ActivityInstanceId.ShouldBe($"{handle.RunId}-3");
        completed.ParentActivityInstanceId.ShouldBe($"{handle.RunId}-2");
        completed.ActivityType.ShouldBe("Test.Wait");
        completed.ActivityTypeVersion.ShouldBe(1);
        completed.NodeId.ShouldBe("Workflow1:main:wait");
        completed.Timestamp.ShouldBe(server.Time.Now);
        JsonSerializer.Serialize(completed.Payload).ShouldBe("""{"Outcomes":["Done"]}""");
        var executions = await server.Memory.GetExecutionsAsync(handle.RunId, null, Token);
        executions.Select(record => record.ActivityId).ShouldBe(["Workflow1", "main", "wait", "act"]);
        var wait = executions[2];
        wait.Status.ShouldBe(ActivityStatus.Completed);
        wait.StartedAt.ShouldBe(server.Time.Now.AddMinutes(-1));
        wait.CompletedAt.ShouldBe(server.Time.Now);
        wait.HasBookmarks.ShouldBeFalse();
        wait.SchedulingActivityExecutionId.ShouldBe($"{handle.RunId}-2");
        JsonSerializer.Serialize(wait.Outputs).ShouldBe("""{"Result":7}""");
    }

    [Fact]
    public async Task An_execution_that_waits_says_so_and_shows_its_inputs()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("wait", 5)));

        var wait = (await server.Memory.GetExecutionsAsync(handle.RunId, "Workflow1:main:wait", Token)).ShouldHaveSingleItem();

        wait.HasBookmarks.ShouldBeTrue();
        wait.Status.ShouldBe(ActivityStatus.Running);
        wait.CompletedAt.ShouldBeNull();
        JsonSerializer.Serialize(wait.ActivityState).ShouldBe("""{"Minutes":5}""");
    }

    [Fact]
    public async Task Values_are_shown_as_deep_as_they_may_nest_and_long_ones_by_their_beginning()
    {
        await using var server = await Server.CreateAsync();
        var deep = string.Concat(Enumerable.Repeat("[", JsonValues.MaxDepth)) + string.Concat(Enumerable.Repeat("]", JsonValues.MaxDepth));
        var handle = await server.RestAsync(Story.Of("story", Story.Wait("deep"), Story.Wait("long"), Story.Wait("odd")));

        await server.ResumeAsync(handle.RunId, "deep", JsonValues.Parse(deep));
        await server.ResumeAsync(handle.RunId, "long", new string('ü', 20_000));
        await server.ResumeAsync(handle.RunId, "odd", "half \ud83d of a pair, \" and <");
        await server.Watch.EndOfAsync(handle.RunId);

        (await ResultOfAsync("deep")).GetRawText().ShouldBe(deep);
        var shown = (await ResultOfAsync("long")).GetString().ShouldNotBeNull();
        shown.ShouldStartWith("\"" + new string('ü', 16_000));
        shown.ShouldEndWith("… (20002 characters)");
        (await ResultOfAsync("odd")).GetString().ShouldBe("half \ufffd of a pair, \" and <");

        async Task<JsonElement> ResultOfAsync(string activity) =>
            (await server.Memory.GetExecutionsAsync(handle.RunId, $"Workflow1:main:{activity}", Token)).ShouldHaveSingleItem().Outputs["Result"];
    }

    [Fact]
    public async Task A_run_says_which_stored_version_it_runs()
    {
        await using var server = await Server.CreateAsync();
        await server.PublishAsync(Story.Of("story", Story.Wait("one")));

        var handle = await server.RestAsync(Story.Of("story", Story.Wait("two")));

        var identity = (await server.SummaryAsync(handle.RunId)).Identity;
        (identity.DefinitionVersionId, identity.Version).ShouldBe(("story:2", 2));
    }

    [Fact]
    public async Task What_cannot_be_rendered_is_named_and_the_run_goes_on()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Step("Test.Odd", "odd")));

        (await handle.Rest).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        var odd = (await server.Memory.GetExecutionsAsync(handle.RunId, "Workflow1:main:odd", Token)).ShouldHaveSingleItem();
        odd.Payload["odd"].GetString().ShouldBe("(Unreadable)");
    }

    [Fact]
    public async Task A_secret_is_nowhere_to_be_found()
    {
        await using var server = await Server.CreateAsync();
        var story = Story.Json(
            "story",
            Story.Step("Test.MakeSecret", "mint", ("seed", Story.Input("seed")), ("result", new JsonObject { ["typeName"] = "Object", ["memoryReference"] = new JsonObject { ["id"] = "token" } })),
            Story.Wait("wait"),
            Story.Step("Test.Quote", "quote", ("text", Story.Variable("token"))));
        story["variables"] = new JsonArray(new JsonObject { ["id"] = "token", ["name"] = "token", ["typeName"] = "Object" });
        story["inputs"] = new JsonArray(new JsonObject { ["name"] = "seed", ["type"] = "Object" });
        var handle = await server.RestAsync(Encoding.UTF8.GetBytes(story.ToJsonString()), new() { ["seed"] = Sensitive.Of(Canary) });
        (await server.ResumeAsync(handle.RunId, "wait")).ShouldBeTrue();
        await server.Watch.EndOfAsync(handle.RunId);

        (await server.SummaryAsync(handle.RunId)).SubStatus.ShouldBe(WorkflowSubStatus.Faulted);
        var mint = (await server.Memory.GetExecutionsAsync(handle.RunId, "Workflow1:main:mint", Token)).ShouldHaveSingleItem();
        JsonSerializer.Serialize(mint.ActivityState).ShouldBe("""{"Seed":"***"}""");
        JsonSerializer.Serialize(mint.Outputs).ShouldBe("""{"Pair":{"kind":"bearer","token":"***"},"Result":"***"}""");
        var quote = (await server.Memory.GetExecutionsAsync(handle.RunId, "Workflow1:main:quote", Token)).ShouldHaveSingleItem();
        quote.Exception!.Message.ShouldBe("refused '***'");
        quote.Exception.Inner!.Message.ShouldBe("cause: ***");
        foreach (var (where, text) in Everything(server))
        {
            foreach (var form in Forms(Canary))
            {
                text.Contains(form, StringComparison.OrdinalIgnoreCase).ShouldBeFalse($"'{form}' in {where}");
            }
        }
    }

    [Fact]
    public async Task A_literal_in_an_input_for_secrets_is_masked_in_every_record()
    {
        await using var server = await Server.CreateAsync();
        var handle = await server.RestAsync(Story.Of("story", Story.Step("Test.MakeSecret", "mint", ("seed", Story.Literal(Canary)))));

        (await handle.Rest).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        foreach (var (where, text) in Everything(server))
        {
            foreach (var form in Forms(Canary))
            {
                text.Contains(form, StringComparison.OrdinalIgnoreCase).ShouldBeFalse($"'{form}' in {where}");
            }
        }
    }

    private static IEnumerable<(string Where, string Text)> Everything(Server server)
    {
        foreach (var commit in server.Store.Commits)
        {
            foreach (var part in commit.State.Where(part => part.Data is not null))
            {
                yield return ($"part {part.Key}", Encoding.UTF8.GetString(part.Data!));
            }

            yield return ("records", JsonSerializer.Serialize(new { commit.Summary, commit.Journal, commit.Executions, commit.NewBookmarks, commit.NewTimers }, Unescaped));
        }

        yield return ("the log", string.Join('\n', server.Log.Lines));
    }

    /// <summary>The text as it could be found in bytes or records, also inside of a longer base64 text.</summary>
    private static IEnumerable<string> Forms(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        yield return secret;
        yield return Convert.ToHexString(bytes);
        yield return Uri.EscapeDataString(secret);
        yield return System.Net.WebUtility.UrlEncode(secret);
        yield return JsonEncodedText.Encode(secret).Value;
        for (var shift = 0; shift < 3; shift++)
        {
            // Only whole groups of three bytes look the same wherever the secret stands.
            var whole = (bytes.Length - shift) / 3 * 3;
            yield return Convert.ToBase64String(bytes, shift, whole);
            yield return Convert.ToBase64String(bytes, shift, whole).Replace('+', '-').Replace('/', '_');
        }
    }
}
