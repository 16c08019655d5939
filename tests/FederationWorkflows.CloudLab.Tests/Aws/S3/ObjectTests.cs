using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace FederationWorkflows.CloudLab.Tests.Aws.S3;

/// <summary>Copies, tags, batch deletes, headers, listings of version 1.</summary>
[SuppressMessage("Security", "CA5351", Justification = "ETag and Content-MD5 are MD5 by definition.")]
public sealed class ObjectTests : IAsyncLifetime
{
    private const string Bucket = "/security-lab-incident-evidence";
    private const string Source = $"{Bucket}/INC-2041/indicators.csv";

    private readonly TestClock clock = new(new DateTimeOffset(2026, 3, 18, 10, 0, 0, TimeSpan.Zero));
    private TestLab lab = null!;
    private SigV4Client client = null!;

    public async ValueTask InitializeAsync()
    {
        lab = await TestLab.StartAsync(clock);
        client = lab.UserClient();
    }

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Theory]
    [InlineData(null, "COPY-type", "old")]
    [InlineData("COPY", "COPY-type", "old")]
    [InlineData("REPLACE", "REPLACE-type", "new")]
    public async Task A_copy_keeps_or_replaces_the_headers_of_its_source(string? directive, string type, string meta)
    {
        await client.SendAsync(HttpMethod.Put, $"{Bucket}/a%20b", "x"u8.ToArray(), [("x-amz-meta-m", "old"), ("x-amz-tagging", "t=1")], static request => Type(request, "COPY-type"));
        clock.Advance(TimeSpan.FromMinutes(1));
        (string, string)[] headers = [("x-amz-copy-source", "security-lab-incident-evidence/a%20b"), ("x-amz-meta-m", "new"), .. directive is null ? Array.Empty<(string, string)>() : [("x-amz-metadata-directive", directive)]];

        var answer = await client.SendAsync(HttpMethod.Put, $"{Bucket}/copy", [], headers, static request => Type(request, "REPLACE-type"));

        answer.Status.ShouldBe(200, answer.Text);
        answer["ETag"].ShouldBe("\"9dd4e461268c8034f5c8564e155c67a6\"");
        answer["LastModified"].ShouldBe("2026-03-18T10:01:00.000Z");
        var copy = await client.SendAsync(HttpMethod.Get, $"{Bucket}/copy");
        copy.Text.ShouldBe("x");
        copy.Response.Content.Headers.NonValidated["Content-Type"].ToString().ShouldBe(type);
        copy.Response.Headers.GetValues("x-amz-meta-m").Single().ShouldBe(meta);
        (await client.SendAsync(HttpMethod.Get, $"{Bucket}/copy?tagging")).Text.ShouldContain("<Tag><Key>t</Key><Value>1</Value></Tag>");
    }

    [Theory]
    [InlineData("x-amz-copy-source", "no-slash", "InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey", 400)]
    [InlineData("x-amz-copy-source", "no-such-bucket/key", "NoSuchBucket", "The specified bucket does not exist", 404)]
    [InlineData("x-amz-copy-source", "security-lab-incident-evidence/nothing", "NoSuchKey", "The specified key does not exist.", 404)]
    [InlineData("x-amz-copy-source", "security-lab-incident-evidence/INC-2041/indicators.csv?versionId=7", "NoSuchVersion", "The specified version does not exist.", 404)]
    [InlineData("x-amz-metadata-directive", "KEEP", "InvalidArgument", "Unknown metadata directive.", 400)]
    [InlineData("x-amz-tagging-directive", "KEEP", "InvalidArgument", "Unknown tagging directive.", 400)]
    [InlineData("x-amz-storage-class", "COLD", "InvalidStorageClass", "The storage class you specified is not valid", 400)]
    [InlineData("x-amz-acl", "public-read", "AccessControlListNotSupported", "The bucket does not allow ACLs", 400)]
    [InlineData("x-amz-server-side-encryption", "aws:kms", "NotImplemented", "The CloudLab's S3 does not have this: x-amz-server-side-encryption: aws:kms", 501)]
    [InlineData("x-amz-object-lock-mode", "COMPLIANCE", "NotImplemented", "The CloudLab's S3 does not have this: x-amz-object-lock-mode", 501)]
    [InlineData("x-amz-tagging", "aws:a=1", "InvalidTag", "System tags cannot be added/updated by requester", 400)]
    [InlineData("x-amz-tagging", "a=1&a=2", "InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.", 400)]
    [InlineData("x-amz-tagging", "a=%7B", "InvalidTag", "The TagValue you have provided is invalid", 400)]
    [InlineData("x-amz-tagging", "1=&2=&3=&4=&5=&6=&7=&8=&9=&10=&11=", "BadRequest", "Object tags cannot be greater than 10", 400)]
    public async Task A_copy_that_makes_no_sense_is_refused(string header, string value, string code, string message, int status)
    {
        (string, string)[] source = header == "x-amz-copy-source" ? [] : [("x-amz-copy-source", Source)];

        (await client.SendAsync(HttpMethod.Put, $"{Bucket}/copy", [], [.. source, (header, value)])).ShouldRefuse(status, code, message);
        (await client.SendAsync(HttpMethod.Head, $"{Bucket}/copy")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task An_object_is_copied_to_itself_only_to_change_something()
    {
        (await client.SendAsync(HttpMethod.Put, Source, [], [("x-amz-copy-source", Source)])).ShouldRefuse(
            400,
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.");
        (await client.SendAsync(HttpMethod.Put, Source, [], [("x-amz-copy-source", Source), ("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-a", "b")])).Status.ShouldBe(200);
        (await client.SendAsync(HttpMethod.Get, Source)).Text.ShouldStartWith("type,value");
    }

    [Fact]
    public async Task A_copy_needs_reading_of_its_source_and_writing_of_its_target()
    {
        var collector = await lab.SessionClientAsync(change: static form => form["RoleArn"] = "arn:aws:iam::111122223333:role/evidence-collector");
        var reader = await lab.SessionClientAsync();

        (await collector.SendAsync(HttpMethod.Put, $"{Bucket}/log", [], [("x-amz-copy-source", "security-lab-cloudtrail-logs/x")]))["Message"]!
            .ShouldStartWith("User: arn:aws:sts::111122223333:assumed-role/evidence-collector/INC-2041 is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::security-lab-cloudtrail-logs/x\"");
        (await reader.SendAsync(HttpMethod.Put, $"{Bucket}/log", [], [("x-amz-copy-source", Source)]))["Message"]!
            .ShouldStartWith("User: arn:aws:sts::111122223333:assumed-role/incident-responder/INC-2041 is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::security-lab-incident-evidence/log\"");
    }

    [Fact]
    public async Task Several_objects_are_deleted_in_one_call_each_allowed_on_its_own()
    {
        var collector = await lab.SessionClientAsync(change: static form => form["RoleArn"] = "arn:aws:iam::111122223333:role/evidence-collector");

        var answer = await DeleteAsync(collector, "<Object><Key>INC-2041/timeline.md</Key></Object><Object><Key>sealed/INC-1997/disk.sha256</Key></Object><Object><Key>nothing</Key></Object>");

        answer.Status.ShouldBe(200, answer.Text);
        answer.Xml.Elements().Where(static element => element.Name.LocalName == "Deleted").Select(static element => element.Value).ShouldBe(["INC-2041/timeline.md", "nothing"]);
        (answer["Code"], answer["Message"]).ShouldBe((
            "AccessDenied",
            "User: arn:aws:sts::111122223333:assumed-role/evidence-collector/INC-2041 is not authorized to perform: s3:DeleteObject on resource: "
            + "\"arn:aws:s3:::security-lab-incident-evidence/sealed/INC-1997/disk.sha256\" with an explicit deny in an identity-based policy"));
        (await client.SendAsync(HttpMethod.Head, $"{Bucket}/sealed/INC-1997/disk.sha256")).Status.ShouldBe(200);
        (await client.SendAsync(HttpMethod.Head, $"{Bucket}/INC-2041/timeline.md")).Status.ShouldBe(404);
        (await DeleteAsync(collector, "<Quiet>true</Quiet><Object><Key>nothing</Key></Object>")).Xml.Elements().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_batch_delete_has_a_digest_and_some_keys()
    {
        (await client.SendAsync(HttpMethod.Post, $"{Bucket}?delete", "<Delete><Object><Key>a</Key></Object></Delete>"u8.ToArray()))
            .ShouldRefuse(400, "InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
        (await DeleteAsync(client, "")).ShouldRefuse(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema");
        (await DeleteAsync(client, string.Concat(Enumerable.Repeat("<Object><Key>a</Key></Object>", 1001)))).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Objects_and_buckets_have_tags_that_policies_can_read()
    {
        const string Tags = "<Tagging><TagSet><Tag><Key>case</Key><Value>INC-2041</Value></Tag></TagSet></Tagging>";
        (await client.SendAsync(HttpMethod.Put, $"{Source}?tagging", Encoding.UTF8.GetBytes(Tags), [("content-md5", Md5(Tags))])).Status.ShouldBe(200);
        (await client.SendAsync(HttpMethod.Get, $"{Bucket}?tagging")).ShouldRefuse(404, "NoSuchTagSet", "The TagSet does not exist");
        (await client.SendAsync(HttpMethod.Put, $"{Bucket}?tagging", Encoding.UTF8.GetBytes(Tags), [("content-md5", Md5(Tags))])).Status.ShouldBe(204);
        (await client.SendAsync(HttpMethod.Get, $"{Bucket}?tagging"))["Value"].ShouldBe("INC-2041");

        var tagged = await lab.SessionClientAsync(change: static form => form["Policy"] =
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"s3:ExistingObjectTag/case":"INC-2041"}}}]}""");
        (await tagged.SendAsync(HttpMethod.Get, Source)).Status.ShouldBe(200);
        (await client.SendAsync(HttpMethod.Delete, $"{Source}?tagging")).Status.ShouldBe(204);
        (await tagged.SendAsync(HttpMethod.Get, Source)).Status.ShouldBe(403);
    }

    [Fact]
    public async Task Headers_stored_with_an_object_come_back_and_a_url_may_change_them()
    {
        await client.SendAsync(HttpMethod.Put, $"{Bucket}/page", "<p>"u8.ToArray(), [("x-amz-storage-class", "STANDARD_IA"), ("x-amz-meta-author", "soc")], static request =>
        {
            Type(request, "text/html");
            request.Content!.Headers.TryAddWithoutValidation("Content-Language", "en");
            request.Content.Headers.TryAddWithoutValidation("Content-Disposition", "attachment");
            request.Headers.TryAddWithoutValidation("Cache-Control", "no-store");
            request.Content.Headers.TryAddWithoutValidation("Content-Encoding", "aws-chunked,gzip");
        });

        var answer = await client.SendAsync(HttpMethod.Get, $"{Bucket}/page?response-content-disposition=inline&response-content-type=text%2Fplain");

        var headers = answer.Response.Content.Headers.NonValidated;
        (headers["Content-Type"].ToString(), headers["Content-Disposition"].ToString(), headers["Content-Language"].ToString(), headers["Content-Encoding"].ToString())
            .ShouldBe(("text/plain", "inline", "en", "gzip"));
        answer.Response.Headers.NonValidated["Cache-Control"].ToString().ShouldBe("no-store");
        answer.Response.Headers.GetValues("x-amz-storage-class").Single().ShouldBe("STANDARD_IA");
        answer.Response.Headers.GetValues("x-amz-meta-author").Single().ShouldBe("soc");
        answer.Response.Headers.GetValues("x-amz-server-side-encryption").Single().ShouldBe("AES256");
    }

    [Fact]
    public async Task Version_1_of_listing_pages_by_marker()
    {
        await client.SendAsync(HttpMethod.Put, "/old-listing");
        foreach (var key in new[] { "a", "b/1", "b/2", "c" })
        {
            await client.SendAsync(HttpMethod.Put, $"/old-listing/{key}", "x"u8.ToArray());
        }

        var first = await client.SendAsync(HttpMethod.Get, "/old-listing?delimiter=%2F&max-keys=2");
        (first["Key"], first["IsTruncated"], first["NextMarker"]).ShouldBe(("a", "true", "b/"));
        first["ID"]!.Length.ShouldBe(64);
        var second = await client.SendAsync(HttpMethod.Get, "/old-listing?delimiter=%2F&marker=b%2F&max-keys=2");
        (second["Key"], second["IsTruncated"], second["NextMarker"]).ShouldBe(("c", "false", null));
        var flat = await client.SendAsync(HttpMethod.Get, "/old-listing?max-keys=2");
        (flat["IsTruncated"], flat["NextMarker"]).ShouldBe(("true", null));
    }

    [Fact]
    public async Task A_bucket_is_deleted_when_nothing_lies_in_it()
    {
        await client.SendAsync(HttpMethod.Put, "/short-lived");
        await client.SendAsync(HttpMethod.Put, "/short-lived/a", "x"u8.ToArray());
        var upload = await client.SendAsync(HttpMethod.Post, "/short-lived/b?uploads");

        (await client.SendAsync(HttpMethod.Delete, "/short-lived")).ShouldRefuse(409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
        await client.SendAsync(HttpMethod.Delete, "/short-lived/a");
        (await client.SendAsync(HttpMethod.Delete, "/short-lived")).Status.ShouldBe(204);
        (await client.SendAsync(HttpMethod.Put, $"/short-lived/b?partNumber=1&uploadId={upload["UploadId"]}", "x"u8.ToArray())).ShouldRefuse(404, "NoSuchBucket", "The specified bucket does not exist");
    }

    [Theory]
    [InlineData("HEAD", "/security-lab-incident-evidence", 200)]
    [InlineData("HEAD", "/no-such-bucket", 404)]
    [InlineData("HEAD", "/forensics-disk-images", 403)]
    [InlineData("HEAD", "/security-lab-vpc-flow-logs", 400)]
    [InlineData("HEAD", "/security-lab-incident-evidence/nothing", 404)]
    public async Task A_head_answers_by_its_status_alone(string method, string target, int status)
    {
        var answer = await client.SendAsync(new HttpMethod(method), target);

        (answer.Status, answer.Text).ShouldBe((status, ""));
    }

    [Fact]
    public async Task Everything_has_its_name_in_the_log()
    {
        await client.SendAsync(HttpMethod.Put, $"{Bucket}/copy", [], [("x-amz-copy-source", Source)]);
        await client.SendAsync(HttpMethod.Post, $"{Bucket}/b?uploads");
        await client.SendAsync(HttpMethod.Get, $"{Bucket}/b?tagging");

        var events = lab.Server.Events.Snapshot();
        events.Select(static labEvent => (labEvent.EventName, labEvent.ErrorCode)).ShouldBe([("CopyObject", null), ("CreateMultipartUpload", null), ("GetObjectTagging", "NoSuchKey")]);
        events[0].RequestParameters!["x-amz-copy-source"]!.GetValue<string>().ShouldBe("security-lab-incident-evidence/INC-2041/indicators.csv");
        events[2].UserIdentity!.UserName.ShouldBe("security-engineer");
    }

    [Fact]
    public async Task What_does_not_fit_in_the_room_of_the_lab_is_refused_and_deleting_makes_room()
    {
        await using var small = await TestLab.StartAsync(maximumStorage: 300_000);
        var writer = small.UserClient();
        var content = new byte[100_000];

        (await writer.SendAsync(HttpMethod.Put, $"{Bucket}/1", content)).Status.ShouldBe(200);
        (await writer.SendAsync(HttpMethod.Put, $"{Bucket}/copy", [], [("x-amz-copy-source", $"{Bucket}/1")])).Status.ShouldBe(200);
        (await writer.SendAsync(HttpMethod.Put, $"{Bucket}/2", content)).Status.ShouldBe(200);
        (await writer.SendAsync(HttpMethod.Put, $"{Bucket}/3", content)).ShouldRefuse(
            503, "ServiceUnavailable", "The CloudLab keeps no more than it was given room for and has none left: delete some objects.");
        await writer.SendAsync(HttpMethod.Delete, $"{Bucket}/1");
        (await writer.SendAsync(HttpMethod.Put, $"{Bucket}/3", content)).Status.ShouldBe(503);
        await writer.SendAsync(HttpMethod.Delete, $"{Bucket}/copy");
        (await writer.SendAsync(HttpMethod.Put, $"{Bucket}/3", content)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_folder_of_large_objects_is_gone_with_the_lab()
    {
        var parent = Directory.CreateTempSubdirectory("cloudlab-storage-");
        try
        {
            await using (var stored = await TestLab.StartAsync(storageFolder: parent.FullName))
            {
                (await stored.UserClient().SendAsync(HttpMethod.Put, $"{Bucket}/1", new byte[100_000])).Status.ShouldBe(200);
                (await stored.UserClient().SendAsync(HttpMethod.Put, $"{Bucket}/2", new byte[100])).Status.ShouldBe(200);
                parent.GetDirectories().Single().GetFiles().Single().Length.ShouldBe(100_000);
                await stored.UserClient().SendAsync(HttpMethod.Delete, $"{Bucket}/1");
                parent.GetDirectories().Single().GetFiles().ShouldBeEmpty();
                await stored.UserClient().SendAsync(HttpMethod.Put, $"{Bucket}/3", new byte[100_000]);
            }

            parent.GetDirectories().ShouldBeEmpty();
        }
        finally
        {
            parent.Delete(recursive: true);
        }
    }

    private static Task<AwsAnswer> DeleteAsync(SigV4Client from, string content)
    {
        var document = $"<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{content}</Delete>";
        return from.SendAsync(HttpMethod.Post, $"{Bucket}?delete", Encoding.UTF8.GetBytes(document), [("content-md5", Md5(document))]);
    }

    private static string Md5(string text) => Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(Encoding.UTF8.GetBytes(text)));

    private static void Type(HttpRequestMessage request, string type) => request.Content!.Headers.TryAddWithoutValidation("Content-Type", type).ShouldBeTrue();
}
