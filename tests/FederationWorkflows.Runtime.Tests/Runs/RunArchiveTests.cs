using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Runtime.Tests.Runs;

public sealed class RunArchiveTests
{
    private static readonly byte[] Secretive = Story.Of(
        "story",
        Story.Step("Test.MakeSecret", "secret", ("seed", Story.Literal("canary-value"))),
        Story.Wait("wait", minutes: 5),
        Story.Act("after"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_exported_run_goes_on_on_a_server_with_the_same_keys_with_its_journal_and_its_story()
    {
        await using var here = await Server.CreateAsync();
        var run = await here.RestAsync(Secretive);
        var document = (await here.Get<RunArchive>().ExportAsync(run.RunId, Token)).ShouldNotBeNull();
        ShownIn(document).ShouldNotContain("canary-value");
        await using var there = await Server.CreateAsync(services => services.AddSingleton(here.Get<Engine.State.ISensitiveValueProtector>()));
        await there.PublishAsync(Story.Of("story", Story.Act("another")));

        var imported = await there.Get<RunArchive>().ImportAsync(document, Server.Ann, Token);

        (imported.Identity.Id, imported.SubStatus, imported.UpdatedAt).ShouldBe((run.RunId, WorkflowSubStatus.Suspended, (await here.SummaryAsync(run.RunId)).UpdatedAt));
        (await there.Memory.GetJournalAsync(run.RunId, new JournalQuery(), Token)).Items.Count.ShouldBe((await here.Memory.GetJournalAsync(run.RunId, new JournalQuery(), Token)).Items.Count);
        (await there.Memory.GetNextTimerAsync(DateTimeOffset.MinValue, Token)).ShouldBe(await here.Memory.GetNextTimerAsync(DateTimeOffset.MinValue, Token));
        (await there.Memory.FindLatestAsync("story", Token))!.Id.ShouldBe("story:1");
        (await there.ResumeAsync(run.RunId, "wait")).ShouldBeTrue();
        (await there.Watch.EndOfAsync(run.RunId)).Summary.SubStatus.ShouldBe(WorkflowSubStatus.Finished);
        await Should.ThrowAsync<RunExistsException>(async () => await there.Get<RunArchive>().ImportAsync(document, Server.Ann, Token));
        (await here.Get<RunArchive>().ExportAsync("nothing", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_server_with_other_keys_says_so_and_stores_nothing_of_the_run()
    {
        await using var here = await Server.CreateAsync();
        var run = await here.RestAsync(Secretive);
        var document = (await here.Get<RunArchive>().ExportAsync(run.RunId, Token))!;
        await using var there = await Server.CreateAsync();

        var refused = await Should.ThrowAsync<RunArchiveException>(async () => await there.Get<RunArchive>().ImportAsync(document, Server.Ann, Token));

        refused.Message.ShouldEndWith("exported by a server with another key ring. Only a server that shares the key ring takes a run in, and only as it was written.");
        (await there.Memory.FindAsync(run.RunId, Token)).ShouldBeNull();
    }

    /// <summary>All but the story, which its author wrote the secret into.</summary>
    private static string ShownIn(byte[] document)
    {
        var json = JsonNode.Parse(document)!.AsObject();
        json.Remove("definition");
        return json.ToJsonString() + string.Concat(json["state"]!.AsObject().Select(part => Encoding.UTF8.GetString(Convert.FromBase64String(part.Value!.GetValue<string>()))));
    }

    [Theory]
    [InlineData("text", "The document is no exported run whose seal")]
    [InlineData("format", "The document is no exported run: its \"format\" must be \"federation-workflows/run/1\".")]
    [InlineData("story", "The story in the document is not the one the run belongs to.")]
    [InlineData("status", "The state in the document is not the one of the run.")]
    [InlineData("state", "The state in the document cannot be read:")]
    public async Task A_document_that_does_not_fit_together_is_refused_though_it_is_sealed(string what, string message)
    {
        await using var here = await Server.CreateAsync();
        var run = await here.RestAsync(Story.Of("story", Story.Wait("wait")));
        var document = JsonNode.Parse(await here.Get<RunArchive>().ExportAsync(run.RunId, Token))!;
        await here.Memory.DeleteAsync([run.RunId], Token);
        switch (what)
        {
            case "format":
                document["format"] = "other";
                break;
            case "story":
                document["definition"]!["name"] = "other";
                break;
            case "status":
                document["run"]!["subStatus"] = "Executing";
                break;
            case "state":
                document["state"]!.AsObject().Remove(document["state"]!.AsObject().First().Key);
                break;
        }

        document.AsObject().Remove("seal");
        var bytes = what == "text" ? "no"u8.ToArray() : here.Get<RunArchive>().Seal(Encoding.UTF8.GetBytes(document.ToJsonString()));
        var refused = await Should.ThrowAsync<RunArchiveException>(async () => await here.Get<RunArchive>().ImportAsync(bytes, Server.Ann, Token));

        refused.Message.ShouldStartWith(message);
        (await here.Memory.FindAsync(run.RunId, Token)).ShouldBeNull();
    }

    [Theory]
    [InlineData("\"definitionId\":\"story\"", "\"definitionId\":\"other\"")]
    [InlineData("\"seal\":\"", "\"seal\":\"AAAA")]
    [InlineData("\"seal\":", "\"sealed\":")]
    public async Task A_document_that_was_changed_by_anything_is_refused(string was, string changed)
    {
        await using var here = await Server.CreateAsync();
        var run = await here.RestAsync(Story.Of("story", Story.Wait("wait")));
        var document = Encoding.UTF8.GetString((await here.Get<RunArchive>().ExportAsync(run.RunId, Token))!);
        await here.Memory.DeleteAsync([run.RunId], Token);
        document.ShouldContain(was);

        var refused = await Should.ThrowAsync<RunArchiveException>(async () =>
            await here.Get<RunArchive>().ImportAsync(Encoding.UTF8.GetBytes(document.Replace(was, changed, StringComparison.Ordinal)), Server.Ann, Token));

        refused.Message.ShouldStartWith("The document is no exported run whose seal this server knows");
        (await here.Memory.FindAsync(run.RunId, Token)).ShouldBeNull();
    }
}
