using System.Text;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>What the databases keep of a run's history.</summary>
public sealed class StoredRecordsTests
{
    [Fact]
    public void A_history_says_what_records_have_in_common_once()
    {
        var transaction = Rows.Commit("r", new Lease("me", 1, Rows.Noon)) with { Journal = [.. Enumerable.Range(1, 20).Select(i => Rows.Line("r", i))], Executions = [] };

        var history = StoredRecords.WriteHistory(transaction).ShouldNotBeNull();

        Encoding.UTF8.GetString(history).Split("Test.A").Length.ShouldBe(2);
        StoredRecords.ReadJournal(history).Select(record => (record.Id, record.NodeId, record.Timestamp)).ShouldBe(transaction.Journal.Select(record => (record.Id, record.NodeId, record.Timestamp)));
    }

    [Theory]
    [InlineData("r:01")]
    [InlineData("r:")]
    [InlineData("r:2")]
    [InlineData("*r")]
    [InlineData("=")]
    [InlineData("")]
    public void Ids_that_are_not_made_of_the_runs_come_back_as_they_were(string id)
    {
        var transaction = Rows.Commit("r", new Lease("me", 1, Rows.Noon)) with
        {
            Journal = [Rows.Line("r", 1) with { Id = id, ActivityInstanceId = id, ParentActivityInstanceId = null, ActivityState = null }],
            Executions = [Rows.Execution("other", 1, ActivityStatus.Completed) with { Id = id }],
        };

        var history = StoredRecords.WriteHistory(transaction).ShouldNotBeNull();

        var line = StoredRecords.ReadJournal(history).ShouldHaveSingleItem();
        (line.Id, line.ActivityInstanceId, line.ParentActivityInstanceId, line.ActivityState).ShouldBe((id, id, null, null));
        var execution = StoredRecords.ReadExecutions([history], null).ShouldHaveSingleItem();
        (execution.Id, execution.WorkflowInstanceId, execution.SchedulingActivityExecutionId).ShouldBe((id, "other", "other-0"));
    }

    [Fact]
    public void A_history_of_before_is_still_read()
    {
        var history = Encoding.UTF8.GetBytes(
            """
            {"Journal":[{"Id":"r:1","ActivityInstanceId":"r-1","ActivityId":"a","ActivityType":"T","ActivityTypeVersion":1,"NodeId":"s:a","Timestamp":"2026-01-02T03:04:05+00:00","Sequence":1,"EventName":"Started"}],
             "Executions":[{"Id":"r-1","WorkflowInstanceId":"r","ActivityId":"a","ActivityNodeId":"s:a","ActivityType":"T","ActivityTypeVersion":1,"ActivityState":{"X":1},"Payload":{},"Outputs":{},"HasBookmarks":false,"Status":"Running","Sequence":1}]}
            """);

        StoredRecords.ReadJournal(history).ShouldHaveSingleItem().Id.ShouldBe("r:1");
        StoredRecords.ReadExecutions([history], "s:a").ShouldHaveSingleItem().ActivityState["X"].GetInt32().ShouldBe(1);
    }
}
