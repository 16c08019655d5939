using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.EndToEnd.Processes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Storage.PostgreSql.Tests;
using Npgsql;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.EndToEnd.Secrecy;

/// <summary>Secrets go through a story as people use them, and are looked for wherever the server leaves something.</summary>
public sealed class SecrecyTests(PostgreSqlServer postgreSql)
{
    private static readonly string Canary = $"c4n4ry/+{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12))}~?";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Forms =>
        ["plain", "JSON", "reversed", "base64 0", "base64 1", "base64 2", "base64url 1", "hex", "HEX", "URL", "gzip", "zlib", "brotli", "gzip in hex"];

    [Theory, MemberData(nameof(Forms))]
    public void The_search_finds_a_secret_that_is_there(string form)
    {
        var secret = Encoding.UTF8.GetBytes(Canary);
        var around = Encoding.UTF8.GetBytes($"before {Canary} after, and then something more");
        byte[] written = form switch
        {
            "plain" => around,
            "JSON" => JsonSerializer.SerializeToUtf8Bytes(Canary),
            "reversed" => [.. around.Reverse()],
            "hex" => Ascii(Convert.ToHexStringLower(secret)),
            "HEX" => Ascii(Convert.ToHexString(secret)),
            "URL" => Ascii(Uri.EscapeDataString(Canary)),
            "gzip" => Compressed(stream => new GZipStream(stream, CompressionLevel.Fastest), around),
            "zlib" => Compressed(stream => new ZLibStream(stream, CompressionLevel.Optimal), around),
            "brotli" => Compressed(stream => new BrotliStream(stream, CompressionLevel.Optimal), around),
            "gzip in hex" => Ascii("\\x" + Convert.ToHexStringLower(Compressed(stream => new GZipStream(stream, CompressionLevel.Optimal), around))),
            _ => Ascii(form.StartsWith("base64url", StringComparison.Ordinal) ? Base64(form).Replace('+', '-').Replace('/', '_') : Base64(form)),
        };

        new SecretSearch(secret).FindIn([.. "xyz"u8, .. written, .. "uvw"u8]).ShouldNotBeEmpty();
        new SecretSearch([.. secret.Select(b => (byte)(b ^ 1))]).FindIn(written).ShouldBeEmpty();

        string Base64(string name) => Convert.ToBase64String([.. new byte[name[^1] - '0'], .. around[7..]]);
    }

