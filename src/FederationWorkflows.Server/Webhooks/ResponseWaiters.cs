using System.Collections.Concurrent;
using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Runtime.Runs;

namespace FederationWorkflows.Server.Webhooks;

/// <summary>Callers that wait for an answer, by run. A run's answer arrives when it is on disk; without a caller it is dropped.</summary>
internal sealed class ResponseWaiters : IEffectHandler
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<HttpResponseEffect>> waiters = new();

    /// <summary>Waits for the run's answer from now on.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="takesOver">Whoever waits for it already gets no answer any more; otherwise he gets it, and not this caller.</param>
    public Waiter Add(string runId, bool takesOver = true)
    {
        var response = new TaskCompletionSource<HttpResponseEffect>(TaskCreationOptions.RunContinuationsAsynchronously);

        if (takesOver)
        {
            waiters[runId] = response;
        }
        else
        {
            waiters.TryAdd(runId, response);
        }

        return new Waiter(this, runId, response);
    }

    public ValueTask HandleAsync(string runId, object effect, CancellationToken cancellationToken)
    {
        if (effect is HttpResponseEffect response && waiters.TryGetValue(runId, out var waiter))
        {
            waiter.TrySetResult(response);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>One caller. Disposing of it ends the waiting.</summary>
    public sealed class Waiter(ResponseWaiters owner, string runId, TaskCompletionSource<HttpResponseEffect> response) : IDisposable
    {
        public Task<HttpResponseEffect> Response => response.Task;

        public void Dispose() => owner.waiters.TryRemove(KeyValuePair.Create(runId, response));
    }
}
