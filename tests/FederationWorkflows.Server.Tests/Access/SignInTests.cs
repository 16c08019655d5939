using System.Net;
using System.Net.Http.Json;
using FederationWorkflows.Server.Access.Sessions;
using FederationWorkflows.Server.Access.Users;
using FederationWorkflows.Server.Pages.Access;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Server.Tests.Access;

public sealed class SignInTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_start_tells_a_link_where_the_administrator_is_made_once()
    {
        using var log = new LinkLog();
        await using var server = await Accounts.StartAsync(configure: builder => builder.Logging.AddProvider(log));
        var link = await log.Link.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
        using var browser = new Browser(server.Address);

        using var refused = await browser.SubmitAsync(link.PathAndQuery, "set-up", ("name", "ann"), ("password", "short"), ("repeated", "short"));
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await refused.TextAsync()).ShouldContain("at least 12 characters");
        using var made = await browser.SubmitAsync(link.PathAndQuery, "set-up", ("name", "ann"), ("password", Accounts.Password), ("repeated", Accounts.Password));
        (made.StatusCode, made.Headers.Location!.OriginalString).ShouldBe((HttpStatusCode.SeeOther, "/"));
        (await browser.ShownAsync("/account")).ShouldContain("administrator");

        using var again = await browser.OpenAsync(link.PathAndQuery);
        again.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var late = await server.Services.GetRequiredService<SetUp>().NewTokenAsync(Cancellation);
        using var second = await server.Client.PostAsJsonAsync("/api/set-up", new { token = late, name = "eve", password = Accounts.Password }, Cancellation);
        second.StatusCode.ShouldBe(HttpStatusCode.NotFound, "there is a user");
    }

    [Fact]
    public async Task Of_two_who_set_up_at_once_one_becomes_the_administrator()
    {
        await using var server = await Accounts.StartAsync();
        var setUp = server.Services.GetRequiredService<SetUp>();
        string[] tokens = [await setUp.NewTokenAsync(Cancellation), await setUp.NewTokenAsync(Cancellation)];

        var answers = await Task.WhenAll(tokens.Select(token => server.Client.PostAsJsonAsync("/api/set-up", new { token, name = "u" + token[..5].Replace('-', 'x'), password = Accounts.Password }, Cancellation)));

        answers.Count(answer => answer.StatusCode == HttpStatusCode.Created).ShouldBe(1);
        (await server.Services.GetRequiredService<UserDirectory>().ListAsync(Cancellation)).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(23, HttpStatusCode.Created)]
    [InlineData(25, HttpStatusCode.NotFound)]
    public async Task A_set_up_link_works_for_a_day(int hours, HttpStatusCode expected)
    {
        var clock = new Clock();
        await using var server = await Accounts.StartAsync(clock);
        var token = await server.Services.GetRequiredService<SetUp>().NewTokenAsync(Cancellation);
        clock.Advance(TimeSpan.FromHours(hours));

        using var answer = await server.Client.PostAsJsonAsync("/api/set-up", new { token, name = "ann", password = Accounts.Password }, Cancellation);

        answer.StatusCode.ShouldBe(expected);
    }

    [Fact]
    public async Task Who_signs_in_is_known_with_his_roles_until_he_signs_out()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var bob = await server.UserAsync(ann, "Bob", "author", "operator");

        var me = await bob.JsonAsync("/api/me");
        me.GetProperty("name").GetString().ShouldBe("Bob");
        me.GetProperty("roles").GetRawText().ShouldBe("""["author","operator"]""");
        me.GetProperty("permissions").GetRawText().ShouldContain("stories:write");
        me.GetProperty("permissions").GetRawText().ShouldNotContain("users:manage");
        (await bob.StatusAsync("/api/runs")).ShouldBe(HttpStatusCode.OK);
        (await bob.StatusAsync("/api/users")).ShouldBe(HttpStatusCode.Forbidden);

        using var ended = await bob.PostAsync(new Uri("/api/sign-out", UriKind.Relative), null, Cancellation);
        ended.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await bob.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites_forms()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var answer = await server.Client.SignInAsync("ann");

        var cookie = answer.Headers.GetValues("Set-Cookie").Single();

        cookie.ShouldContain("; httponly", Case.Insensitive);
        cookie.ShouldContain("; samesite=lax", Case.Insensitive);
        cookie.ShouldContain("; path=/", Case.Insensitive);
    }

    [Theory]
    [InlineData("ann", "wrong horse battery")]
    [InlineData("nobody", Accounts.Password)]
    [InlineData("kept-out", Accounts.Password)]
    [InlineData("", "")]
    public async Task Who_is_refused_is_not_told_why(string name, string password)
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var other = await server.UserAsync(ann, "kept-out", "viewer");
        using var changed = await ann.ChangeAsync("kept-out", new { isDisabled = true });

        using var answer = await server.Client.SignInAsync(name, password);

        (await answer.ShouldBeProblemAsync(HttpStatusCode.Unauthorized)).ShouldBe("Name or password is wrong.");
        answer.Headers.Contains("Set-Cookie").ShouldBeFalse();
    }

    [Theory]
    [InlineData("/api/sign-in")]
    [InlineData("/api/set-up")]
    public async Task What_everybody_may_send_is_small(string path)
    {
        await using var server = await Accounts.StartAsync();

        using var large = await server.Client.PostAsJsonAsync(path, new { name = "ann", password = Accounts.Password, token = new string('x', 70_000) }, Cancellation);

        large.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task A_name_that_is_too_long_is_refused_before_anything()
    {
        await using var server = await Accounts.StartAsync();
        var name = new string('a', 101);

        using var signIn = await server.Client.SignInAsync(name);
        using var setUp = await server.Client.PostAsJsonAsync("/api/set-up", new { token = "none", name, password = Accounts.Password }, Cancellation);

        signIn.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await setUp.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain("1 to 100 characters");
    }

    [Theory]
    [InlineData("X-Original-For", "203.0.113.7")]
    [InlineData("X-Original-Proto", "https")]
    [InlineData("X-Original-Prefix", "/flows")]
    [InlineData("X-Forwarded-Prefix", "/flows")]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    public async Task What_a_proxy_passed_on_is_no_local_caller_s(string header, string value)
    {
        await using var server = await ServerUnderTest.StartAsync([], new Dictionary<string, string?> { ["SignIn:TrustLocalCallers"] = "true" });
        using var client = server.NewClient();
        (await client.StatusAsync("/api/users")).ShouldBe(HttpStatusCode.OK);
        client.DefaultRequestHeaders.Add(header, value);

        (await client.StatusAsync("/api/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_name_is_the_same_in_any_case()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var answer = await server.Client.SignInAsync("ANN");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("bob", "elevenchars", "at least 12 characters")]
    [InlineData("barbara", "barbara-barbara", "must not contain the user's name")]
    [InlineData("bob", "aaaaaaaaaaaaaa", "repeats the same few characters")]
    [InlineData("bob", null, "at least 12 characters")]
    [InlineData("", Accounts.Password, "1 to 100 characters")]
    [InlineData("a b", Accounts.Password, "1 to 100 characters")]
    [InlineData("system", Accounts.Password, "what the server calls somebody else")]
    [InlineData("Webhook", Accounts.Password, "what the server calls somebody else")]
    [InlineData("schedule", Accounts.Password, "what the server calls somebody else")]
    public async Task A_user_needs_a_name_and_a_password_that_holds(string name, string? password, string problem)
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();

        using var answer = await ann.PostAsJsonAsync("/api/users", new { name, password, roles = new[] { "viewer" } }, Cancellation);

        (await answer.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain(problem);
        (await ann.JsonAsync("/api/users")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Passwords_cannot_be_tried_for_long_and_the_right_one_does_not_get_around_that()
    {
        var clock = new Clock();
        await using var server = await Accounts.StartAsync(clock);
        using var ann = await server.AdministratorAsync();
        for (var i = 0; i < SignInThrottle.PerUserAndAddress; i++)
        {
            using var wrong = await server.Client.SignInAsync("ann", "wrong horse battery");
            wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }

        using var refused = await server.Client.SignInAsync("Ann");
        (await refused.ShouldBeProblemAsync(HttpStatusCode.TooManyRequests)).ShouldContain("too many attempts");
        refused.Headers.RetryAfter!.Delta!.Value.TotalMinutes.ShouldBeInRange(10, 15);
        (await ann.StatusAsync("/api/me")).ShouldBe(HttpStatusCode.OK, "sessions go on");

        clock.Advance(TimeSpan.FromMinutes(16));
        using var later = await server.Client.SignInAsync("ann");
        later.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public void Attempts_are_bounded_for_a_user_from_an_address_for_a_user_and_for_an_address()
    {
        var throttle = new SignInThrottle(new Clock());
        Attempts(SignInThrottle.PerUserAndAddress + 5, _ => "ann", _ => "10.0.0.1").ShouldBe(SignInThrottle.PerUserAndAddress);
        throttle.Begin("ann", IPAddress.Parse("10.0.0.2")).ShouldBeNull("somebody else's failures keep nobody out");
        Attempts(SignInThrottle.PerUser + 5, _ => "bob", i => $"10.1.{i}.1").ShouldBe(SignInThrottle.PerUser);
        Attempts(SignInThrottle.PerAddress + 5, i => $"user{i}", _ => "10.2.0.1").ShouldBe(SignInThrottle.PerAddress);
        Attempts(SignInThrottle.PerAddress + 5, i => $"other{i}", i => $"2001:db8::{i + 1:x}").ShouldBe(SignInThrottle.PerAddress, "a network of IPv6 is one caller's");

        int Attempts(int count, Func<int, string> name, Func<int, string> address) => Enumerable.Range(0, count).Count(i => throttle.Begin(name(i), IPAddress.Parse(address(i))) is null);
    }

    [Theory]
    [InlineData("/runs/1?step=2", "runs/1?step=2")]
    [InlineData("/", "")]
    [InlineData("//evil.example", "")]
    [InlineData("/\\evil.example", "")]
    [InlineData("https://evil.example/", "")]
    [InlineData("javascript:alert(1)", "")]
    [InlineData("/a\r\nSet-Cookie: x", "")]
    [InlineData(null, "")]
    public void Signing_in_leads_back_to_a_page_of_this_site_and_nowhere_else(string? asked, string path) => LocalAddress.Check(asked).ShouldBe(path);

    [Fact]
    public async Task A_page_leads_to_the_sign_in_page_and_back()
    {
        await using var server = await Accounts.StartAsync();
        using var ann = await server.AdministratorAsync();
        using var browser = new Browser(server.Address);

        using var led = await browser.OpenAsync("/audit?actor=ann");
        (led.StatusCode, led.Headers.Location!.OriginalString).ShouldBe((HttpStatusCode.Redirect, "/sign-in?returnUrl=%2Faudit%3Factor%3Dann"));
        using var wrong = await browser.SubmitAsync(led.Headers.Location.OriginalString, "sign-in", ("name", "ann"), ("password", "wrong"));
        wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await wrong.TextAsync()).ShouldContain("Name or password is wrong.");
        using var signedIn = await browser.SubmitAsync(led.Headers.Location.OriginalString, "sign-in", ("name", "ann"), ("password", Accounts.Password));

        (signedIn.StatusCode, signedIn.Headers.Location!.OriginalString).ShouldBe((HttpStatusCode.SeeOther, "/audit?actor=ann"));
        (await browser.ShownAsync("/audit?actor=ann")).ShouldContain("session.begin");
    }

    [Fact]
    public async Task A_program_that_is_not_signed_in_is_told_how()
    {
        await using var server = await Accounts.StartAsync();
        using var answer = await server.GetAsync("/api/runs");
        (await answer.ShouldBeProblemAsync(HttpStatusCode.Unauthorized)).ShouldContain("fedflow login");
        answer.Headers.WwwAuthenticate.Single().Scheme.ShouldBe("ApiKey");
    }

    private sealed class LinkLog : ILoggerProvider, ILogger
    {
        private readonly TaskCompletionSource<Uri> link = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Uri> Link => link.Task;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception) is var line && line.IndexOf("http", StringComparison.Ordinal) is >= 0 and var at && line.Contains("/set-up?token=", StringComparison.Ordinal))
            {
                link.TrySetResult(new Uri(line[at..]));
            }
        }

        public void Dispose()
        {
        }
    }
}
