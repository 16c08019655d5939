using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Runtime.Tests.Storage.Rows;

namespace FederationWorkflows.Runtime.Tests.Storage;

public sealed class MemoryRunStoreTests : RunStoreConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => services.AddMemory();

    [Fact]
    public async Task Finished_runs_beyond_the_bound_are_let_go_and_live_ones_never()
    {
        var store = new MemoryWorkflowStore(new FakeTime());
        await store.CommitAsync(Commit("live", new Lease("me", 1, Noon)) with { IsNew = true }, Token);
        for (var i = 0; i < 2_001; i++)
        {
            await store.CommitAsync(Commit($"r{i}", new Lease("me", 1, Noon), WorkflowSubStatus.Finished) with { IsNew = true }, Token);
        }

        (await store.FindAsync("r0", Token)).ShouldBeNull();
        (await store.FindAsync("r1", Token)).ShouldNotBeNull();
        (await store.FindAsync("live", Token)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Finished_runs_that_kept_large_bodies_are_let_go_earlier()
    {
        var store = new MemoryWorkflowStore(new FakeTime());
        for (var i = 0; i < 5; i++)
        {
            await store.CommitAsync(
                Commit($"r{i}", new Lease("me", 1, Noon), WorkflowSubStatus.Finished) with { IsNew = true, State = [new StatePart("input", new byte[40 * 1024 * 1024])] },
                Token);
        }

        (await store.FindAsync("r1", Token)).ShouldBeNull();
        (await store.FindAsync("r2", Token)).ShouldNotBeNull();
    }
}

public sealed class MemoryRunListTests : RunListConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => services.AddMemory();
}

public sealed class MemoryClusterTests : ClusterConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => services.AddMemory();
}

public sealed class MemoryDefinitionStoreTests : DefinitionStoreConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => services.AddMemory();
}

public sealed class MemoryDocumentStoreTests : DocumentStoreConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => services.AddMemory();
}

public sealed class MemoryAuditStoreTests : AuditStoreConformance
{
    protected override ValueTask RegisterAsync(IServiceCollection services) => services.AddMemory();
}

file static class MemoryStorage
{
    public static ValueTask AddMemory(this IServiceCollection services)
    {
        services.AddMemoryStorage();
        return ValueTask.CompletedTask;
    }
}
