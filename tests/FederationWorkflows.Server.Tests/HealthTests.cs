using System.Net;
using System.Reflection;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Server.Tests;

/// <summary>What an orchestrator is told of the server.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task A_server_whose_storage_hangs_is_alive_and_not_ready_until_it_answers()
    {
        var time = new ManualTime();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answered = new TaskCompletionSource<DateTimeOffset?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var hangs = false;
        await using var server = await StartAsync(time, () =>
        {
            if (!hangs)
            {
                return null;
            }

            asked.TrySetResult();
            return answered.Task;
        });
        using (var ready = await server.GetAsync("/health/ready"))
        {
            ready.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        hangs = true;
        var waits = server.GetAsync("/health/ready");
        await asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        while (!waits.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(6));
            await Task.Yield();
        }

        using (var notReady = await waits)
        {
            notReady.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        }

        using (var alive = await server.GetAsync("/health/live"))
        {
            alive.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        hangs = false;
        answered.SetResult(null);
        while (true)
        {
            using var ready = await server.GetAsync("/health/ready");
            if (ready.StatusCode == HttpStatusCode.OK)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task A_server_whose_storage_fails_is_not_ready()
    {
        var fails = false;
        await using var server = await StartAsync(new ManualTime(), () => fails ? Task.FromException<DateTimeOffset?>(new StorageUnavailableException("The disk is full.", isTransient: false)) : null);
        fails = true;

        using var ready = await server.GetAsync("/health/ready");

        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.TextAsync()).ShouldBe("Unhealthy");
    }

    /// <param name="time">The clock.</param>
    /// <param name="answer">What the storage answers to when its next timer is due; null to ask the real one.</param>
    private static Task<ServerUnderTest> StartAsync(ManualTime time, Func<Task<DateTimeOffset?>?> answer) => ServerUnderTest.StartAsync(
        [],
        null,
        builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(time);
            builder.Services.AddSingleton(provider =>
            {
                // In memory, one object keeps definitions and runs.
                var store = DispatchProxy.Create<IRunStore, Interposed>();
                ((Interposed)(object)store).Set((IRunStore)provider.GetRequiredService<IDefinitionStore>(), answer);
                return store;
            });
        });

#pragma warning disable CA1852 // The proxy is a class made from this one.
    private class Interposed : DispatchProxy
    {
        private IRunStore store = null!;

        private Func<Task<DateTimeOffset?>?> answer = null!;

        public void Set(IRunStore real, Func<Task<DateTimeOffset?>?> answers) => (store, answer) = (real, answers);

        // The timer service also asks, for timers after now; the health check for any.
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.Name == nameof(IRunStore.GetNextTimerAsync) && args is [DateTimeOffset after, _] && after == DateTimeOffset.MinValue && answer() is { } given
                ? new ValueTask<DateTimeOffset?>(given)
                : targetMethod.Invoke(store, args);
    }
#pragma warning restore CA1852
}
