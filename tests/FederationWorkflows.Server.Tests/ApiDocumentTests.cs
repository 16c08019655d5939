using System.Net;
using System.Text.Json;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests;

public sealed class ApiDocumentTests
{
    [Fact]
    public async Task The_api_describes_itself_to_who_is_signed_in_with_the_permission_each_call_needs()
    {
        await using var server = await ServerUnderTest.StartAsync(Of("hook", [Starts("hook")]));

        var document = await server.GetJsonAsync("/openapi/v1.json");

        document.GetProperty("openapi").GetString().ShouldStartWith("3.1");
        var paths = document.GetProperty("paths").EnumerateObject().ToDictionary(path => path.Name, path => path.Value);
        paths["/api/users"].GetProperty("post").GetProperty("description").GetString().ShouldBe("Needs the permission users:manage.");
        paths["/api/me"].GetProperty("get").GetProperty("description").GetString().ShouldBe("Needs a caller who is signed in.");
        paths["/api/sign-in"].GetProperty("post").GetProperty("description").GetString().ShouldBe("For everybody.");
        paths.Keys.ShouldContain("/elsa/api/workflow-instances/{id}");
        paths.Keys.ShouldAllBe(path => path.StartsWith("/api/", StringComparison.Ordinal) || path.StartsWith("/elsa/api/", StringComparison.Ordinal));
        document.GetProperty("components").GetProperty("securitySchemes").GetProperty("apiKey").GetProperty("in").GetString().ShouldBe("header");
    }

