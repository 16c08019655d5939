using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Http.Endpoints;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.Http.Tests.Endpoints;

public sealed class HttpRequestReaderTests
{
    private static readonly HttpRequestLimits Limits = new() { MaxBodyBytes = 10_000, MaxFormFields = 5, MaxFieldNameLength = 50 };

    [Theory]
    [InlineData("application/json", """{"a":[1,"x"]}""", """{"a":[1,"x"]}""")]
    [InlineData("application/json; charset=utf-8", "\uFEFF{\"a\":1}", """{"a":1}""")]
    [InlineData("application/problem+json", """{"a":1}""", """{"a":1}""")]
    [InlineData("APPLICATION/JSON", "  true ", "true")]
    [InlineData("application/json", "\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\"")]
    [InlineData("application/x-www-form-urlencoded", "a=1&b=x+y%26z&b=2&c=", """{"a":"1","b":["x y\u0026z","2"],"c":""}""")]
    [InlineData("text/plain", "hällo", "\"h\\u00E4llo\"")]
    [InlineData("application/xml", "<a/>", "\"\\u003Ca/\\u003E\"")]
    [InlineData("application/atom+xml", "<a/>", "\"\\u003Ca/\\u003E\"")]
    public async Task A_body_is_read_by_its_content_type(string contentType, string body, string parsed)
    {
        var request = await ReadAsync(contentType, Encoding.UTF8.GetBytes(body));

        request.ParsedContent!.Value.GetRawText().ShouldBe(parsed);
        request.Body.ShouldBeNull();
        request.ContentLength.ShouldBe(Encoding.UTF8.GetByteCount(body));
    }

    [Theory]
    [InlineData("application/octet-stream")]
    [InlineData("image/png")]
    [InlineData(null)]
    public async Task Anything_else_is_bytes(string? contentType)
    {
        var request = await ReadAsync(contentType, [1, 2, 0xFF]);

        request.ParsedContent.ShouldBeNull();
        request.Body.ShouldBe([1, 2, 0xFF]);
    }

    [Fact]
    public async Task Text_is_read_in_its_charset()
    {
        (await ReadAsync("text/plain; charset=iso-8859-1", [0xE4])).ParsedContent!.Value.GetString().ShouldBe("ä");
        (await ReadAsync("application/json; charset=utf-16", Encoding.Unicode.GetBytes("{\"a\":\"ä\"}"))).ParsedContent!.Value.GetProperty("a").GetString().ShouldBe("ä");
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("text/plain")]
    public async Task No_body_is_no_content(string contentType)
    {
        var request = await ReadAsync(contentType, []);

        request.Body.ShouldBeNull();
        request.ParsedContent.ShouldBeNull();
    }

    [Theory]
    [InlineData("{\"a\":1,}", 1, 8)]
    [InlineData("{\n  \"a\": oops\n}", 2, 8)]
    [InlineData("[1,2", 1, 5)]
    [InlineData("{\"a\":\"\\ud800\"}", 1, 6)]
    [InlineData("{\n\"\\udc00x\":1}", 2, 1)]
    public async Task Malformed_json_is_answered_with_its_position(string body, int line, int column)
    {
        var error = await Should.ThrowAsync<HttpBodyException>(() => ReadAsync("application/json", Encoding.UTF8.GetBytes(body)));

        error.StatusCode.ShouldBe(400);
        (error.Line, error.Column).ShouldBe((line, column));
        error.Message.ShouldStartWith("The body is not valid JSON: ");
        error.Message.ShouldEndWith($"(line {line}, column {column}).");
    }

    [Fact]
    public async Task Json_that_is_not_utf8_is_answered_with_its_position()
    {
        var error = await Should.ThrowAsync<HttpBodyException>(() => ReadAsync("application/json", [.. "{\n\"a\":\""u8, 0xC3, 0x28, .. "\"}"u8]));

        error.Message.ShouldBe("The body is not valid JSON: The text is not valid UTF-8 (line 2, column 6).");
    }

    [Fact]
    public async Task Json_that_nests_too_deeply_is_refused() =>
        (await Should.ThrowAsync<HttpBodyException>(() => ReadAsync("application/json", Encoding.UTF8.GetBytes(new string('[', 5000))))).StatusCode.ShouldBe(400);

    [Theory]
    [InlineData("not a type")]
    [InlineData("text/plain; charset=nonsense")]
    [InlineData("application/json; charset=utf-7")]
    public async Task A_content_type_nobody_can_read_is_answered_with_415(string contentType) =>
        (await Should.ThrowAsync<HttpBodyException>(() => ReadAsync(contentType, "x"u8.ToArray()))).StatusCode.ShouldBe(415);

    [Fact]
    public async Task A_compressed_body_is_answered_with_415() =>
        (await Should.ThrowAsync<HttpBodyException>(() => ReadAsync("application/json", [1], r => r.Headers.ContentEncoding = "gzip"))).StatusCode.ShouldBe(415);

    [Theory]
    [InlineData(10_000, null, true)]
    [InlineData(10_001, null, false)]
    [InlineData(10_001, 5L, false)]
    [InlineData(5, 20_000L, false)]
    public async Task Bytes_are_counted_as_they_come(int length, long? announced, bool fits)
    {
        Func<Task<HttpRequestData>> read = () => ReadAsync("application/octet-stream", new byte[length], r => r.ContentLength = announced);

        if (fits)
        {
            (await read()).ContentLength.ShouldBe(length);
        }
        else
        {
            (await Should.ThrowAsync<HttpBodyTooLargeException>(read)).Message.ShouldBe("The request's body is longer than 10000 bytes.");
        }
    }

