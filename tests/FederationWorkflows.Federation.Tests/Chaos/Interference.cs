using System.Net;
using System.Text;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Chaos;

/// <summary>
/// Trouble between this host and a cloud: a call that is never answered, or that somebody else answers. It is on this side of the wire, so that a test knows for certain when a
/// call is held up: only then may its time limit come.
/// </summary>
internal sealed class Interference(ManualTime time)
{
    private readonly Lock gate = new();

    private string? operation;

    private bool holds;

    private int left;

    private int held;

    /// <summary>Whether a call waits for an answer that does not come.</summary>
    public bool IsHolding => Volatile.Read(ref held) > 0;

    /// <summary>How many calls it met.</summary>
    public int Met { get; private set; }

    /// <summary>Holds up the next calls of an operation.</summary>
    public void Hold(string of, int count) => Set(of, count, true);

    /// <summary>Answers the next calls of an operation with a page of a proxy.</summary>
    public void Garble(string of, int count) => Set(of, count, false);

    public DelegatingHandler Handler() => new Meddler(this);

    private void Set(string of, int count, bool isHeld)
    {
        lock (gate)
        {
            (operation, left, holds) = (of, count, isHeld);
        }
    }

    private bool Take(string of)
    {
        lock (gate)
        {
            if (of != operation || left == 0)
            {
                return false;
            }

            left--;
            Met++;
            return true;
        }
    }

    private async Task<HttpResponseMessage> HoldAsync(CancellationToken cancellationToken)
    {
        var never = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isHeld = false;

        // In the call that ends the wait, and heard of before anybody knows of it: no other time limit may come by mistake.
        await using var registration = cancellationToken.Register(() =>
        {
            lock (gate)
            {
                held -= isHeld ? 1 : 0;
                never.TrySetCanceled(cancellationToken);
            }
        });
        lock (gate)
        {
            if (!never.Task.IsCompleted)
            {
                isHeld = true;
                held++;
            }
        }

        time.Wake();
        return await never.Task;
    }

    /// <summary>What a call is, in the lab's words: of Google the last word of the path, of AWS the operation.</summary>
    private static async Task<string> OperationAsync(HttpRequestMessage request)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (path.StartsWith("/google/", StringComparison.Ordinal) || path.StartsWith("/computeMetadata/", StringComparison.Ordinal))
        {
            return path[(path.LastIndexOfAny(['/', ':']) + 1)..];
        }

        if (path == "/" && request.Content is { } form)
        {
            var action = (await form.ReadAsStringAsync()).Split('&').First(static pair => pair.StartsWith("Action=", StringComparison.Ordinal));
            return action["Action=".Length..];
        }

        return path == "/" ? "ListBuckets" : request.Method == HttpMethod.Put ? "PutObject" : "GetObject";
    }

    private sealed class Meddler(Interference trouble) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!trouble.Take(await OperationAsync(request)))
            {
                return await base.SendAsync(request, cancellationToken);
            }

            return trouble.holds
                ? await trouble.HoldAsync(cancellationToken)
                : new HttpResponseMessage(HttpStatusCode.OK)
                {
                    RequestMessage = request,
                    Content = new StringContent("<html><head><title>Sign in</title></head><body>Sign in to use the network.</body></html>", Encoding.UTF8, "text/html"),
                };
        }
    }
}
