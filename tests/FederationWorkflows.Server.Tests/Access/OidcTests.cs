using System.Net;
using System.Web;
using FederationWorkflows.Server.Tests.Access.OidcProvider;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Server.Tests.Access;

/// <summary>Signing in with a provider, by real redirects between a real provider and the server.</summary>
public sealed class OidcTests(OidcProviderProcess provider)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_the_provider_vouches_for_is_signed_in_with_the_roles_its_claims_give()
    {
        await using var server = await StartAsync();
        using var ann = await server.AdministratorAsync();
        using var browser = new Browser(server.Address);
        await provider.ClaimAsync(new { email = "eva@example.com", email_verified = true, groups = new[] { "on-call", "chess" } });
        (await browser.ShownAsync("/sign-in?returnUrl=%2Faccount")).ShouldContain("href=\"sign-in/provider?returnUrl=%2Faccount\"");

        using var done = await SignInAsync(browser, "/sign-in/provider?returnUrl=%2Faccount");

        done.StatusCode.ShouldBe(HttpStatusCode.Redirect, await done.TextAsync());
        done.Headers.Location!.OriginalString.ShouldBe("/account");
        var page = await browser.ShownAsync("/account");
        page.ShouldContain("eva@example.com");
        page.ShouldContain("operator");
        page.ShouldNotContain("Present password");

        await provider.ClaimAsync(new { email = "eva@example.com", email_verified = true, groups = new[] { "platform" } });
        using var again = new Browser(server.Address);
        using var anew = await SignInAsync(again, "/sign-in/provider");
        (await again.ShownAsync("/users")).ShouldContain("eva@example.com");
        using var old = await browser.OpenAsync("/account");
        old.StatusCode.ShouldBe(HttpStatusCode.Redirect, "other roles, so the session before has ended");
        (await ann.JsonAsync("/api/users")).GetProperty("items").GetArrayLength().ShouldBe(2);
        (await ann.JsonAsync("/api/audit?actor=eva@example.com")).GetProperty("items").EnumerateArray().Select(entry => entry.GetProperty("action").GetString()).Reverse()
            .ShouldBe(["user.create", "session.begin", "user.change", "session.begin"]);
    }

    [Theory]
    [InlineData("""{"email":"eva@example.com","email_verified":true,"groups":["chess"]}""", "You have no role here.")]
    [InlineData("""{"email":"eva@elsewhere.example","email_verified":true,"groups":["on-call"]}""", "a verified e-mail address of certain domains")]
    [InlineData("""{"email":"eva@example.com","email_verified":false,"groups":["on-call"]}""", "a verified e-mail address of certain domains")]
    [InlineData("""{"email":"ann@example.com","email_verified":true,"groups":["on-call"]}""", "There is another user called ann@example.com")]
    [InlineData("""{"groups":["on-call"]}""", "is no name for a user here")]
    [InlineData("""{"email":"eva@example.com","email_verified":true,"groups":["on-call"],"nonce":"another"}""", "does not count")]
    [InlineData("""{"email":"eva@example.com","email_verified":true,"groups":["on-call"],"aud":"another"}""", "does not count")]
    [InlineData("""{"email":"eva@example.com","email_verified":true,"groups":["on-call"],"azp":"another"}""", "does not count")]
    [InlineData("""{"email":"eva@example.com","email_verified":true,"groups":["on-call"],"iss":"https://evil.example"}""", "does not count")]
    [InlineData("""{"email":"eva@example.com","email_verified":true,"groups":["on-call"],"exp":1700000000}""", "does not count")]
    public async Task Who_is_not_let_in_is_told_what_concerns_him(string claims, string problem)
    {
        await using var server = await StartAsync();
        using var ann = await server.AdministratorAsync();
        using var other = await server.UserAsync(ann, "ann@example.com", "viewer");
        using var browser = new Browser(server.Address);
        await provider.ClaimAsync(System.Text.Json.JsonDocument.Parse(claims).RootElement);

        using var refused = await SignInAsync(browser, "/sign-in/provider");

        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await refused.TextAsync()).ShouldContain(problem);
        (await ann.JsonAsync("/api/users")).GetProperty("items").GetArrayLength().ShouldBe(2);
        using var account = await browser.OpenAsync("/account");
        account.StatusCode.ShouldBe(HttpStatusCode.Redirect);
    }

    [Theory]
    [InlineData("""{"email":"eva@example.com","groups":["on-call"]}""")]
    [InlineData("""{"email":"eva@example.com","email_verified":false,"groups":["on-call"]}""")]
    [InlineData("""{"email":"eva@example.com","email_verified":"true","groups":["on-call"]}""")]
    public async Task An_e_mail_address_is_a_name_only_where_the_provider_verified_it(string claims)
    {
        var settings = Settings(await provider.StartAsync(Cancellation));
        settings.Remove("SignIn:Oidc:AllowedDomains:0");
        await using var server = await Accounts.StartAsync(settings: settings);
        using var browser = new Browser(server.Address);
        await provider.ClaimAsync(System.Text.Json.JsonDocument.Parse(claims).RootElement);

        using var refused = await SignInAsync(browser, "/sign-in/provider");

        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await refused.TextAsync()).ShouldContain("email_verified");
    }

    [Fact]
    public async Task Set_up_goes_on_until_there_is_an_administrator_whoever_came_by_provider_before()
    {
        await using var server = await StartAsync();
        using var browser = new Browser(server.Address);
        await provider.ClaimAsync(new { email = "eva@example.com", email_verified = true, groups = new[] { "on-call" } });
        using var signedIn = await SignInAsync(browser, "/sign-in/provider");
        signedIn.StatusCode.ShouldBe(HttpStatusCode.Redirect, await signedIn.TextAsync());

        using var ann = await server.AdministratorAsync();

        (await ann.JsonAsync("/api/users")).GetProperty("items").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task A_token_that_the_provider_did_not_sign_signs_nobody_in()
    {
        await using var server = await StartAsync();
        using var browser = new Browser(server.Address);
        await provider.ClaimAsync(new { email = "eva@example.com", email_verified = true, groups = new[] { "platform" } }, forge: true);

        using var refused = await SignInAsync(browser, "/sign-in/provider");

        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task An_answer_of_the_provider_counts_for_who_asked_and_nobody_else()
    {
        await using var server = await StartAsync();
        using var victim = new Browser(server.Address);
        using var attacker = new Browser(server.Address);
        await provider.ClaimAsync(new { email = "mallory@example.com", email_verified = true, groups = new[] { "on-call" } });
        var callback = await CallbackAsync(attacker, "/sign-in/provider");

        using var refused = await victim.OpenAsync(callback.PathAndQuery);

        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var account = await victim.OpenAsync("/account");
        account.StatusCode.ShouldBe(HttpStatusCode.Redirect);
    }

    [Theory]
    [InlineData("?state=x")]
    [InlineData("?state=x&code=y")]
    [InlineData("?error=access_denied&state=x")]
    [InlineData("")]
    public async Task An_answer_to_nothing_is_neither_audited_nor_worth_a_call_to_the_provider(string query)
    {
        await using var nobody = await SilentProvider.StartAsync();
        await using var server = await Accounts.StartAsync(settings: Settings(nobody.Address));
        using var ann = await server.AdministratorAsync();
        using var stranger = new Browser(server.Address);
        var before = (await ann.JsonAsync("/api/audit")).GetProperty("items").GetArrayLength();

        using var refused = await stranger.OpenAsync("/sign-in/provider/callback" + query);

        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        nobody.Calls.ShouldBe(0);
        (await ann.JsonAsync("/api/audit")).GetProperty("items").GetArrayLength().ShouldBe(before);
    }

    [Fact]
    public async Task A_sign_in_that_began_here_and_failed_is_audited()
    {
        await using var server = await StartAsync();
        using var ann = await server.AdministratorAsync();
        using var browser = new Browser(server.Address);
        await provider.ClaimAsync(new { email = "eva@example.com", email_verified = true, groups = new[] { "chess" } });

        using var refused = await SignInAsync(browser, "/sign-in/provider");

        (await ann.JsonAsync("/api/audit?actor=system&action=session.begin")).GetProperty("items").EnumerateArray().Single().GetProperty("succeeded").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task A_provider_that_fails_is_asked_again_after_half_a_minute_only()
    {
        var clock = new Clock();
        await using var failing = await SilentProvider.StartAsync();
        await using var server = await Accounts.StartAsync(clock, Settings(failing.Address));
        using var browser = new Browser(server.Address);
        for (var i = 0; i < 3; i++)
        {
            using var answer = await browser.OpenAsync("/sign-in/provider");
            answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        }

        failing.Calls.ShouldBe(1);
        clock.Advance(TimeSpan.FromSeconds(31));
        using var later = await browser.OpenAsync("/sign-in/provider");

        failing.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task Asking_the_provider_uses_PKCE_a_state_and_a_nonce()
    {
        await using var server = await StartAsync();
        using var browser = new Browser(server.Address);

        using var led = await browser.OpenAsync("/sign-in/provider");

        var query = HttpUtility.ParseQueryString(led.Headers.Location!.Query);
        (query["code_challenge_method"], query["scope"], query["response_type"]).ShouldBe(("S256", "openid profile email", "code"));
        query["redirect_uri"].ShouldBe(new Uri(server.Address, "/sign-in/provider/callback").ToString());
        foreach (var name in new[] { "state", "nonce", "code_challenge" })
        {
            query[name]!.Length.ShouldBeGreaterThan(30, name);
        }
    }

    [Theory]
    [InlineData("SignIn:Oidc:Authority", "http://provider.example", "SignIn:Oidc:Authority must be an https URL")]
    [InlineData("SignIn:Oidc:ClientId", "", "SignIn:Oidc:ClientId is missing.")]
    [InlineData("SignIn:Oidc:ClientSecret", "", "SignIn:Oidc:ClientSecret or SignIn:Oidc:ClientSecretFile is missing.")]
    [InlineData("SignIn:Oidc:DefaultRoles:0", "king", "there is no role 'king'")]
    public async Task A_provider_that_is_not_configured_well_stops_the_start(string setting, string value, string problem)
    {
        var settings = Settings(new Uri("https://provider.example"));
        settings[setting] = value;

        var error = await Should.ThrowAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => Accounts.StartAsync(settings: settings));

        error.Message.ShouldContain(problem);
    }

    /// <summary>Answers every request with 500, and counts them.</summary>
    private sealed class SilentProvider(WebApplication application) : IAsyncDisposable
    {
        private int calls;

        public int Calls => Volatile.Read(ref calls);

        public Uri Address => new(application.Urls.Single());

        public static async Task<SilentProvider> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            var application = builder.Build();
            application.Urls.Add("http://127.0.0.1:0");
            var provider = new SilentProvider(application);
            application.Run(context =>
            {
                Interlocked.Increment(ref provider.calls);
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                return Task.CompletedTask;
            });
            await application.StartAsync(Cancellation);
            return provider;
        }

        public ValueTask DisposeAsync() => application.DisposeAsync();
    }

    private static Dictionary<string, string?> Settings(Uri issuer) => new()
    {
        ["SignIn:Oidc:Authority"] = issuer.GetLeftPart(UriPartial.Authority),
        ["SignIn:Oidc:Name"] = "Example",
        ["SignIn:Oidc:ClientId"] = "fedflow",
        ["SignIn:Oidc:ClientSecret"] = "canary-of-the-client",
        ["SignIn:Oidc:Roles:operator:0"] = "on-call",
        ["SignIn:Oidc:Roles:administrator:0"] = "platform",
        ["SignIn:Oidc:AllowedDomains:0"] = "example.com",
    };

    private async Task<ServerUnderTest> StartAsync() => await Accounts.StartAsync(settings: Settings(await provider.StartAsync(Cancellation)));

    /// <summary>From the button to the provider and back.</summary>
    private static async Task<HttpResponseMessage> SignInAsync(Browser browser, string path) =>
        await browser.OpenAsync((await CallbackAsync(browser, path)).PathAndQuery);

    /// <summary>Where the provider sends the browser.</summary>
    private static async Task<Uri> CallbackAsync(Browser browser, string path)
    {
        using var toProvider = await browser.OpenAsync(path);
        toProvider.StatusCode.ShouldBe(HttpStatusCode.Redirect, await toProvider.TextAsync());
        using var back = await browser.OpenAsync(toProvider.Headers.Location!);
        back.StatusCode.ShouldBe(HttpStatusCode.Redirect, await back.TextAsync());
        return back.Headers.Location!;
    }
}