    [Fact]
    public async Task A_form_has_fields_and_files()
    {
        var request = await ReadAsync("multipart/form-data; boundary=\"b\"", Multipart(
            "Content-Disposition: form-data; name=\"note\"\r\n\r\nhällo",
            "Content-Disposition: form-data; name=\"doc\"; filename=\"..\\\\..\\\\a/b/report.PDF\"\r\nContent-Type: application/pdf\r\n\r\n%PDF"));

        request.ParsedContent!.Value.GetProperty("note").GetString().ShouldBe("hällo");
        var file = request.Files.ShouldHaveSingleItem();
        (file.Name, file.FileName, file.ContentType).ShouldBe(("doc", "report.PDF", "application/pdf"));
        file.Content.ShouldBe("%PDF"u8.ToArray());
        request.Body.ShouldBeNull();
    }

    [Theory]
    [InlineData("multipart/form-data", "--b\r\n\r\n--b--")]
    [InlineData("multipart/form-data; boundary=b", "no boundary here")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nnever ends")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\n\r\nno name\r\n--b--\r\n")]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--\r\n")]
    [InlineData("application/x-www-form-urlencoded", "a=1&b=1&c=1&d=1&e=1&f=1")]
    [InlineData("application/x-www-form-urlencoded", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1")]
    public async Task A_malformed_or_excessive_form_is_answered_with_400(string contentType, string body) =>
        (await Should.ThrowAsync<HttpBodyException>(() => ReadAsync(contentType, Encoding.UTF8.GetBytes(body)))).StatusCode.ShouldBe(400);

    [Fact]
    public async Task Credentials_in_headers_and_query_are_secrets_and_survive_only_encrypted()
    {
        var request = await ReadAsync(null, [], r =>
        {
            r.QueryString = new QueryString("?a=1&a=2&access_token=canary");
            r.Headers.Authorization = "Bearer canary";
            r.Headers.Cookie = "s=canary";
            r.Headers["X-GitLab-Token"] = "canary";
            r.Headers["X-Api-Key"] = "canary";
            r.Headers["X-Hub-Signature-256"] = "sha256=1";
        });

        request.SecretHeaders.Keys.Order().ShouldBe(["authorization", "cookie", "x-api-key", "x-gitlab-token"]);
        request.SecretHeaders["authorization"].Reveal().ShouldBe("Bearer canary");
        request.SecretQuery["access_token"].Reveal().ShouldBe("canary");
        request.Query["a"].ShouldBe(["1", "2"]);
        request.Headers["x-hub-signature-256"].ShouldBe(["sha256=1"]);
        JsonSerializer.Serialize(request).ShouldNotContain("canary");
        request.ToString().ShouldNotContain("canary");
    }

    [Fact]
    public void Whatever_is_sent_it_fails_with_its_own_errors_only()
    {
        string[] types =
        [
            "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain; charset=utf-16", "text/xml", "application/octet-stream",
        ];
        string[] seeds = ["{\"a\":[1,2", "\\ud800\"", "--b\r\n", "--b--\r\n", "Content-Disposition: form-data; name=\"x\"", "; filename=\"y\"", "\r\n\r\n", "a=%zz&", "%ff=1", "\0", "ÿ", "\uFEFF"];
        var piece = Gen.OneOf(Gen.Elements(seeds).Select(Encoding.UTF8.GetBytes), ArbMap.Default.GeneratorFor<byte[]>().Select(bytes => bytes ?? []));
        var bodies = piece.ListOf().Select(pieces => pieces.SelectMany(bytes => bytes).ToArray());
        var cases = bodies.SelectMany(_ => Gen.Elements(types), (body, type) => (Body: body, Type: type));

        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            try
            {
                var request = ReadAsync(c.Type, c.Body).GetAwaiter().GetResult();

                // Whatever was accepted can be read and stored.
                JsonValues.ToJson(request.ParsedContent is { } json ? JsonSerializer.Deserialize<object>(json) : null).ShouldNotBeNull();
                Strings(request.ParsedContent);
            }
            catch (Exception e) when (e is HttpBodyException or HttpBodyTooLargeException)
            {
                // These are the errors it may have.
                e.Message.ShouldNotBeEmpty();
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
    }

    private static void Strings(JsonElement? json)
    {
        switch (json?.ValueKind)
        {
            case JsonValueKind.String:
                json.Value.GetString();
                break;
            case JsonValueKind.Array:
                json.Value.EnumerateArray().ToList().ForEach(item => Strings(item));
                break;
            case JsonValueKind.Object:
                json.Value.EnumerateObject().ToList().ForEach(property => Strings(property.Value));
                break;
        }
    }

    private static byte[] Multipart(params string[] parts) => Encoding.UTF8.GetBytes(string.Concat(parts.Select(part => $"--b\r\n{part}\r\n")) + "--b--\r\n");

    private static Task<HttpRequestData> ReadAsync(string? contentType, byte[] body, Action<HttpRequest>? set = null)
    {
        var request = new DefaultHttpContext().Request;
        request.Method = "post";
        request.Path = "/hooks/1";
        request.ContentType = contentType;
        request.Body = new MemoryStream(body);
        set?.Invoke(request);
        return HttpRequestReader.ReadAsync(request, Limits, null, TestContext.Current.CancellationToken);
    }
}
