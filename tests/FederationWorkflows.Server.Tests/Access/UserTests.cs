using System.Net;
using System.Net.Http.Json;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Server.Tests.Access;

public sealed class UserTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_last_administrator_stays_one()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();

        using var lessened = await ann.ChangeAsync("ann", new { roles = new[] { "viewer" } });
        using var keptOut = await ann.ChangeAsync("ann", new { isDisabled = true });
        using var deleted = await ann.DeleteAsync(new Uri($"/api/users/{await ann.IdOfAsync("ann")}", UriKind.Relative), Cancellation);

        foreach (var answer in new[] { lessened, keptOut, deleted })
        {
            (await answer.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldBe("ann is the last administrator who can sign in. Make somebody else one first.");
        }

        using var bob = await server.UserAsync(ann, "bob", "administrator");
        using var now = await ann.ChangeAsync("ann", new { roles = new[] { "viewer" } });
        now.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_name_is_given_once_and_a_change_that_somebody_overtook_is_refused()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var bob = await server.UserAsync(ann, "bob", "viewer");

        using var taken = await ann.PostAsJsonAsync("/api/users", new { name = "BOB", password = Accounts.Password, roles = new[] { "viewer" } }, Cancellation);
        await taken.ShouldBeProblemAsync(HttpStatusCode.Conflict);
        using var first = await ann.ChangeAsync("bob", new { roles = new[] { "author" }, revision = 1 });
        using var second = await ann.ChangeAsync("bob", new { roles = new[] { "operator" }, revision = 1 });
        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        await second.ShouldBeProblemAsync(HttpStatusCode.Conflict);
        (await ann.JsonAsync($"/api/users/{await ann.IdOfAsync("bob")}")).GetProperty("roles").GetRawText().ShouldBe("""["author"]""");
    }

    [Theory]
    [InlineData("viewer", HttpStatusCode.Forbidden)]
    [InlineData("operator", HttpStatusCode.Forbidden)]
    [InlineData("author", HttpStatusCode.Forbidden)]
    [InlineData("administrator", HttpStatusCode.OK)]
    public async Task Users_and_the_audit_log_are_for_administrators(string role, HttpStatusCode expected)
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var other = await server.UserAsync(ann, "other", role);
        foreach (var path in new[] { "/api/users", "/api/audit", "/users", "/audit" })
        {
            (await other.StatusAsync(path)).ShouldBe(expected, path);
        }
    }

    [Fact]
    public async Task Who_did_what_is_recorded_without_secrets_and_read_page_by_page()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var bob = await server.UserAsync(ann, "bob", "viewer");
        using var failed = await server.Client.SignInAsync("bob", "wrong horse battery");
        using var unknown = await server.Client.SignInAsync("my password by mistake", "x");
        using var changed = await ann.ChangeAsync("bob", new { roles = new[] { "author" } });
        await server.KeyAsync(ann, 30, "runs:read");

        var all = await ann.JsonAsync("/api/audit");
        var lines = all.GetProperty("items").EnumerateArray().Select(entry => $"{entry.GetProperty("actor").GetString()} {entry.GetProperty("action").GetString()} {entry.GetProperty("succeeded").GetRawText()}");
        lines.Reverse().ShouldBe(
            ["ann user.create true", "ann user.create true", "bob session.begin true", "anonymous session.begin false", "anonymous session.begin false", "ann user.change true", "ann api-key.create true"]);
        all.GetRawText().ShouldNotContain("by mistake");
        all.GetRawText().ShouldNotContain("passwordHash", Case.Insensitive);
        var change = (await ann.JsonAsync("/api/audit?action=user.change")).GetProperty("items")[0];
        change.GetProperty("before").GetProperty("roles").GetRawText().ShouldBe("""["viewer"]""");
        change.GetProperty("after").GetProperty("roles").GetRawText().ShouldBe("""["author"]""");
        change.GetProperty("address").GetString().ShouldBe("127.0.0.1");

        var first = await ann.JsonAsync("/api/audit?limit=4");
        var second = await ann.JsonAsync($"/api/audit?limit=4&before={first.GetProperty("next").GetInt64()}");
        (first.GetProperty("items").GetArrayLength(), second.GetProperty("items").GetArrayLength()).ShouldBe((4, 3));
        second.GetProperty("next").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        (await ann.JsonAsync("/api/audit?actor=bob")).GetProperty("items").GetArrayLength().ShouldBe(1);
        (await ann.JsonAsync("/api/audit?action=user.")).GetProperty("items").GetArrayLength().ShouldBe(3);
        (await ann.StatusAsync("/api/audit?limit=0")).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Every_endpoint_says_whom_it_is_for_and_only_these_are_for_everybody()
    {
        await using var server = await Accounts.StartAsync();
        var endpoints = server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().DistinctBy(endpoint => endpoint).ToArray();
        endpoints.Length.ShouldBeGreaterThan(40);

        endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<RequiredPermission>() is null && endpoint.Metadata.GetMetadata<OpenEndpoint>() is null).Select(Name).ShouldBeEmpty();
        endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<RequiredPermission>() is { Permission: { } permission } && !Permissions.All.Contains(permission)).Select(Name).ShouldBeEmpty();
        endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<OpenEndpoint>() is not null).Select(Name).Where(name => !name.Contains("studio", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).ShouldBe(
            [
                "/api/set-up POST", "/api/sign-in POST", "/approvals/link/{token} GET", "/approvals/link/{token} POST", "/assets/{hash}/{name} GET", "/diagnostics/structured-logs GET", "/health/live", "/health/ready",
                "/set-up GET", "/set-up POST", "/sign-in GET", "/sign-in POST", "/workflows/definitions/{id}/edit GET", "/workflows/instances/{id}/view GET", "/workflows/{**path}",
            ]);

        static string Name(RouteEndpoint endpoint) =>
            $"{endpoint.RoutePattern.RawText} {string.Join(' ', endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])}".Trim();
    }

    [Fact]
    public async Task An_administrator_manages_users_on_a_page_and_a_user_his_keys()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var browser = new Browser(server.Address);
        using (await browser.SubmitAsync("/sign-in", "sign-in", ("name", "ann"), ("password", Accounts.Password)))
        {
        }

        using var created = await browser.SubmitAsync("/users", "users", ("name", "bob"), ("password", Accounts.Password), ("roles", "viewer"), ("roles", "author"));
        created.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        using var refused = await browser.SubmitAsync("/users", "users", ("name", "eve"), ("password", "short"), ("roles", "viewer"));
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await refused.TextAsync()).ShouldContain("at least 12 characters");
        var id = await ann.IdOfAsync("bob");
        using var changed = await browser.SubmitAsync("/users", $"users/{id}", ("roles", "operator"));
        changed.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        (await ann.JsonAsync($"/api/users/{id}")).GetProperty("roles").GetRawText().ShouldBe("""["operator"]""");
        using var reset = await browser.SubmitAsync("/users", $"users/{id}/password", ("password", "another long password"));
        reset.StatusCode.ShouldBe(HttpStatusCode.SeeOther);
        using var signedIn = await server.Client.SignInAsync("bob", "another long password");
        signedIn.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var deleted = await browser.SubmitAsync("/users", $"users/{id}/delete");
        (await ann.JsonAsync("/api/users")).GetProperty("items").GetArrayLength().ShouldBe(1);

        using var made = await browser.SubmitAsync("/account", "account/keys", ("name", "ci"), ("days", "30"), ("scopes", "runs:read"), ("scopes", "audit:read"));
        var page = await made.TextAsync();
        var key = page[page.IndexOf("fedflow_", StringComparison.Ordinal)..][..68];
        using var program = server.WithKey(key);
        (await program.StatusAsync("/api/audit")).ShouldBe(HttpStatusCode.OK);
        (await browser.ShownAsync("/account")).ShouldNotContain(key);
        using var revoked = await browser.SubmitAsync("/account", $"account/keys/{key[8..24]}/revoke");
        (await program.StatusAsync("/api/audit")).ShouldBe(HttpStatusCode.Unauthorized);

        using var unguarded = await ann.PostAsync(new Uri("/users", UriKind.Relative), new FormUrlEncodedContent([KeyValuePair.Create("name", "eve"), KeyValuePair.Create("password", Accounts.Password), KeyValuePair.Create("roles", "viewer")]), Cancellation);
        unguarded.StatusCode.ShouldBe(HttpStatusCode.BadRequest, "a form that did not come from the page");
        (await ann.JsonAsync("/api/users")).GetProperty("items").GetArrayLength().ShouldBe(1);
        (await browser.ShownAsync("/audit?action=user.")).ShouldContain("user.delete");
        using var ended = await browser.SubmitAsync("/account", "sign-out");
        using var strange = await browser.OpenAsync("/account");
        strange.StatusCode.ShouldBe(HttpStatusCode.Redirect);
    }
}
