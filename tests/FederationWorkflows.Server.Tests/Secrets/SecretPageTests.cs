using System.Net;
using System.Text.RegularExpressions;
using FederationWorkflows.Server.Tests.Support;

namespace FederationWorkflows.Server.Tests.Secrets;

/// <summary>Secrets in the browser.</summary>
public sealed partial class SecretPageTests
{
    private const string Canary = "canary-40be1c";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_secret_is_made_rotated_revoked_and_deleted_by_forms_and_never_shown()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var pages = new List<string>();
        await SubmitAsync("/secrets", "/secrets", HttpStatusCode.SeeOther, ("name", "git-hub"), ("description", "<b>for</b> pulls"), ("value", Canary));
        await SubmitAsync("/secrets", "/secrets", HttpStatusCode.BadRequest, ("name", "git-hub"), ("value", Canary));
        await SubmitAsync("/secrets", "/secrets", HttpStatusCode.BadRequest, ("name", "1"), ("value", Canary), ("expiresAt", "soon"));
        await SubmitAsync("/secrets/git-hub", "/secrets/git-hub/rotate", HttpStatusCode.SeeOther, ("value", Canary + "2"), ("expiresAt", "2999-01-01T00:00"), ("overlap", "01:00:00"));
        (await server.GetJsonAsync("/elsa/api/secrets/git-hub")).GetProperty("currentVersion").GetInt32().ShouldBe(2);
        await SubmitAsync("/secrets/git-hub", "/secrets/git-hub/revoke", HttpStatusCode.SeeOther, ("confirmed", "yes"));
        (await server.GetJsonAsync("/elsa/api/secrets/git-hub")).GetProperty("status").GetString().ShouldBe("Revoked");
        await SubmitAsync("/secrets/git-hub", "/secrets/git-hub/delete", HttpStatusCode.SeeOther, ("confirmed", "yes"));
        using var gone = await server.GetAsync("/secrets/git-hub");
        gone.StatusCode.ShouldBe(HttpStatusCode.NotFound);

        foreach (var page in pages)
        {
            page.ShouldNotContain(Canary);
            page.ShouldNotContain("<script>");
            page.ShouldNotContain("style=");
            page.ShouldNotContain("<b>for</b>");
        }

        using var forged = new HttpRequestMessage(HttpMethod.Post, new Uri("/secrets", UriKind.Relative)) { Content = new FormUrlEncodedContent([new("name", "x"), new("value", "y")]) };
        using var refused = await server.Client.SendAsync(forged, Cancellation);
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest, "a form without its token is somebody else's");

        async Task SubmitAsync(string page, string action, HttpStatusCode status, params (string Name, string Value)[] fields)
        {
            using var shown = await server.GetAsync(page);
            var html = await shown.TextAsync();
            shown.StatusCode.ShouldBe(HttpStatusCode.OK, html);
            pages.Add(html);
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(action, UriKind.Relative));
            request.Content = new FormUrlEncodedContent([.. fields.Select(field => KeyValuePair.Create(field.Name, field.Value)), new("__RequestVerificationToken", TokenPattern().Match(html).Groups[1].Value)]);
            using var answer = await server.Client.SendAsync(request, Cancellation);
            answer.StatusCode.ShouldBe(status, await answer.TextAsync());
            pages.Add(await answer.TextAsync());
        }
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"")]
    private static partial Regex TokenPattern();
}