    [Fact]
    public async Task Strangers_do_not_learn_what_the_api_has()
    {
        await using var server = await Accounts.StartAsync();
        using var answer = await server.GetAsync("/openapi/v1.json");
        await answer.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Every_endpoint_for_programs_is_described_with_its_answer_its_refusals_and_whom_it_lets_in()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        var document = await ann.JsonAsync("/openapi/v1.json");
        var described = Operations(document).ToDictionary(operation => operation.Name, operation => operation.Value);

        foreach (var endpoint in Endpoints(server))
        {
            var route = "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part is Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter ? $"{{{parameter.Name}}}" : ((Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart)part).Content))));
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
            {
                var name = $"{method} {route}";
                described.ShouldContainKey(name);
                var responses = described[name].GetProperty("responses");
                var done = responses.EnumerateObject().Where(response => response.Name[0] == '2').ShouldHaveSingleItem(name);
                (done.Name == "204" || done.Value.GetProperty("content").EnumerateObject().Single().Value.TryGetProperty("schema", out _)).ShouldBeTrue($"{name} says what it answers");
                responses.GetProperty("default").GetProperty("content").GetProperty("application/problem+json").GetProperty("schema").GetProperty("$ref").GetString().ShouldBe("#/components/schemas/Problem", name);
                var isOpen = endpoint.Metadata.GetMetadata<OpenEndpoint>() is not null;
                described[name].GetProperty("security").GetArrayLength().ShouldBe(isOpen ? 0 : 2, name);
                responses.TryGetProperty("401", out _).ShouldBe(!isOpen, name);
                responses.TryGetProperty("403", out _).ShouldBe(!isOpen, name);
            }
        }

        var problem = document.GetProperty("components").GetProperty("schemas").GetProperty("Problem").GetProperty("properties");
        problem.TryGetProperty("detail", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task What_is_not_described_is_for_browsers_webhooks_and_probes()
    {
        await using var server = await Accounts.StartAsync();
        string[] pages =
        [
            "/", "account", "approvals", "audit", "assets", "federation", "runs", "secrets", "set-up", "sign-in", "sign-out", "studio", "users", "diagnostics", "workflows", "health", "openapi", "elsa/hubs",
        ];

        var others = server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Select(endpoint => endpoint.RoutePattern.RawText!.TrimStart('/'))
            .Where(path => !IsForPrograms(path) && path.Length > 0 && !pages.Any(page => path == page || path.StartsWith(page + "/", StringComparison.Ordinal)));

        others.ShouldBeEmpty("programs need these, or they are pages that belong into the list above");
    }

    /// <summary>Each answer has the properties its schema has, and no others.</summary>
    [Fact]
    public async Task Answers_are_as_they_are_described()
    {
        var approval = Activity("FederationWorkflows.RequestApproval", "approval", ("title", Literal("Go on?")), ("approvers", Object("""["ada"]""")));
        await using var server = await ServerUnderTest.StartAsync(Of("asks", [Starts("ask"), approval], "event:Object"), Of("ends", [Starts("end"), Activity("Elsa.Fault", "fails", ("message", Literal("It is broken")))]));
        var document = await server.GetJsonAsync("/openapi/v1.json");
        using var asked = await server.PostAsync("/workflows/ask");
        using var failed = await server.PostAsync("/workflows/end");
        await server.RunAsync(asked.RunId(), "Suspended");
        await server.RunAsync(failed.RunId(), "Faulted");
        var approvalId = (await server.GetJsonAsync("/api/approvals")).GetProperty("items")[0].GetProperty("id").GetString();
        var executionId = (await server.GetJsonAsync($"/elsa/api/activity-executions/list?workflowInstanceId={failed.RunId()}")).GetProperty("items")[0].GetProperty("id").GetString();
        var versionId = (await server.GetJsonAsync("/elsa/api/workflow-definitions/by-definition-id/asks")).GetProperty("id").GetString();
        (string Method, string Route, string Path, string? Body)[] calls =
        [
            ("GET", "/elsa/api/workflow-definitions", "/elsa/api/workflow-definitions", null),
            ("GET", "/elsa/api/workflow-definitions/by-definition-id/{definitionId}", "/elsa/api/workflow-definitions/by-definition-id/asks", null),
            ("GET", "/elsa/api/workflow-definitions/many-by-id", $"/elsa/api/workflow-definitions/many-by-id?ids={Uri.EscapeDataString(versionId!)}", null),
            ("GET", "/elsa/api/workflow-definitions/query/count", "/elsa/api/workflow-definitions/query/count", null),
            ("GET", "/elsa/api/workflow-definitions/validation/is-name-unique", "/elsa/api/workflow-definitions/validation/is-name-unique?name=x", null),
            ("GET", "/elsa/api/workflow-definitions/subgraph/{id}", $"/elsa/api/workflow-definitions/subgraph/{Uri.EscapeDataString(versionId!)}", null),
            ("GET", "/elsa/api/descriptors/activities", "/elsa/api/descriptors/activities", null),
            ("GET", "/elsa/api/descriptors/expression-descriptors", "/elsa/api/descriptors/expression-descriptors", null),
            ("GET", "/elsa/api/descriptors/variables", "/elsa/api/descriptors/variables", null),
            ("GET", "/elsa/api/descriptors/storage-drivers", "/elsa/api/descriptors/storage-drivers", null),
            ("GET", "/elsa/api/descriptors/incident-strategies", "/elsa/api/descriptors/incident-strategies", null),
            ("GET", "/elsa/api/descriptors/commit-strategies/workflows", "/elsa/api/descriptors/commit-strategies/workflows", null),
            ("GET", "/elsa/api/features/installed", "/elsa/api/features/installed", null),
            ("GET", "/elsa/api/activity-executions/list", $"/elsa/api/activity-executions/list?workflowInstanceId={failed.RunId()}", null),
            ("GET", "/elsa/api/activity-execution-summaries/list", $"/elsa/api/activity-execution-summaries/list?workflowInstanceId={failed.RunId()}", null),
            ("GET", "/elsa/api/activity-executions/by-id", $"/elsa/api/activity-executions/by-id?id={executionId}", null),
            ("GET", "/elsa/api/activity-executions/{id}/call-stack", $"/elsa/api/activity-executions/{executionId}/call-stack", null),
            ("POST", "/elsa/api/activity-executions/report", "/elsa/api/activity-executions/report", $$"""{"workflowInstanceId":"{{failed.RunId()}}"}"""),
            ("GET", "/elsa/api/workflow-instances/{id}", $"/elsa/api/workflow-instances/{failed.RunId()}", null),
            ("POST", "/elsa/api/workflow-instances/{id}/journal", $"/elsa/api/workflow-instances/{failed.RunId()}/journal", "{}"),
            ("GET", "/elsa/api/workflow-instances/{id}/variables", $"/elsa/api/workflow-instances/{asked.RunId()}/variables", null),
            ("POST", "/elsa/api/workflow-instances", "/elsa/api/workflow-instances", "{}"),
            ("GET", "/elsa/api/workflow-instances/{id}/execution-state", $"/elsa/api/workflow-instances/{failed.RunId()}/execution-state", null),
            ("POST", "/elsa/api/secrets", "/elsa/api/secrets", """{"name":"key","value":"canary"}"""),
            ("POST", "/elsa/api/secrets/{name}/rotate", "/elsa/api/secrets/key/rotate", """{"value":"canary-2"}"""),
            ("GET", "/elsa/api/secrets", "/elsa/api/secrets", null),
            ("GET", "/elsa/api/secrets/descriptors", "/elsa/api/secrets/descriptors", null),
            ("POST", "/elsa/api/secrets/picker", "/elsa/api/secrets/picker", "{}"),
            ("GET", "/api/secrets/{name}/uses", "/api/secrets/key/uses", null),
            ("GET", "/api/runs", "/api/runs", null),
            ("POST", "/api/runs/{id}/rerun", $"/api/runs/{failed.RunId()}/rerun", null),
            ("GET", "/api/nodes", "/api/nodes", null),
            ("GET", "/api/definitions/{id}/problems", "/api/definitions/ends/problems", null),
            ("GET", "/api/me", "/api/me", null),
            ("POST", "/api/users", "/api/users", """{"name":"ada","password":"correct horse battery","roles":["operator"]}"""),
            ("GET", "/api/users", "/api/users", null),
            ("GET", "/api/approvals", "/api/approvals", null),
            ("POST", "/api/approvals/{id}/links", $"/api/approvals/{approvalId}/links", """{"person":"ada"}"""),
            ("GET", "/api/audit", "/api/audit", null),
            ("POST", "/elsa/api/bulk-actions/publish/workflow-definitions/by-definition-ids", "/elsa/api/bulk-actions/publish/workflow-definitions/by-definition-ids", """{"definitionIds":["asks"]}"""),
            ("POST", "/elsa/api/workflow-definitions/{definitionId}/publish", "/elsa/api/workflow-definitions/asks/publish", "{}"),
            ("POST", "/api/definitions/{definitionId}/suspend", "/api/definitions/asks/suspend", "{}"),
            ("POST", "/api/definitions/{definitionId}/resume", "/api/definitions/asks/resume", "{}"),
            ("POST", "/elsa/api/workflow-definitions/{definitionId}/dispatch", "/elsa/api/workflow-definitions/ends/dispatch", "{}"),
            ("POST", "/elsa/api/cancel/workflow-instances/{id}", $"/elsa/api/cancel/workflow-instances/{asked.RunId()}", "{}"),
        ];
        var operations = Operations(document).ToDictionary(operation => operation.Name, operation => operation.Value);
        var wrong = new List<string>();
        foreach (var (method, route, path, body) in calls)
        {
            using var answer = body is null && method == "GET" ? await server.GetAsync(path) : body is null ? await server.PostAsync(path, new StringContent("")) : await server.PostAsync(path, body);
            var text = await answer.TextAsync();
            var response = operations[$"{method} {route}"].GetProperty("responses");
            if (!response.TryGetProperty(((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture), out var declared) || !answer.IsSuccessStatusCode)
            {
                wrong.Add($"{method} {route} answered {answer.StatusCode}: {text}");
                continue;
            }

            Compare(document, declared.GetProperty("content").GetProperty("application/json").GetProperty("schema"), JsonElement.Parse(text), $"{method} {route} $", route.Contains("definition", StringComparison.Ordinal), wrong);
        }

        wrong.ShouldBeEmpty();
    }

    private static void Compare(JsonElement document, JsonElement schema, JsonElement value, string at, bool isOpen, List<string> wrong)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            schema = document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        }

        if (schema.TryGetProperty("oneOf", out var choices))
        {
            var choice = choices.EnumerateArray().First(choice => choice.TryGetProperty("$ref", out _));
            if (value.ValueKind != JsonValueKind.Null)
            {
                Compare(document, choice, value, at, isOpen, wrong);
            }

            return;
        }

        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            foreach (var item in value.EnumerateArray())
            {
                Compare(document, items, item, at + "[]", isOpen, wrong);
            }
        }
        else if (value.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties))
        {
            var has = value.EnumerateObject().Select(property => property.Name).ToHashSet(StringComparer.Ordinal);
            var declared = properties.EnumerateObject().ToDictionary(property => property.Name, property => property.Value);

            // A story has what its author wrote.
            wrong.AddRange(has.Where(name => !declared.ContainsKey(name) && !(isOpen && declared.ContainsKey("root"))).Select(name => $"{at}.{name} is not described"));
            wrong.AddRange(declared.Keys.Where(name => !has.Contains(name) && !(isOpen && declared.ContainsKey("root"))).Select(name => $"{at}.{name} is described, and the answer has none"));
            foreach (var name in has.Where(declared.ContainsKey))
            {
                Compare(document, declared[name], value.GetProperty(name), $"{at}.{name}", isOpen, wrong);
            }
        }
        else if (schema.TryGetProperty("type", out var type))
        {
            var kinds = type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(kind => kind.GetString()!).ToArray() : [type.GetString()!];
            var kind = value.ValueKind switch
            {
                JsonValueKind.True or JsonValueKind.False => "boolean",
                JsonValueKind.Number => "integer number",
                var other => other.ToString().ToLowerInvariant(),
            };
            if (!kinds.Any(allowed => kind.Contains(allowed, StringComparison.Ordinal)))
            {
                wrong.Add($"{at} is {kind} and described as {string.Join(" or ", kinds)}");
            }
        }
    }

    private static bool IsForPrograms(string path) => path.StartsWith("api/", StringComparison.Ordinal) || path.StartsWith("elsa/api/", StringComparison.Ordinal);

    private static IEnumerable<RouteEndpoint> Endpoints(ServerUnderTest server) =>
        server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Where(endpoint => IsForPrograms(endpoint.RoutePattern.RawText!.TrimStart('/')));

    private static IEnumerable<(string Name, JsonElement Value)> Operations(JsonElement document) =>
        document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => ($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value)));
}
