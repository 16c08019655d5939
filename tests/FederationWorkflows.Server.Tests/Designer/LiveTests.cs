using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Server.Tests.Support;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Designer;

/// <summary>Watching a run, as the designer does: SignalR's JSON protocol over a web socket.</summary>
public sealed class LiveTests
{
    /// <summary>What ends each message of SignalR's.</summary>
    private const char End = '\u001e';

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_watches_a_run_is_told_what_it_does_until_it_ends()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("story", [Starts("story"), Gate(), Writes("say", Literal("hello"))]));
        using var started = await server.PostAsync("/workflows/story");
        await server.Gate.Reached.WaitAsync(Cancellation);
        using var watcher = await Watcher.ConnectAsync(server);
        await watcher.SendAsync($$"""{"type":1,"target":"ObserveInstanceAsync","arguments":["{{started.RunId()}}"]}""");
        var first = await watcher.NextAsync("ActivityExecutionLogUpdatedAsync");
        first.GetProperty("stats").EnumerateArray().ShouldContain(stat => stat.GetProperty("activityId").GetString() == "receive");

        server.Gate.Open();
        await watcher.NextAsync("ActivityExecutionLogUpdatedAsync", containing: "say");
        await watcher.NextAsync("WorkflowExecutionLogUpdatedAsync");
        (await watcher.NextAsync("WorkflowInstanceUpdatedAsync")).GetProperty("workflowInstanceId").GetString().ShouldBe(started.RunId());
        await server.RunAsync(started.RunId(), "Finished");
    }

    [Fact]
    public async Task The_hub_is_where_the_designer_looks_for_it()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var negotiated = await server.PostAsync("/elsa/hubs/workflow-instance/negotiate?negotiateVersion=1", "");
        negotiated.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await ServerUnderTest.JsonAsync(negotiated)).GetProperty("connectionToken").GetString().ShouldNotBeNullOrEmpty();
    }

    private sealed class Watcher : IDisposable
    {
        private readonly ClientWebSocket socket = new();

        private readonly Queue<JsonElement> received = [];

        public static async Task<Watcher> ConnectAsync(ServerUnderTest server)
        {
            var watcher = new Watcher();
            await watcher.socket.ConnectAsync(new Uri($"ws://{server.Address.Authority}/elsa/hubs/workflow-instance"), Cancellation);
            await watcher.SendAsync("""{"protocol":"json","version":1}""");
            return watcher;
        }

        public Task SendAsync(string message) => socket.SendAsync(Encoding.UTF8.GetBytes(message + End), WebSocketMessageType.Text, endOfMessage: true, Cancellation);

        /// <summary>The argument of the next message of a name.</summary>
        public async Task<JsonElement> NextAsync(string target, string containing = "")
        {
            while (true)
            {
                while (received.TryDequeue(out var message))
                {
                    if (message.TryGetProperty("target", out var name) && name.GetString() == target && message.GetProperty("arguments")[0].GetRawText().Contains(containing, StringComparison.Ordinal))
                    {
                        return message.GetProperty("arguments")[0];
                    }
                }

                await ReceiveAsync();
            }
        }

        public void Dispose() => socket.Dispose();

        private async Task ReceiveAsync()
        {
            using var text = new MemoryStream();
            var buffer = new byte[64 * 1024];
            WebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer, Cancellation);
                part.MessageType.ShouldBe(WebSocketMessageType.Text);
                text.Write(buffer.AsSpan(0, part.Count));
            }
            while (!part.EndOfMessage);
            foreach (var message in Encoding.UTF8.GetString(text.ToArray()).Split(End, StringSplitOptions.RemoveEmptyEntries))
            {
                received.Enqueue(JsonDocument.Parse(message).RootElement);
            }
        }
    }
}
