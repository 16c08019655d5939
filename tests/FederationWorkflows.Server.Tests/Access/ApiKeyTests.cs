using System.Net;
using System.Net.Http.Json;
using System.Text;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Server.Tests.Access;

public sealed class ApiKeyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_acts_for_its_owner_within_its_scopes()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        var (id, key, program) = await server.KeyAsync(ann, 30, "runs:read", "audit:read");

        key.ShouldStartWith($"fedflow_{id}_");
        (await program.StatusAsync("/api/runs")).ShouldBe(HttpStatusCode.OK);
        (await program.StatusAsync("/api/users")).ShouldBe(HttpStatusCode.Forbidden);
        var me = await program.JsonAsync("/api/me");
        (me.GetProperty("name").GetString(), me.GetProperty("signedInBy").GetString()).ShouldBe(("ann", $"api-key {id}"));
        me.GetProperty("permissions").GetRawText().ShouldBe("""["audit:read","runs:read"]""");
    }

    [Fact]
    public async Task A_key_is_kept_as_a_hash_and_shown_once()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        var (id, key, _) = await server.KeyAsync(ann, 30, "runs:read");

        var stored = Encoding.UTF8.GetString((await server.Services.GetRequiredService<IDocumentStore>().FindAsync("api-key", id, Cancellation))!.Json.Span);
        var seen = stored + (await ann.JsonAsync("/api/keys")).GetRawText() + (await ann.JsonAsync("/api/audit")).GetRawText();

        seen.ShouldContain(id);
        seen.ShouldNotContain(key[^43..]);
        seen.ShouldNotContain(Accounts.Password);
    }

    [Fact]
    public async Task A_key_ends_by_time_and_by_being_revoked()
    {
        var clock = new Clock();
        await using var server = await Accounts.StartAsync(clock);
        using var ann = await server.AdministratorAsync();
        var (_, _, brief) = await server.KeyAsync(ann, 1, "runs:read");
        var (id, _, revoked) = await server.KeyAsync(ann, 30, "runs:read");
        var (_, _, lasting) = await server.KeyAsync(ann, 30, "runs:read");
        (await brief.StatusAsync("/api/runs"), await revoked.StatusAsync("/api/runs")).ShouldBe((HttpStatusCode.OK, HttpStatusCode.OK));

        using var revocation = await ann.DeleteAsync(new Uri($"/api/keys/{id}", UriKind.Relative), Cancellation);
        clock.Advance(TimeSpan.FromHours(25));

        revocation.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var answer = await brief.GetAsync(new Uri("/api/runs", UriKind.Relative), Cancellation);
        (await answer.ShouldBeProblemAsync(HttpStatusCode.Unauthorized)).ShouldContain("The API key does not count");
        (await revoked.StatusAsync("/api/runs")).ShouldBe(HttpStatusCode.Unauthorized);
        (await lasting.StatusAsync("/api/runs")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_key_has_what_its_owner_has_by_then_and_ends_with_him()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var bob = await server.UserAsync(ann, "bob", "operator");
        var (_, _, program) = await server.KeyAsync(bob, 30, "runs:read", "runs:operate");
        (await program.JsonAsync("/api/me")).GetProperty("permissions").GetRawText().ShouldBe("""["runs:operate","runs:read"]""");

        using var lessened = await ann.ChangeAsync("bob", new { roles = new[] { "viewer" } });
        (await program.JsonAsync("/api/me")).GetProperty("permissions").GetRawText().ShouldBe("""["runs:read"]""");
        using var keptOut = await ann.ChangeAsync("bob", new { isDisabled = true });
        (await program.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.Unauthorized);
        using var deleted = await ann.DeleteAsync(new Uri($"/api/users/{await ann.IdOfAsync("bob")}", UriKind.Relative), Cancellation);
        deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await ann.JsonAsync("/api/keys?all=true")).GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task When_a_key_was_used_last_is_shown_to_the_minute()
    {
        var clock = new Clock();
        await using var server = await Accounts.StartAsync(clock);
        using var ann = await server.AdministratorAsync();
        var (_, _, program) = await server.KeyAsync(ann, 30, "runs:read");
        (await LastUseAsync()).ShouldBeNull();

        await program.StatusAsync("/api/runs");
        var first = await LastUseAsync();
        clock.Advance(TimeSpan.FromSeconds(30));
        await program.StatusAsync("/api/runs");
        (await LastUseAsync()).ShouldBe(first);
        clock.Advance(TimeSpan.FromSeconds(40));
        await program.StatusAsync("/api/runs");
        (await LastUseAsync()).ShouldNotBe(first);

        async Task<string?> LastUseAsync() => (await ann.JsonAsync("/api/keys")).GetProperty("items")[0].GetProperty("lastUsedAt").GetString();
    }

    [Theory]
    [InlineData("fedflow_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("fedflow_")]
    [InlineData("nonsense")]
    [InlineData("{id}_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_wrong_key_is_nobodys_even_from_this_machine(string key)
    {
        await using var server = await Accounts.StartAsync(settings: new Dictionary<string, string?>());
        using var ann = await server.AdministratorAsync();
        var (_, right, _) = await server.KeyAsync(ann, 30, "runs:read");
        using var program = server.WithKey(key.Replace("{id}", right[..24], StringComparison.Ordinal));

        (await program.StatusAsync("/api/runs")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_key_makes_no_key_and_has_no_more_than_its_owner()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var bob = await server.UserAsync(ann, "bob", "viewer");
        var (_, _, program) = await server.KeyAsync(ann, 30, "runs:read");

        foreach (var (client, body, problem) in new (HttpClient, object, string)[]
        {
            (program, new { name = "more", scopes = new[] { "runs:read" } }, "one key does not make another"),
            (bob, new { name = "more", scopes = new[] { "users:manage" } }, "You do not have the permission 'users:manage' yourself"),
            (bob, new { name = "more", scopes = Array.Empty<string>() }, "at least one scope: runs:read, stories:read."),
            (bob, new { name = "more", scopes = new[] { "runs:read" }, expiresInDays = 3650 }, "1 to 366 days"),
            (bob, new { name = "", scopes = new[] { "runs:read" } }, "needs a name"),
        })
        {
            using var answer = await client.PostAsJsonAsync("/api/keys", body, Cancellation);
            (await answer.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain(problem);
        }
    }

    [Fact]
    public async Task A_key_revokes_itself_and_no_other()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        var (other, _, _) = await server.KeyAsync(ann, 30, "runs:read");
        var (own, _, program) = await server.KeyAsync(ann, 30, "runs:read", "users:manage");

        using var refused = await program.DeleteAsync(new Uri($"/api/keys/{other}", UriKind.Relative), Cancellation);
        using var revoked = await program.DeleteAsync(new Uri($"/api/keys/{own}", UriKind.Relative), Cancellation);

        (await refused.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("no other key than itself");
        revoked.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await ann.JsonAsync("/api/keys")).GetProperty("items").EnumerateArray().Single().GetProperty("id").GetString().ShouldBe(other);
    }

    [Fact]
    public async Task A_key_that_manages_users_gives_nobody_a_role_or_password_unless_it_may_do_everything()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var bob = await server.UserAsync(ann, "bob", "viewer");
        var (_, _, narrow) = await server.KeyAsync(ann, 30, "users:manage");
        var (_, _, full) = await server.KeyAsync(ann, 30, [.. Permissions.All]);
        var user = new { name = "eve", password = Accounts.Password, roles = new[] { "administrator" } };

        using var created = await narrow.PostAsJsonAsync("/api/users", user, Cancellation);
        using var promoted = await narrow.ChangeAsync("bob", new { roles = new[] { "administrator" } });
        using var reset = await narrow.ChangeAsync("ann", new { password = "another long password" });
        foreach (var answer in new[] { created, promoted, reset })
        {
            (await answer.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("An API key creates no users and changes no roles and passwords");
        }

        using var keptOut = await narrow.ChangeAsync("bob", new { isDisabled = true });
        keptOut.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var byFull = await full.PostAsJsonAsync("/api/users", user, Cancellation);
        byFull.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_password_set_by_an_administrator_ends_the_user_s_keys_and_says_so_in_the_audit_log()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var bob = await server.UserAsync(ann, "bob", "viewer");
        var (id, _, thief) = await server.KeyAsync(bob, 30, "runs:read");
        var (_, _, anns) = await server.KeyAsync(ann, 30, "runs:read");
        (await thief.StatusAsync("/api/runs")).ShouldBe(HttpStatusCode.OK);

        using var reset = await ann.ChangeAsync("bob", new { password = "another long password" });

        reset.StatusCode.ShouldBe(HttpStatusCode.OK, await reset.TextAsync());
        (await thief.StatusAsync("/api/runs")).ShouldBe(HttpStatusCode.Unauthorized);
        (await anns.StatusAsync("/api/runs")).ShouldBe(HttpStatusCode.OK);
        (await ann.JsonAsync("/api/audit?action=api-key.revoke")).GetProperty("items").EnumerateArray().Single().GetProperty("subject").GetString().ShouldBe(id);
    }

    [Fact]
    public async Task Nobody_sees_or_revokes_another_user_s_keys_but_an_administrator()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var bob = await server.UserAsync(ann, "bob", "viewer");
        var (anns, _, _) = await server.KeyAsync(ann, 30, "runs:read");
        var (bobs, _, _) = await server.KeyAsync(bob, 30, "runs:read");

        (await bob.JsonAsync("/api/keys")).GetProperty("items").EnumerateArray().Single().GetProperty("id").GetString().ShouldBe(bobs);
        (await bob.StatusAsync("/api/keys?all=true")).ShouldBe(HttpStatusCode.Forbidden);
        using var refused = await bob.DeleteAsync(new Uri($"/api/keys/{anns}", UriKind.Relative), Cancellation);
        refused.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await ann.JsonAsync("/api/keys?all=true")).GetProperty("items").EnumerateArray().Select(key => key.GetProperty("owner").GetString()).Order().ShouldBe(["ann", "bob"]);
        using var revoked = await ann.DeleteAsync(new Uri($"/api/keys/{bobs}", UriKind.Relative), Cancellation);
        revoked.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }
}
