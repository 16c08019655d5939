using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Objects;
using static FederationWorkflows.Federation.Tests.Clients.StoryRun;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>The activities on objects and any API as a story has them, against a CloudLab, over saved and reloaded runs.</summary>
public sealed class CloudWorkTests : IAsyncLifetime
{
    private LabHost lab = null!;

    public async ValueTask InitializeAsync() => lab = await LabHost.StartAsync();

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Fact]
    public async Task A_story_collects_evidence_and_saves_no_secret_in_clear()
    {
        await File.WriteAllTextAsync(Path.Combine(lab.Folder, "image.bin"), "image", TestContext.Current.CancellationToken);

        var story = (await RunWithKeysAsync(
            lab.Host,
            [
                S3("Aws.PutObject", "put", "case/1.json", ("content", new JsonObject { ["case"] = 1 }), ("objectMetadata", new JsonObject { ["owner"] = "ir" }), ("result", ">etag"), ("isRepeat", ">repeat")),
                S3("Aws.PutObject", "upload", "case/image", ("file", "image.bin"), ("contentType", "image/png")),
                Activity("Aws.ListObjects", "list", ("credentials", "$keys"), ("bucket", LabHost.Bucket), ("prefix", "case/"), ("result", ">objects"), ("isTruncated", ">truncated")),
                S3("Aws.GetObject", "get", "case/1.json", ("result", ">json"), ("eTag", ">read"), ("contentType", ">type"), ("objectMetadata", ">metadata")),
                S3("Aws.GetObject", "text", "case/1.json", ("format", "Text"), ("result", ">text")),
                S3("Aws.GetObject", "download", "case/image", ("file", "copy/image.bin"), ("result", ">file")),
                S3("Aws.PutObject", "change", "case/1.json", ("content", "changed"), ("condition", "IfMatch"), ("eTag", "$read")),
                S3("Aws.PresignUrl", "presign", "case/1.json", ("result", ">url"), ("expiresAt", ">expires")),
                S3("Aws.DeleteObject", "delete", "case/image", ("result", ">marker")),
            ],
            "etag", "repeat", "objects", "truncated", "json", "read", "type", "metadata", "text", "file", "url", "expires", "marker")).ShouldFinish();

        story["repeat"].ShouldBe(false);
        story["objects"].ShouldBeOfType<ListedObject[]>().Select(item => item.Key).ShouldBe(["case/1.json", "case/image"]);
        story["truncated"].ShouldBe(false);
        story["json"].ShouldBeOfType<JsonElement>().GetProperty("case").GetInt32().ShouldBe(1);
        story["read"].ShouldBe(story["etag"]);
        story["type"].ShouldBe("application/json");
        story["metadata"].ShouldBeAssignableTo<IReadOnlyDictionary<string, object?>>()!["owner"].ShouldBe("ir");
        story["text"].ShouldBe("""{"case":1}""");
        story["file"].ShouldBe("copy/image.bin");
        (await File.ReadAllTextAsync(Path.Combine(lab.Folder, "copy", "image.bin"), TestContext.Current.CancellationToken)).ShouldBe("image");
        (await lab.TextAsync("case/1.json")).ShouldBe("changed");
        story["url"].ShouldBeOfType<Sensitive<string>>().Reveal().ShouldContain("X-Amz-Signature=");
        story["marker"].ShouldBe(false);
        lab.Moved.ShouldContain(item => item.Progress.Bytes == 5 && item.Progress.Total == 5);
        lab.Moved.Select(item => item.Execution).Distinct().ShouldAllBe(execution => execution.StartsWith("run-", StringComparison.Ordinal));
        foreach (var everything in new[] { story.Saved.ToString(), story.Journal.ToString(), string.Join('\n', lab.Host.Log) })
        {
            everything.ShouldNotContain("X-Amz-Signature", Case.Sensitive);
            everything.ShouldNotContain(lab.User.SecretAccessKey.Reveal(), Case.Sensitive);
        }
    }

    [Fact]
    public async Task An_activity_that_executes_again_finds_what_it_wrote()
    {
        JsonObject[] story = [S3("Aws.PutObject", "put", "again", ("content", "once"), ("isRepeat", ">repeat"))];
        (await RunWithKeysAsync(lab.Host, story, "repeat")).ShouldFinish()["repeat"].ShouldBe(false);

        // As after a crash between the write and its commit: the same run, the same execution.
        (await RunWithKeysAsync(lab.Host, story, "repeat")).ShouldFinish()["repeat"].ShouldBe(true);

        (await RunWithKeysAsync(lab.Host, [Activity("Elsa.Start", "first"), .. story], "repeat")).ShouldFault("put").ShouldContain("an object with this key exists");
    }

    [Fact]
    public async Task A_refusal_that_a_story_expects_is_handled()
    {
        var story = (await RunWithKeysAsync(
            lab.Host,
            [
                Activity("Aws.AssumeRole", "assume", ("credentials", "$keys"), ("roleArn", "arn:aws:iam::444455556666:role/forensics-reader"), ("result", ">role"), ("assumedRoleArn", ">session")),
                Activity("Aws.Request", "roles", ("credentials", "$keys"), ("service", "iam"), ("action", "ListRoles"), ("apiVersion", "2010-05-08"), ("result", ">roles"), ("statusCode", ">status")),
                Activity(
                    "Aws.Request", "refused", ("credentials", "$role"), ("service", "iam"), ("action", "ListRoles"), ("apiVersion", "2010-05-08"), ("expectedErrors", new JsonArray("AccessDenied")),
                    ("statusCode", ">refusal"), ("errorCode", ">code"), ("errorMessage", ">message")),
            ],
            "role", "session", "roles", "status", "refusal", "code", "message")).ShouldFinish();

        story["status"].ShouldBe(200);
        story["roles"].ShouldBeOfType<JsonElement>().GetProperty("ListRolesResult").GetProperty("Roles").GetArrayLength().ShouldBeGreaterThan(1);
        story["refusal"].ShouldBe(403);
        story["code"].ShouldBe("AccessDenied");
        story["message"].ShouldBeOfType<string>().ShouldContain("is not authorized to perform: iam:ListRoles");
        story["session"].ShouldBeOfType<string>().ShouldStartWith("arn:aws:sts::444455556666:assumed-role/forensics-reader/");

        (await RunWithKeysAsync(lab.Host, [Activity("Aws.Request", "unexpected", ("credentials", "$keys"), ("service", "iam"), ("action", "ListRoles"), ("apiVersion", "2010-05-08"), ("region", "nowhere"))]))
            .ShouldFault("unexpected").ShouldContain("the region is no AWS region");
    }

    public static TheoryData<string[], string> WrongCombinations => new()
    {
        { ["action", "apiVersion", "target"], "both an action and a target are given" },
        { ["action", "apiVersion", "body"], "both an action and a body are given" },
        { ["action"], "the action has no version" },
        { ["parameters"], "parameters are given without an action" },
        { ["target", "body"], "the body is not JSON at line 1, byte 1" },
    };

    [Theory]
    [MemberData(nameof(WrongCombinations))]
    public async Task A_request_is_of_one_protocol(string[] given, string detail)
    {
        var inputs = given.Select(name => (name, (JsonNode?)(name == "parameters" ? new JsonObject { ["a"] = 1 } : name == "action" ? "ListRoles" : "x")));

        (await RunWithKeysAsync(lab.Host, [Activity("Aws.Request", "call", [("credentials", "$keys"), ("service", "iam"), .. inputs])])).ShouldFault("call").ShouldStartWith($"Aws.Request: {detail}.");
    }

    [Fact]
    public async Task Content_and_file_exclude_each_other()
    {
        (await RunWithKeysAsync(lab.Host, [S3("Aws.PutObject", "put", "k")])).ShouldFault("put").ShouldContain("neither content nor a file is given");
        (await RunWithKeysAsync(lab.Host, [S3("Aws.PutObject", "put", "k", ("content", "x"), ("file", "y"))])).ShouldFault("put").ShouldContain("both content and a file are given");
    }

    [Fact]
    public async Task The_activitys_key_goes_where_the_api_takes_an_idempotency_token()
    {
        using var host = new FederationHost();
        host.Network.OnRequest = (sent, _) => Task.FromResult(RecordingHandler.Make(sent.Url.Contains("ec2", StringComparison.Ordinal) ? "<RunInstancesResponse/>" : "{}"));

        (await RunWithKeysAsync(
            host,
            [
                Activity(
                    "Aws.Request", "query", ("credentials", "$keys"), ("service", "ec2"), ("action", "RunInstances"), ("apiVersion", "2016-11-15"), ("idempotencyParameter", "ClientToken"),
                    ("parameters", new JsonObject { ["Filter"] = new JsonArray(new JsonObject { ["Name"] = "a", ["Value"] = new JsonArray("b", "c") }), ["DryRun"] = true })),
                Activity("Aws.Request", "json", ("credentials", "$keys"), ("service", "kms"), ("target", "TrentService.CreateKey"), ("body", new JsonObject { ["A"] = 1 }), ("idempotencyParameter", "Token")),
                Activity("Aws.Request", "rest", ("credentials", "$keys"), ("service", "lambda"), ("path", "/2015-03-31/functions"), ("query", new JsonObject { ["a"] = new JsonArray(1, 2) })),
            ])).ShouldFinish();

        host.Network.Requests[0].Body.ShouldMatch("^Action=RunInstances&Version=2016-11-15&Filter.1.Name=a&Filter.1.Value.1=b&Filter.1.Value.2=c&DryRun=true&ClientToken=run-[0-9]+$");
        host.Network.Requests[1].Body.ShouldMatch("""^\{"A":1,"Token":"run-[0-9]+"\}$""");
        host.Network.Requests[2].Method.ShouldBe("GET");
        host.Network.Requests[2].Url.ShouldBe("https://lambda.us-east-1.amazonaws.com/2015-03-31/functions?a=1&a=2");
    }

    [Fact]
    public async Task A_google_list_is_collected_over_its_pages()
    {
        using var host = new FederationHost();
        host.Network.OnRequest = (sent, _) => Task.FromResult(RecordingHandler.Make(
            sent.Url.Contains("pageToken=p%2F2", StringComparison.Ordinal) ? """{"items":[{"name":"c"}]}""" : """{"items":[{"name":"a"},{"name":"b"}],"nextPageToken":"p/2"}"""));

        var story = (await RunWithKeysAsync(
            host,
            [
                Activity("Google.Request", "all", Token, ("service", "storage"), ("path", "/storage/v1/b"), ("query", new JsonObject { ["project"] = "p" }), ("collect", "items"), ("result", ">all"), ("isTruncated", ">whole")),
                Activity("Google.Request", "two", Token, ("service", "storage"), ("path", "/storage/v1/b"), ("collect", "items"), ("limit", 2), ("result", ">two"), ("isTruncated", ">cut")),
            ],
            "all", "whole", "two", "cut")).ShouldFinish();

        story["all"].ShouldBeOfType<JsonElement>().EnumerateArray().Select(item => item.GetProperty("name").GetString()).ShouldBe(["a", "b", "c"]);
        story["whole"].ShouldBe(false);
        story["two"].ShouldBeOfType<JsonElement>().GetArrayLength().ShouldBe(2);
        story["cut"].ShouldBe(true);
        host.Network.Requests.Select(sent => sent.Url).ShouldBe(
            ["https://storage.googleapis.com/storage/v1/b?project=p", "https://storage.googleapis.com/storage/v1/b?project=p&pageToken=p%2F2", "https://storage.googleapis.com/storage/v1/b"]);
    }

    [Fact]
    public async Task A_google_refusal_that_a_story_expects_is_handled()
    {
        using var host = new FederationHost();
        host.Network.Answer("""{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}""", System.Net.HttpStatusCode.NotFound);

        var story = (await RunWithKeysAsync(
            host, [Activity("Google.Request", "call", Token, ("service", "iam"), ("path", "/v1/x"), ("expectedErrors", new JsonArray("4xx")), ("errorCode", ">code"), ("statusCode", ">status"))], "code", "status")).ShouldFinish();

        story["code"].ShouldBe("NOT_FOUND");
        story["status"].ShouldBe(404);
        (await RunWithKeysAsync(host, [Activity("Google.Request", "call", Token, ("service", "iam"), ("path", "/v1/x"), ("expectedErrors", new JsonArray("403")))])).ShouldFault("call").ShouldContain("NOT_FOUND (HTTP 404): gone.");
    }

    private static (string Name, JsonNode? Value) Token => ("token", "ya29.CANARY");

    /// <summary>A story that has the keys of the test in a variable.</summary>
    private static Task<StoryRun> RunWithKeysAsync(FederationHost host, JsonObject[] activities, params string[] variables) =>
        StoryRun.RunAsync(host, [Activity("Test.GivenCredentials", "given", ("result", ">keys")), .. activities], [.. variables, "keys"]);

    private static JsonObject S3(string type, string id, string key, params (string Name, JsonNode? Value)[] inputs) =>
        Activity(type, id, [("credentials", "$keys"), ("bucket", LabHost.Bucket), ("key", key), .. inputs]);
}
