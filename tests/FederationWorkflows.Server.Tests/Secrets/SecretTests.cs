using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Secrets;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Secrets;

/// <summary>Secrets go in by the API and come out in runs only.</summary>
public sealed class SecretTests
{
    private const string Canary = "canary-9b1e77";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_secret_is_made_listed_and_picked_without_its_value()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var made = await CreateAsync(server, "github-token", Canary);

        made.GetProperty("status").GetString().ShouldBe("Active");
        made.GetProperty("currentVersion").GetInt32().ShouldBe(1);
        made.GetProperty("typeName").GetString().ShouldBe("text");
        var answers = new List<string> { made.GetRawText() };
        foreach (var path in new[] { "/elsa/api/secrets", "/elsa/api/secrets/github-token", "/elsa/api/secrets/descriptors", "/api/secrets/github-token/uses" })
        {
            answers.Add((await server.GetJsonAsync(path)).GetRawText());
        }

        using var picked = await server.PostAsync("/elsa/api/secrets/picker", """{"search":null,"typeNames":[],"storeNames":[],"scope":null,"activeOnly":true}""");
        answers.Add(await picked.TextAsync());
        var picker = await ServerUnderTest.JsonAsync(picked);
        picker.GetProperty("items")[0].GetProperty("name").GetString().ShouldBe("github-token");
        picker.GetProperty("canCreateInline").GetBoolean().ShouldBeTrue();
        foreach (var answer in answers)
        {
            answer.ShouldNotContain(Canary);
            answer.ShouldNotContain("ciphertext", Case.Insensitive);
        }

