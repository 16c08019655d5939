using System.Net;
using FederationWorkflows.Server.Tests.Support;
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
}
