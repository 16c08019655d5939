using System.Text;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Aws.Objects;

/// <summary>Objects of a CloudLab, as a program has them that uses the clients without a story.</summary>
public sealed class ObjectTests : IAsyncLifetime
{
    private LabHost lab = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => lab = await LabHost.StartAsync();

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Fact]
    public async Task What_was_written_is_read_with_its_facts()
    {
        var written = await lab.Writes.PutAsync(
            Target("INC-1/Überblick +1.txt") with { ContentType = "text/markdown", Metadata = new Dictionary<string, string> { ["case"] = "INC-1" } }, Bytes("# héllo"), Cancellation);

        var read = await lab.Objects.ReadAsync(lab.At("INC-1/Überblick +1.txt"), Cancellation);

        Encoding.UTF8.GetString(read.Content.Span).ShouldBe("# héllo");
        read.Facts.ETag.ShouldBe(written.ETag);
        read.Facts.Size.ShouldBe(8);
        read.Facts.ContentType.ShouldBe("text/markdown");
        read.Facts.Metadata["case"].ShouldBe("INC-1");
        read.Facts.Metadata["fedflow-write"].ShouldBe("run-7");
        written.IsRepeat.ShouldBeFalse();
        (await lab.Objects.DescribeAsync(lab.At("INC-1/Überblick +1.txt"), Cancellation)).ShouldBe(read.Facts with { Metadata = null! }, ObjectFactsWithoutMetadata.Instance);
    }

    [Fact]
    public async Task Lists_have_prefixes_a_limit_and_an_order()
    {
        foreach (var key in new[] { "L/a/1", "L/a/2", "L/b", "L/c/1", "M" })
        {
            await lab.Writes.PutAsync(Target(key), Bytes("x"), Cancellation);
        }

        var folders = await ListAsync("L/", "/");
        folders.Objects.Select(item => item.Key).ShouldBe(["L/b"]);
        folders.Prefixes.ShouldBe(["L/a/", "L/c/"]);
        folders.IsTruncated.ShouldBeFalse();

        var first = await ListAsync("L/", null, limit: 3);
        first.Objects.Select(item => item.Key).ShouldBe(["L/a/1", "L/a/2", "L/b"]);
        first.IsTruncated.ShouldBeTrue();
        first.Objects[0].Size.ShouldBe(1);
        first.Objects[0].LastModified.ShouldNotBeNull();

        (await ListAsync("L/", null, after: "L/b")).Objects.Select(item => item.Key).ShouldBe(["L/c/1"]);
        (await ListAsync("none/", null)).Objects.ShouldBeEmpty();
    }

    [Fact]
    public async Task Deleting_twice_is_deleting()
    {
        await lab.Writes.PutAsync(Target("D/1"), Bytes("x"), Cancellation);

        await lab.Objects.DeleteAsync(lab.At("D/1"), cancellationToken: Cancellation);
        await lab.Objects.DeleteAsync(lab.At("D/1"), cancellationToken: Cancellation);

        (await Refusal(() => lab.Objects.ReadAsync(lab.At("D/1"), Cancellation))).Code.ShouldBe("NoSuchKey");
    }

    [Fact]
    public async Task A_repeated_write_finds_its_own_object_and_writes_nothing()
    {
        foreach (var condition in new[] { WriteCondition.IfAbsent, WriteCondition.Always })
        {
            var target = Target($"W/{condition}") with { Condition = condition };
            var first = await lab.Writes.PutAsync(target, Bytes("first"), Cancellation);

            var second = await lab.Writes.PutAsync(target, Bytes("again"), Cancellation);

            second.ShouldBe(first with { IsRepeat = true });
            (await lab.TextAsync($"W/{condition}")).ShouldBe("first");
        }
    }

    [Fact]
    public async Task A_repeated_change_finds_its_own_object_although_the_etag_is_another_now()
    {
        var before = await lab.Writes.PutAsync(Target("W/2"), Bytes("before"), Cancellation);
        var change = Target("W/2", "run-8") with { Condition = WriteCondition.IfMatch, ETag = before.ETag };
        var first = await lab.Writes.PutAsync(change, Bytes("after"), Cancellation);

        var second = await lab.Writes.PutAsync(change, Bytes("after"), Cancellation);

        first.IsRepeat.ShouldBeFalse();
        second.ShouldBe(first with { IsRepeat = true });
        (await lab.TextAsync("W/2")).ShouldBe("after");
    }

    [Fact]
    public async Task What_others_wrote_is_not_overwritten_unless_that_is_asked_for()
    {
        await lab.Writes.PutAsync(Target("W/3", "other"), Bytes("theirs"), Cancellation);

        var absent = await Refusal(() => lab.Writes.PutAsync(Target("W/3"), Bytes("mine"), Cancellation));
        absent.Code.ShouldBe("PreconditionFailed");
        absent.HttpStatus.ShouldBe(412);
        absent.Message.ShouldContain("an object with this key exists (ETag \"");
        absent.Message.ShouldEndWith("Choose another key, or the condition IfMatch or Always.");

        var changed = await Refusal(() => lab.Writes.PutAsync(Target("W/3") with { Condition = WriteCondition.IfMatch, ETag = "\"0123\"" }, Bytes("mine"), Cancellation));
        changed.Message.ShouldContain("Somebody else has written it");
        (await lab.TextAsync("W/3")).ShouldBe("theirs");

        (await lab.Writes.PutAsync(Target("W/3") with { Condition = WriteCondition.Always }, Bytes("mine"), Cancellation)).IsRepeat.ShouldBeFalse();
        (await lab.TextAsync("W/3")).ShouldBe("mine");

        (await Refusal(() => lab.Writes.PutAsync(Target("W/none") with { Condition = WriteCondition.IfMatch, ETag = "\"0123\"" }, Bytes("mine"), Cancellation)))
            .Message.ShouldContain("there is no object with this key any more");
    }

    [Fact]
    public async Task A_presigned_url_reads_and_writes_without_credentials()
    {
        using var anybody = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var put = lab.Objects.Presign(new PresignRequest { Address = lab.At("P/a b.txt"), Operation = PresignedOperation.Put, ContentType = "text/plain", Lifetime = TimeSpan.FromMinutes(1) });
        using var content = new StringContent("by hand");
        content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("text/plain");

        using var uploaded = await anybody.PutAsync(new Uri(put.Url.Reveal()), content, Cancellation);
        var get = lab.Objects.Presign(new PresignRequest { Address = lab.At("P/a b.txt") });

        uploaded.IsSuccessStatusCode.ShouldBeTrue(await uploaded.Content.ReadAsStringAsync(Cancellation));
        (await anybody.GetStringAsync(new Uri(get.Url.Reveal()), Cancellation)).ShouldBe("by hand");
        (get.ExpiresAt - DateTimeOffset.UtcNow).ShouldBeInRange(TimeSpan.FromMinutes(14), TimeSpan.FromMinutes(15));
        get.ToString().ShouldNotContain("X-Amz-Signature");
        using var tampered = await anybody.GetAsync(new Uri(get.Url.Reveal().Replace("a%20b", "c", StringComparison.Ordinal)), Cancellation);
        ((int)tampered.StatusCode).ShouldBe(403);
    }

    [Fact]
    public async Task An_object_that_is_too_large_for_a_value_is_for_a_file()
    {
        await File.WriteAllBytesAsync(Path.Combine(lab.Folder, "big"), new byte[65_537], Cancellation);
        (await lab.Writes.UploadAsync(Target("B/1"), "big", cancellationToken: Cancellation)).Size.ShouldBe(65_537);

        var tooLarge = await Refusal(() => lab.Objects.ReadAsync(lab.At("B/1"), Cancellation));
        tooLarge.Message.ShouldBe("s3:GetObject: the object has 65537 bytes, and at most 65536 become a value of a story. Download it into a file; Federation:Objects:MaxContentBytes sets the limit.");
        (await Refusal(() => lab.Writes.PutAsync(Target("B/2"), new byte[65_537], Cancellation))).Message.ShouldContain("Upload a file");

        var facts = await lab.Objects.DownloadAsync(lab.At("B/1"), "down/big.bin", cancellationToken: Cancellation);

        facts.Size.ShouldBe(65_537);
        new FileInfo(Path.Combine(lab.Folder, "down", "big.bin")).Length.ShouldBe(65_537);
        Directory.GetFiles(Path.Combine(lab.Folder, "down")).Length.ShouldBe(1);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(lab.Folder, "down", "big.bin")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public async Task Empty_objects_and_files_are_content()
    {
        await File.WriteAllBytesAsync(Path.Combine(lab.Folder, "empty"), [], Cancellation);
        await lab.Writes.PutAsync(Target("E/1"), default, Cancellation);
        await lab.Writes.UploadAsync(Target("E/2"), "empty", cancellationToken: Cancellation);

        (await lab.Objects.ReadAsync(lab.At("E/1"), Cancellation)).Content.Length.ShouldBe(0);
        (await lab.Objects.DownloadAsync(lab.At("E/2"), "empty2", cancellationToken: Cancellation)).Size.ShouldBe(0);
        File.Exists(Path.Combine(lab.Folder, "empty2")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_refusal_says_what_to_check()
    {
        (await Refusal(() => lab.Objects.ReadAsync(lab.At("x", "no-such-bucket"), Cancellation))).Advice.ShouldBe("Check the bucket's name, and that the credentials are of the right partition.");
        var missing = await Refusal(() => lab.Objects.DownloadAsync(lab.At("no/such"), "f", cancellationToken: Cancellation));
        missing.Code.ShouldBe("NoSuchKey");
        missing.Advice.ShouldBe("Check the key: it is compared exactly, without a slash at its beginning.");
        File.Exists(Path.Combine(lab.Folder, "f")).ShouldBeFalse();
        Directory.GetFiles(lab.Folder).ShouldBeEmpty();
        (await Refusal(() => lab.Objects.ListAsync(new ObjectQuery { Credentials = lab.User, Bucket = LabHost.Bucket, Region = "eu-north-1" }, Cancellation))).Advice.ShouldContain("region");
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static Task<FederationException> Refusal(Func<Task> call) => Should.ThrowAsync<FederationException>(call);

    private ObjectTarget Target(string key, string idempotencyKey = "run-7") => new() { Address = lab.At(key), IdempotencyKey = idempotencyKey };

    private Task<ObjectList> ListAsync(string prefix, string? delimiter, int limit = 1000, string? after = null) => lab.Objects.ListAsync(
        new ObjectQuery { Credentials = lab.User, Bucket = LabHost.Bucket, Prefix = prefix, Delimiter = delimiter, Limit = limit, StartAfter = after }, Cancellation);

    /// <summary>A record compares dictionaries by reference.</summary>
    private sealed class ObjectFactsWithoutMetadata : IEqualityComparer<ObjectFacts>
    {
        public static ObjectFactsWithoutMetadata Instance { get; } = new();

        public bool Equals(ObjectFacts? x, ObjectFacts? y) => x! with { Metadata = null! } == y! with { Metadata = null! };

        public int GetHashCode(ObjectFacts obj) => obj.ETag.GetHashCode(StringComparison.Ordinal);
    }
}
