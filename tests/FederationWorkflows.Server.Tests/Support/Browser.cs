using System.Net;
using System.Text.RegularExpressions;

namespace FederationWorkflows.Server.Tests.Support;

/// <summary>Keeps cookies as a browser does, sends what a browser sends, and submits the forms it was shown. Redirects are the test's to follow.</summary>
internal sealed partial class Browser : IDisposable
{
    private readonly HttpClient client;

    public Browser(Uri address) => client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, CookieContainer = Cookies }) { BaseAddress = address };

    public CookieContainer Cookies { get; } = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public Task<HttpResponseMessage> OpenAsync(string path) => OpenAsync(new Uri(path, UriKind.RelativeOrAbsolute));

    public async Task<HttpResponseMessage> OpenAsync(Uri address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        return await client.SendAsync(request, Cancellation);
    }

    public async Task<string> ShownAsync(string path)
    {
        using var answer = await OpenAsync(path);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        return await answer.TextAsync();
    }

    /// <summary>Fills in a form of a page and sends it, with what is hidden in the form.</summary>
    public async Task<HttpResponseMessage> SubmitAsync(string page, string action, params (string Name, string Value)[] fields)
    {
        var text = await ShownAsync(page);
        var form = FormPattern().Matches(text).Select(match => match.Value).Single(form => form.Contains($"action=\"{action}\"", StringComparison.Ordinal));
        var hidden = HiddenPattern().Matches(form).Select(match => (WebUtility.HtmlDecode(match.Groups[1].Value), WebUtility.HtmlDecode(match.Groups[2].Value)));
        using var content = new FormUrlEncodedContent(hidden.Concat(fields).Select(field => KeyValuePair.Create(field.Item1, field.Item2)));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/" + action, UriKind.Relative)) { Content = content };
        request.Headers.Add("Origin", client.BaseAddress!.GetLeftPart(UriPartial.Authority));
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        return await client.SendAsync(request, Cancellation);
    }

    public void Dispose() => client.Dispose();

    [GeneratedRegex("<form.*?</form>", RegexOptions.Singleline)]
    private static partial Regex FormPattern();

    [GeneratedRegex("<input type=\"hidden\"[^>]*? name=\"([^\"]+)\"[^>]*? value=\"([^\"]*)\"")]
    private static partial Regex HiddenPattern();
}
