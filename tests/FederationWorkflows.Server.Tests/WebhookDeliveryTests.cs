using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

/// <summary>Requests that come twice, and requests that come when there is no room.</summary>
public sealed class WebhookDeliveryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_Idempotency_Key_gets_the_first_run()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("orders", [Starts("orders"), Writes("say", Literal("hi"))]));

        using var first = await SendAsync(server, "k-1");
        using var again = await SendAsync(server, "k-1");
        using var other = await SendAsync(server, "k-2");
        using var none = await SendAsync(server, null);

        first.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        again.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        again.RunId().ShouldBe(first.RunId());
        new[] { first.RunId(), other.RunId(), none.RunId() }.Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public async Task An_endpoint_may_say_what_identifies_a_request()
    {
        var key = new JsonObject { ["typeName"] = "String", ["expression"] = new JsonObject { ["type"] = "CEL", ["value"] = "trigger.body.id" } };
        await using var server = await ServerUnderTest.StartAsync(Of("orders", [Starts("orders", more: ("deduplicationKey", key)), Writes("say", Literal("hi"))]));

        using var first = await server.PostAsync("/workflows/orders", """{"id":"a"}""");
        using var again = await server.PostAsync("/workflows/orders", """{"id":"a","attempt":2}""");
        using var other = await server.PostAsync("/workflows/orders", """{"id":"b"}""");
        using var wrong = await server.PostAsync("/workflows/orders", """{"name":"c"}""");

        again.RunId().ShouldBe(first.RunId());
        other.RunId().ShouldNotBe(first.RunId());
        (await wrong.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("No such key");
    }

    [Fact]
    public async Task The_host_sets_what_an_expression_may_cost()
    {
        var key = new JsonObject { ["typeName"] = "String", ["expression"] = new JsonObject { ["type"] = "CEL", ["value"] = "string(lists.range(trigger.body.n).size())" } };
        await using var server = await ServerUnderTest.StartAsync(
            [Of("orders", [Starts("orders", more: ("deduplicationKey", key))])], new Dictionary<string, string?> { ["Expressions:CostLimit"] = "500" });

        using var small = await server.PostAsync("/workflows/orders", """{"n":10}""");
        using var large = await server.PostAsync("/workflows/orders", """{"n":1000}""");

        small.StatusCode.ShouldBe(HttpStatusCode.Accepted, await small.TextAsync());
        (await large.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("more work than one evaluation may (500 units)");
    }

    [Fact]
    public async Task A_key_that_is_too_long_is_refused()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("orders", [Starts("orders")]));

        using var answer = await SendAsync(server, new string('k', 1025));

        (await answer.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldBe("The request cannot be told from others: The key that identifies the request is longer than 1024 characters.");
    }

    [Fact]
    public async Task Who_comes_when_there_is_no_room_is_told_when_to_come_again()
    {
        await using var server = await ServerUnderTest.StartAsync(
            [Of("slow", [Starts("slow"), Gate()])],
            settings: null,
            builder => builder.Services.Configure<ConcurrencyOptions>(options => (options.MaxRunning, options.MaxQueued, options.RetryAfter) = (1, 0, TimeSpan.FromSeconds(7))));
        using var first = await server.PostAsync("/workflows/slow");
        first.StatusCode.ShouldBe(HttpStatusCode.Accepted);

        using var second = await server.PostAsync("/workflows/slow");

        await second.ShouldBeProblemAsync(HttpStatusCode.TooManyRequests);
        second.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(7));

        // Before anything of the request is looked at: this one could not be read.
        using var third = await server.Client.PostAsync(new Uri("/workflows/slow", UriKind.Relative), new StringContent("{", Encoding.UTF8, "application/json"), Cancellation);
        third.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        server.Gate.Open();
        await server.RunAsync(first.RunId(), "Finished");
    }

    private static async Task<HttpResponseMessage> SendAsync(ServerUnderTest server, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/workflows/orders", UriKind.Relative)) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await server.Client.SendAsync(request, Cancellation);
    }
}
