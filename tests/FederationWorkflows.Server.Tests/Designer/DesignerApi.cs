using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Server.Tests.Support;

namespace FederationWorkflows.Server.Tests.Designer;

/// <summary>The designer's calls, as it makes them.</summary>
internal static class DesignerApi
{
    public const string Base = "/elsa/api";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<JsonObject> ShowAsync(this ServerUnderTest server, string path, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var answer = await server.GetAsync(Base + path);
        return await ReadAsync(answer, status);
    }

    public static Task<JsonObject> PostAsync(this ServerUnderTest server, string path, JsonNode? body, HttpStatusCode status = HttpStatusCode.OK) =>
        SendAsync(server, HttpMethod.Post, path, body, status);

    public static async Task<JsonObject> SendAsync(this ServerUnderTest server, HttpMethod method, string path, JsonNode? body, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var request = new HttpRequestMessage(method, new Uri(Base + path, UriKind.Relative));
        request.Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await server.Client.SendAsync(request, Cancellation);
        return await ReadAsync(answer, status);
    }

    /// <summary>Saves as the designer does; returns the definition of the answer.</summary>
    public static async Task<JsonObject> SaveAsync(this ServerUnderTest server, JsonObject model, bool publish = false)
    {
        var answer = await server.PostAsync("/workflow-definitions", new JsonObject { ["model"] = model.DeepClone(), ["publish"] = publish });
        Names(answer).ShouldBe(["workflowDefinition", "alreadyPublished", "consumingWorkflowCount", "validationErrors"]);
        return (JsonObject)answer["workflowDefinition"]!.DeepClone();
    }

    /// <summary>The messages with which a command was refused.</summary>
    public static async Task<string> RefusedAsync(this ServerUnderTest server, string path, JsonNode body)
    {
        var problem = await server.PostAsync(path, body, HttpStatusCode.BadRequest);
        return string.Join(' ', problem["errors"].ShouldBeOfType<JsonObject>().SelectMany(field => field.Value!.AsArray()).Select(message => (string)message!));
    }

    public static JsonObject Save(JsonObject model, bool publish = false) => new() { ["model"] = model.DeepClone(), ["publish"] = publish };

    /// <summary>What the designer sends for a new story: everything it does not know yet is null.</summary>
    public static JsonObject New(string name, params JsonObject[] activities) => new()
    {
        ["id"] = null,
        ["definitionId"] = null,
        ["name"] = name,
        ["description"] = "",
        ["createdAt"] = "0001-01-01T00:00:00+00:00",
        ["version"] = 1,
        ["toolVersion"] = "3.8.0.0",
        ["variables"] = null,
        ["inputs"] = null,
        ["outputs"] = null,
        ["outcomes"] = null,
        ["customProperties"] = null,
        ["isReadonly"] = false,
        ["isLatest"] = true,
        ["isPublished"] = false,
        ["options"] = null,
        ["links"] = null,
        ["root"] = activities.Length == 0
            ? new JsonObject { ["type"] = "Elsa.Flowchart", ["id"] = $"root-{name}", ["version"] = 1, ["name"] = "Flowchart1" }
            : new JsonObject { ["type"] = "Elsa.Flowchart", ["id"] = $"root-{name}", ["version"] = 1, ["activities"] = new JsonArray([.. activities]), ["connections"] = new JsonArray() },
    };

    public static string[] Names(JsonNode? json) => [.. json.ShouldBeOfType<JsonObject>().Select(property => property.Key)];

    public static void ShouldHave(this JsonNode? json, params string[] names) => names.Except(Names(json)).ShouldBeEmpty();

    public static string Text(this JsonNode? json, string name) => json![name]!.GetValue<string>();

    public static IEnumerable<JsonObject> Items(this JsonObject answer) => answer["items"]!.AsArray().Select(item => item.ShouldBeOfType<JsonObject>());

    private static async Task<JsonObject> ReadAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        answer.StatusCode.ShouldBe(status, text);
        return text.Length == 0 ? [] : JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = 200 }).ShouldBeOfType<JsonObject>();
    }
}
