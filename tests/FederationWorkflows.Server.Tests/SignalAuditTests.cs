using System.Net;
using System.Text.Json;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>What people tell runs and nodes is in the audit log, with how it was and how it is.</summary>
public sealed class SignalAuditTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_task_that_is_completed_is_there_with_its_run_and_without_its_result()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("asks", [Activity("Elsa.RunTask", "task", ("taskName", Literal("Look at it")))]));
        using var started = await server.PostAsync("/elsa/api/workflow-definitions/asks/execute");
        await server.RunAsync(started.RunId(), "Suspended");
        var id = (await server.GetJsonAsync("/api/tasks")).GetProperty("items")[0].GetProperty("taskId").GetString()!;
        using var done = await server.PostAsync($"/elsa/api/tasks/{id}/complete", """{"result":"canary"}""");
        done.StatusCode.ShouldBe(HttpStatusCode.OK, await done.TextAsync());
        using var again = await server.PostAsync($"/elsa/api/tasks/{id}/complete", "{}");
        again.StatusCode.ShouldBe(HttpStatusCode.NotFound);

        var entry = (await EntriesAsync(server, "task.complete")).ShouldHaveSingleItem();

        entry.Subject.ShouldBe(id);
        var before = entry.Before!.Value;
        (before.GetProperty("taskName").GetString(), before.GetProperty("workflowInstanceId").GetString(), before.GetProperty("isCompleted").GetBoolean()).ShouldBe(("Look at it", started.RunId(), false));
        (entry.After!.Value.GetProperty("isCompleted").GetBoolean(), entry.After.Value.GetProperty("hasResult").GetBoolean()).ShouldBe((true, true));
        entry.After.Value.GetRawText().ShouldNotContain("canary");
    }

    [Fact]
    public async Task An_event_is_there_with_whom_it_is_for_and_without_what_it_brings()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var published = await server.PostAsync("/elsa/api/events/go/trigger", """{"correlationId":"case-7","input":{"token":"canary"}}""");
        published.StatusCode.ShouldBe(HttpStatusCode.OK, await published.TextAsync());

        var entry = (await EntriesAsync(server, "event.publish")).ShouldHaveSingleItem();

        entry.Subject.ShouldBe("go");
        var after = entry.After!.Value;
        (after.GetProperty("correlationId").GetString(), after.GetProperty("hasInput").GetBoolean(), after.GetProperty("couldNotBeTold").GetInt32()).ShouldBe(("case-7", true, 0));
        after.GetRawText().ShouldNotContain("canary");
    }

    [Fact]
    public async Task A_node_that_is_to_rest_is_there_by_its_own_id()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var id = (await server.GetJsonAsync("/api/nodes")).GetProperty("items")[0].GetProperty("id").GetString();
        using var drained = await server.PostAsync("/api/nodes/this/drain");
        drained.StatusCode.ShouldBe(HttpStatusCode.Accepted);

        var entry = (await EntriesAsync(server, "node.drain")).ShouldHaveSingleItem();

        (entry.Subject, entry.Before!.Value.GetProperty("isDraining").GetBoolean(), entry.After!.Value.GetProperty("isDraining").GetBoolean()).ShouldBe((id!, false, true));
    }

    [Fact]
    public async Task A_run_that_is_cancelled_is_there_as_it_was_and_as_it_is_and_several_with_how_many_they_were()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("waits", [Activity("Elsa.Event", "wait", ("eventName", Literal("go")))]));
        var ids = new List<string>();
        for (var number = 0; number < 3; number++)
        {
            using var started = await server.PostAsync("/elsa/api/workflow-definitions/waits/execute");
            ids.Add(started.RunId());
            await server.RunAsync(started.RunId(), "Suspended");
        }

        using var one = await server.PostAsync($"/elsa/api/cancel/workflow-instances/{ids[0]}");
        using var several = await server.PostAsync("/elsa/api/bulk-actions/cancel/workflow-instances", JsonSerializer.Serialize(new { ids }));
        several.StatusCode.ShouldBe(HttpStatusCode.OK, await several.TextAsync());

        var entries = await EntriesAsync(server, "run.cancel");

        entries.Count.ShouldBe(2);
        (entries[1].Subject, entries[1].Before!.Value.GetProperty("subStatus").GetString(), entries[1].After!.Value.GetProperty("subStatus").GetString()).ShouldBe((ids[0], "Suspended", "Cancelled"));
        entries[0].After!.Value.GetProperty("cancelled").GetInt32().ShouldBe(2);
        entries[0].After!.Value.GetProperty("asked").GetProperty("ids").GetArrayLength().ShouldBe(3);
    }

    private static async Task<IReadOnlyList<AuditEntry>> EntriesAsync(ServerUnderTest server, string action) =>
        await server.Services.GetRequiredService<IAuditStore>().ListAsync(new AuditQuery { Action = action }, Cancellation);
}