    [Theory]
    [InlineData("SQLite")]
    [InlineData("PostgreSQL")]
    public async Task A_secret_that_a_story_uses_is_found_neither_in_storage_nor_in_the_log_nor_in_answers(string storage)
    {
        await using var deployment = storage == "SQLite" ? Deployment.OnSqlite() : Deployment.OnPostgreSql(postgreSql);
        await using var recorder = await EffectRecorder.StartAsync(1);
        deployment.AddStory(Story(recorder.Address));
        using var server = deployment.Start();
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = await server.Listening.WaitAsync(TimeSpan.FromMinutes(2), Cancellation) };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"workflows/secret?access_token={Uri.EscapeDataString(Canary)}", UriKind.Relative))
        {
            Content = new StringContent(JsonValue.Create(Canary).ToJsonString(), Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Canary}");
        request.Headers.TryAddWithoutValidation("X-Api-Key", Canary);
        using var answer = await client.SendAsync(request, Cancellation);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var id = answer.Headers.GetValues("x-elsa-workflow-instance-id").Single();

        await SearchAsync("while it waits", WorkflowSubStatus.Suspended);
        using var nothing = new StringContent("{}", Encoding.UTF8, "application/json");
        (await client.PostAsync(new Uri("workflows/go", UriKind.Relative), nothing, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.InternalServerError, "the story fails");
        await SearchAsync("when it has failed", WorkflowSubStatus.Faulted);

        recorder.Attempts.Select(attempt => attempt.Body).ShouldBe([Canary, $"{Canary}-cel", $"<{Canary}>"]);

        async Task SearchAsync(string when, WorkflowSubStatus status)
        {
            var clock = Stopwatch.StartNew();
            while ((await deployment.Runs.FindAsync(id, Cancellation))?.SubStatus != status)
            {
                clock.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(2), await JournalAsync());
                await Task.Delay(100, Cancellation);
            }

            var places = new Dictionary<string, byte[]>
            {
                ["log"] = Encoding.UTF8.GetBytes(server.Log),
                ["journal"] = Encoding.UTF8.GetBytes(await JournalAsync()),
                ["instance"] = await client.GetByteArrayAsync(new Uri($"elsa/api/workflow-instances/{id}", UriKind.Relative), Cancellation),
                ["executions"] = await client.GetByteArrayAsync(new Uri($"elsa/api/activity-executions/list?workflowInstanceId={id}", UriKind.Relative), Cancellation),
            };
            if (storage == "SQLite")
            {
                foreach (var file in Directory.GetFiles(deployment.DataDirectory, "*", SearchOption.AllDirectories))
                {
                    await using var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                    var bytes = new byte[content.Length];
                    await content.ReadExactlyAsync(bytes, Cancellation);
                    places[Path.GetRelativePath(deployment.DataDirectory, file)] = bytes;
                }

                places.Keys.ShouldContain(place => place.StartsWith("keys/key-", StringComparison.Ordinal), "the wrapped key ring has a directory of its own");
            }
            else
            {
                places["dump"] = await DumpAsync(deployment.Settings["Storage:Schema"]);
            }

            var key = Convert.FromBase64String(await File.ReadAllTextAsync(deployment.Settings["Storage:Key:File"], Cancellation));
            var run = new SecretSearch(Encoding.UTF8.GetBytes(id));
            places.Where(place => place.Key is "dump" || place.Key.Contains(".db", StringComparison.Ordinal)).Any(place => run.FindIn(place.Value).Any()).ShouldBeTrue("the search sees what is stored");
            foreach (var (name, what) in new[] { ("the secret", Encoding.UTF8.GetBytes(Canary)), ("the key", key) })
            {
                var search = new SecretSearch(what);
                places.SelectMany(place => search.FindIn(place.Value).Select(form => $"{name} in {place.Key}, as {form}, {when}")).ShouldBeEmpty();
            }
        }

        async Task<string> JournalAsync()
        {
            using var everything = new StringContent("{}", Encoding.UTF8, "application/json");
            using var journal = await client.PostAsync(new Uri($"elsa/api/workflow-instances/{id}/journal", UriKind.Relative), everything, Cancellation);
            return await journal.Content.ReadAsStringAsync(Cancellation);
        }
    }

    private static JsonObject Story(Uri recorder) => Of(
        "secret",
        [
            Starts("secret", more: [("parsedContent", To("token")), ("headers", To("headers")), ("queryStringData", To("query"))]),
            Activity("Elsa.SetVariable", "compute", ("variable", new JsonObject { ["id"] = "computed" }), ("value", Written("CEL", "variables.token + '-cel'"))),
            Activity("Elsa.SetVariable", "write", ("variable", new JsonObject { ["id"] = "text" }), ("value", Written("Template", "<${variables.token}>"))),
            Sends("token", recorder),
            Sends("computed", recorder),
            Sends("text", recorder),
            Writes("say", Written("Template", "The token is ${variables.token}, and ${variables.computed}")),
            Waits("wait", "go"),
            Activity("Elsa.Fault", "fail", ("message", Written("Template", "Failed with ${variables.token}"))),
        ],
        "token:Secret",
        "computed:Secret",
        "text:Secret",
        "headers:Object",
        "query:Object");

    private static JsonObject Sends(string id, Uri recorder) => Activity(
        "Elsa.SendHttpRequest",
        $"send-{id}",
        ("url", Literal(new Uri(recorder, id).ToString())),
        ("method", Literal("POST")),
        ("content", Variable(id)),
        ("contentType", Literal("text/plain")),
        ("authorization", Written("Template", "Bearer ${variables.token}")),
        ("requestHeaders", Written("Template", """{"X-Token":"${variables.computed}"}""")));

    private static JsonObject Written(string type, string text) => new() { ["typeName"] = null, ["expression"] = new JsonObject { ["type"] = type, ["value"] = text } };

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    private static byte[] Compressed(Func<Stream, Stream> open, byte[] content)
    {
        using var compressed = new MemoryStream();
        using (var stream = open(compressed))
        {
            stream.Write(content);
        }

        return compressed.ToArray();
    }

    private async Task<byte[]> DumpAsync(string schema)
    {
        var connection = new NpgsqlConnectionStringBuilder(postgreSql.ConnectionString);
        using var dump = Process.Start(new ProcessStartInfo("pg_dump", ["-h", connection.Host!, "-U", connection.Username!, "-n", schema, connection.Database!]) { RedirectStandardOutput = true })!;
        using var text = new MemoryStream();
        await dump.StandardOutput.BaseStream.CopyToAsync(text, Cancellation);
        await dump.WaitForExitAsync(Cancellation);
        dump.ExitCode.ShouldBe(0);
        return text.ToArray();
    }
}