        var entry = (await server.Services.GetRequiredService<IAuditStore>().ListAsync(new AuditQuery { Action = "secret." }, Cancellation)).ShouldHaveSingleItem();
        (entry.Action, entry.Subject).ShouldBe(("secret.create", "github-token"));
        JsonSerializer.Serialize(entry).ShouldNotContain(Canary);
    }

    [Theory]
    [InlineData("""{"name":"1st","value":"x"}""", "begins with a letter")]
    [InlineData("""{"name":"a b","value":"x"}""", "begins with a letter")]
    [InlineData("""{"name":"a/../b","value":"x"}""", "begins with a letter")]
    [InlineData("""{"value":"x"}""", "begins with a letter")]
    [InlineData("""{"name":"a","value":""}""", "The value is missing.")]
    [InlineData("""{"name":"a","value":"x","expiresAt":"2020-01-01T00:00:00Z"}""", "expired already")]
    [InlineData("""{"name":"a","value":"x","typeName":"rsa"}""", "There is no type 'rsa'")]
    [InlineData("""{"name":"a","value":"x","scope":"tenant"}""", "no scopes")]
    public async Task What_is_wrong_with_a_new_secret_is_said(string json, string message)
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var answer = await server.PostAsync("/elsa/api/secrets", json);
        (await answer.ShouldBeProblemAsync(HttpStatusCode.BadRequest)).ShouldContain(message);
    }

    [Fact]
    public async Task A_name_is_taken_once()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await CreateAsync(server, "a", "1");
        using var answer = await server.PostAsync("/elsa/api/secrets", """{"name":"a","value":"2"}""");
        (await answer.ShouldBeProblemAsync(HttpStatusCode.Conflict)).ShouldContain("Rotate it");
    }

    [Fact]
    public async Task A_story_reads_the_current_value_until_it_is_revoked()
    {
        await using var server = await ServerUnderTest.StartAsync(Reader());
        (await ReadAsync(server)).ShouldContain("There is no secret 'key'.");

        await CreateAsync(server, "key", "first");
        (await ReadAsync(server)).ShouldBe("matches 'first'");
        (await server.PostAsync("/elsa/api/secrets/key/rotate", """{"value":"second"}""")).Dispose();
        (await ReadAsync(server)).ShouldBe("matches 'second'");
        (await server.PostAsync("/elsa/api/secrets/key/revoke")).Dispose();
        (await ReadAsync(server)).ShouldContain("The secret 'key' was revoked at ");
        (await server.PostAsync("/elsa/api/secrets/key/rotate", """{"value":"second"}""")).Dispose();
        (await ReadAsync(server)).ShouldBe("matches 'second'");
    }

    [Fact]
    public async Task An_expired_secret_fails_the_activity_and_says_so()
    {
        var time = new ManualTime();
        await using var server = await ServerUnderTest.StartAsync([Reader()], settings: null, builder => builder.Services.AddSingleton<TimeProvider>(time));
        await CreateAsync(server, "key", "first", time.GetUtcNow().AddHours(1));
        (await ReadAsync(server)).ShouldBe("matches 'first'");

        time.Advance(TimeSpan.FromHours(2));

        (await ReadAsync(server)).ShouldContain("The secret 'key' expired at ");
        (await server.GetJsonAsync("/elsa/api/secrets/key")).GetProperty("status").GetString().ShouldBe("Expired");
    }

    [Fact]
    public async Task What_is_stored_is_encrypted_and_of_use_for_its_own_name_and_version_only()
    {
        await using var server = await ServerUnderTest.StartAsync(Reader());
        await CreateAsync(server, "key", "first");
        await CreateAsync(server, "other", Canary);
        var documents = server.Services.GetRequiredService<IDocumentStore>();
        var key = (await documents.FindAsync("secret", "key", Cancellation))!;
        var other = (await documents.FindAsync("secret", "other", Cancellation))!;
        System.Text.Encoding.UTF8.GetString(other.Json.Span).ShouldNotContain(Canary);

        var changed = JsonNode.Parse(key.Json.Span)!;
        changed["versions"]![0]!["ciphertext"] = JsonNode.Parse(other.Json.Span)!["versions"]![0]!["ciphertext"]!.GetValue<string>();
        await documents.PutAsync(key with { Json = JsonSerializer.SerializeToUtf8Bytes(changed) }, Cancellation);

        (await ReadAsync(server)).ShouldContain("The secret 'key' cannot be decrypted");
    }

    [Fact]
    public async Task After_a_rotation_the_value_before_verifies_for_a_while_and_is_destroyed_by_a_revocation()
    {
        var time = new ManualTime();
        await using var server = await ServerUnderTest.StartAsync([], settings: null, builder => builder.Services.AddSingleton<TimeProvider>(time));
        var vault = server.Services.GetRequiredService<SecretVault>();
        await CreateAsync(server, "key", "first");
        (await server.PostAsync("/elsa/api/secrets/key/rotate", """{"value":"second","overlap":"00:10:00"}""")).Dispose();

        (await ValuesAsync(vault)).ShouldBe(["second", "first"]);
        time.Advance(TimeSpan.FromMinutes(10));
        (await ValuesAsync(vault)).ShouldBe(["second"]);
        (await server.PostAsync("/elsa/api/secrets/key/rotate", """{"value":"third","overlap":"00:00:00"}""")).Dispose();
        (await ValuesAsync(vault)).ShouldBe(["third"]);
        (await server.PostAsync("/elsa/api/secrets/key/revoke")).Dispose();
        (await ValuesAsync(vault)).ShouldBeEmpty();
        var stored = (await server.Services.GetRequiredService<IDocumentStore>().FindAsync("secret", "key", Cancellation))!;
        JsonNode.Parse(stored.Json.Span)!["versions"]!.AsArray().Select(version => version!["ciphertext"]?.ToString()).ShouldBe([null, null, null]);
    }

    [Fact]
    public async Task Where_a_secret_is_used_is_known_and_keeps_it_from_being_deleted_by_accident()
    {
        await using var server = await ServerUnderTest.StartAsync(Reader());
        await CreateAsync(server, "key", "first");

        (await server.GetJsonAsync("/api/definitions/reader/problems")).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("code").GetString()).ShouldBe(["anonymous-caller"]);
        var use = (await server.GetJsonAsync("/api/secrets/key/uses")).GetProperty("items")[0];
        use.GetProperty("definitionId").GetString().ShouldBe("reader");
        use.GetProperty("isPublished").GetBoolean().ShouldBeTrue();
        using var refused = await server.Client.DeleteAsync(new Uri("/elsa/api/secrets/key", UriKind.Relative), Cancellation);
        (await refused.ShouldBeProblemAsync(HttpStatusCode.Conflict)).ShouldContain("reader");
        using var deleted = await server.Client.DeleteAsync(new Uri("/elsa/api/secrets/key?force=true", UriKind.Relative), Cancellation);
        deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await ReadAsync(server)).ShouldContain("There is no secret 'key'.");
        var problems = await server.GetJsonAsync("/api/definitions/reader/problems");
        problems.GetProperty("canPublish").GetBoolean().ShouldBeTrue();
        problems.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("code").GetString()).ShouldContain("missing-secret");
        using var again = await server.PostAsync("/elsa/api/secrets/key/rotate", """{"value":"x"}""");
        await again.ShouldBeProblemAsync(HttpStatusCode.NotFound);
    }

    private static async Task<string[]> ValuesAsync(SecretVault vault) => [.. (await vault.GetVerifyingAsync("key", Cancellation)).Select(value => value.Reveal())];

    /// <summary>Tells which of two values the secret has: what is made of a secret is masked in every answer, but not where an activity branches on it.</summary>
    private static JsonObject Reader() => Of(
        "reader",
        [
            Starts("read"),
            Activity(
                "Elsa.If",
                "which",
                ("condition", Formula("secrets.key == 'first'")),
                ("then", Activity("Elsa.WriteHttpResponse", "yes", ("content", Literal("matches 'first'")))),
                ("else", Activity("Elsa.If", "other", ("condition", Formula("secrets.key == 'second'")), ("then", Activity("Elsa.WriteHttpResponse", "no", ("content", Literal("matches 'second'"))))))),
        ]);

    private static async Task<string> ReadAsync(ServerUnderTest server)
    {
        using var answer = await server.PostAsync("/workflows/read");
        if (answer.StatusCode == HttpStatusCode.OK)
        {
            return await answer.TextAsync();
        }

        var run = await server.GetJsonAsync($"/elsa/api/workflow-instances/{answer.RunId()}");
        return run.GetRawText().Replace("\\u0027", "'", StringComparison.Ordinal);
    }

    private static async Task<JsonElement> CreateAsync(ServerUnderTest server, string name, string value, DateTimeOffset? expiresAt = null)
    {
        using var answer = await server.PostAsync("/elsa/api/secrets", JsonSerializer.Serialize(new { name, displayName = "", description = "for a test", typeName = "text", storeName = "encrypted", value, expiresAt }));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        return await ServerUnderTest.JsonAsync(answer);
    }
}
