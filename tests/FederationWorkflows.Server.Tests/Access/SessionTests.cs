using System.Net;
using System.Net.Http.Json;
using FederationWorkflows.Server.Access.Sessions;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Server.Tests.Access;

public sealed class SessionTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("server-sessions-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("unused for nine hours", "09:00:00", 1, HttpStatusCode.Unauthorized)]
    [InlineData("used every six hours for five days", "06:00:00", 20, HttpStatusCode.OK)]
    [InlineData("used every six hours for eight days", "06:00:00", 32, HttpStatusCode.Unauthorized)]
    public async Task A_session_lasts_while_it_is_used_and_not_for_ever(string what, string step, int times, HttpStatusCode expected)
    {
        var clock = new Clock();
        await using var server = await Accounts.StartAsync(clock);
        using var ann = await server.AdministratorAsync();
        var status = HttpStatusCode.OK;
        for (var i = 0; i < times && status == HttpStatusCode.OK; i++)
        {
            clock.Advance(TimeSpan.Parse(step, System.Globalization.CultureInfo.InvariantCulture));
            status = await ann.StatusAsync("/api/me");
        }

        status.ShouldBe(expected, what);
    }

    [Theory]
    [InlineData("/api/sign-out")]
    [InlineData("/sign-out")]
    public async Task A_copied_cookie_is_worth_nothing_after_its_session_was_signed_out(string path)
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var elsewhere = server.NewClient();
        using var other = await elsewhere.SignInAsync("ann");
        using var browser = new Browser(server.Address);
        using var signedIn = await browser.SubmitAsync("/sign-in", "sign-in", ("name", "ann"), ("password", Accounts.Password));
        using var thief = server.NewClient();
        thief.DefaultRequestHeaders.Add("Cookie", signedIn.Headers.GetValues("Set-Cookie").Single(cookie => cookie.StartsWith("fedflow-session=", StringComparison.Ordinal)).Split(';')[0]);
        (await thief.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.OK);

        using var ended = path == "/sign-out" ? await browser.SubmitAsync("/account", "sign-out") : await thief.PostAsync(new Uri(path, UriKind.Relative), null, Cancellation);

        ended.IsSuccessStatusCode.ShouldBe(path != "/sign-out", await ended.TextAsync());
        (await thief.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.Unauthorized);
        (await elsewhere.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.OK, "her other session goes on");
    }

    [Fact]
    public async Task Ended_sessions_are_remembered_one_by_one_up_to_a_bound_and_none_comes_back_beyond_it()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        var users = server.Services.GetRequiredService<UserDirectory>();
        var id = await ann.IdOfAsync("ann");
        for (var i = 0; i < UserDirectory.MostEndedSessions; i++)
        {
            await users.EndSessionAsync(id, $"session{i}", DateTimeOffset.UtcNow.AddDays(1), Cancellation);
        }

        (await ann.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.OK);
        (await users.FindAsync(id, Cancellation))!.EndedSessions.Count.ShouldBe(UserDirectory.MostEndedSessions);
        await users.EndSessionAsync(id, "one more", DateTimeOffset.UtcNow.AddDays(1), Cancellation);

        (await ann.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.Unauthorized);
        (await users.FindAsync(id, Cancellation))!.EndedSessions.ShouldBeEmpty();
    }

    [Fact]
    public async Task Sessions_end_when_an_administrator_changes_the_user()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        object[] changes = [new { roles = new[] { "operator" } }, new { isDisabled = true }, new { password = "another long password" }];
        for (var i = 0; i < changes.Length; i++)
        {
            using var user = await server.UserAsync(ann, $"user{i}", "viewer");
            (await user.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.OK);

            using var changed = await ann.ChangeAsync($"user{i}", changes[i]);

            changed.StatusCode.ShouldBe(HttpStatusCode.OK, await changed.TextAsync());
            (await user.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.Unauthorized, changes[i].ToString());
        }
    }

    [Fact]
    public async Task A_changed_password_ends_the_other_sessions_and_not_this_one()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var elsewhere = server.NewClient();
        using var signedIn = await elsewhere.SignInAsync("ann");

        using var wrong = await ann.PutAsJsonAsync("/api/me/password", new { oldPassword = "wrong", newPassword = "another long password" }, Cancellation);
        using var changed = await ann.PutAsJsonAsync("/api/me/password", new { oldPassword = Accounts.Password, newPassword = "another long password" }, Cancellation);

        (await wrong.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldBe("The present password is wrong.");
        changed.StatusCode.ShouldBe(HttpStatusCode.NoContent, await changed.TextAsync());
        (await ann.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.OK);
        (await elsewhere.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.Unauthorized);
        using var old = await elsewhere.SignInAsync("ann");
        old.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var anew = await elsewhere.SignInAsync("ann", "another long password");
        anew.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_present_password_cannot_be_guessed_in_a_session_for_long()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var browser = new Browser(server.Address);
        using var signedIn = await browser.SubmitAsync("/sign-in", "sign-in", ("name", "ann"), ("password", Accounts.Password));
        for (var i = 0; i < SignInThrottle.PerUserAndAddress; i++)
        {
            using var wrong = await ann.PutAsJsonAsync("/api/me/password", new { oldPassword = "wrong", newPassword = "another long password" }, Cancellation);
            wrong.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        }

        using var refused = await ann.PutAsJsonAsync("/api/me/password", new { oldPassword = Accounts.Password, newPassword = "another long password" }, Cancellation);
        using var page = await browser.SubmitAsync("/account", "account/password", ("old", Accounts.Password), ("password", "another long password"), ("repeated", "another long password"));

        (await refused.ShouldBeProblemAsync(HttpStatusCode.TooManyRequests)).ShouldContain("too many attempts");
        refused.Headers.RetryAfter!.Delta!.Value.TotalMinutes.ShouldBeInRange(10, 15);
        page.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        page.Headers.RetryAfter.ShouldNotBeNull();
    }

    [Fact]
    public async Task Sessions_and_users_outlive_a_restart()
    {
        HttpClient ann;
        string cookie;
        await using (var server = await StartAsync())
        {
            ann = await server.AdministratorAsync();
            using var answer = await server.Client.SignInAsync("ann");
            cookie = answer.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        }

        ann.Dispose();
        await using var again = await StartAsync();
        again.Client.DefaultRequestHeaders.Add("Cookie", cookie);
        (await again.GetJsonAsync("/api/me")).GetProperty("name").GetString().ShouldBe("ann");
        (await again.GetJsonAsync("/api/audit?action=user.create")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData("POST", "Sec-Fetch-Site", "cross-site", HttpStatusCode.Unauthorized)]
    [InlineData("POST", "Sec-Fetch-Site", "same-site", HttpStatusCode.Unauthorized)]
    [InlineData("POST", "Origin", "https://evil.example", HttpStatusCode.Unauthorized)]
    [InlineData("POST", "Origin", "null", HttpStatusCode.Unauthorized)]
    [InlineData("DELETE", "Sec-Fetch-Site", "cross-site", HttpStatusCode.Unauthorized)]
    [InlineData("POST", "Sec-Fetch-Site", "same-origin", HttpStatusCode.NotFound)]
    [InlineData("GET", "Sec-Fetch-Site", "cross-site", HttpStatusCode.NotFound)]
    public async Task A_session_counts_for_no_change_that_another_site_s_page_asks_for(string method, string header, string value, HttpStatusCode expected)
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        var path = method switch { "POST" => "/api/runs/none/retry", "DELETE" => "/api/users/none", _ => "/api/users/none" };
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        request.Headers.Add(header, value);

        using var answer = await ann.SendAsync(request, Cancellation);

        answer.StatusCode.ShouldBe(expected, await answer.TextAsync());
    }

    [Fact]
    public async Task A_session_opens_no_socket_for_another_site_s_page()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/api/me", UriKind.Relative));
        request.Headers.Add("Upgrade", "websocket");
        request.Headers.Add("Connection", "Upgrade");
        request.Headers.Add("Origin", "https://evil.example");

        using var answer = await ann.SendAsync(request, Cancellation);

        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("fedflow-session=CfDJ8forged")]
    [InlineData("fedflow-session=")]
    public async Task A_forged_session_is_nobodys(string cookie)
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        server.Client.DefaultRequestHeaders.Add("Cookie", cookie);
        (await server.Client.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    private Task<ServerUnderTest> StartAsync() => Accounts.StartAsync(settings: new Dictionary<string, string?>
    {
        ["Storage:Mode"] = "Sqlite",
        ["Storage:DataDirectory"] = Path.Combine(folder, "data"),
        ["Storage:Key:File"] = Key(),
    });

    private string Key()
    {
        var file = Path.Combine(folder, "wrapping.key");
        if (!File.Exists(file))
        {
            File.WriteAllText(file, Convert.ToBase64String(new byte[32]));
        }

        return file;
    }
}
