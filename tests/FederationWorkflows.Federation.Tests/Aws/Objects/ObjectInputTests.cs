using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Aws.Objects;

/// <summary>Wrong inputs are refused before anything is sent, and files are touched in one folder only.</summary>
public sealed class ObjectInputTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("federation-folder-");

    private readonly FederationHost host;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ObjectInputTests()
    {
        Directory.CreateDirectory(Path.Combine(root.FullName, "in", "sub"));
        File.WriteAllText(Path.Combine(root.FullName, "secret"), "CANARY");
        File.WriteAllText(Path.Combine(root.FullName, "in", "file"), "content");
        host = new FederationHost(("Objects:Folder", Path.Combine(root.FullName, "in")));
    }

    public void Dispose()
    {
        host.Dispose();
        root.Delete(recursive: true);
    }

    public static TheoryData<string, string, string> Addresses => new()
    {
        { "", "k", "the bucket is no bucket's name" },
        { "ab", "k", "the bucket is no bucket's name" },
        { "Upper", "k", "the bucket is no bucket's name" },
        { "s3://bucket", "k", "the bucket is no bucket's name" },
        { "bucket/x", "k", "the bucket is no bucket's name" },
        { "evil.example.com#", "k", "the bucket is no bucket's name" },
        { "a..b", "k", "the bucket is no bucket's name" },
        { "bucket", "", "the key has 0 bytes of UTF-8" },
        { "bucket", "a/../b", "the key has a segment . or .., or a control character" },
        { "bucket", "./b", "the key has a segment . or .., or a control character" },
        { "bucket", "a\nb", "the key has a segment . or .., or a control character" },
        { "bucket", new string('é', 513), "the key has 1026 bytes of UTF-8" },
    };

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task What_is_no_bucket_or_key_is_not_sent(string bucket, string key, string detail)
    {
        var address = new ObjectAddress { Credentials = Credentials.Session, Bucket = bucket, Key = key };
        Func<Task>[] calls =
        [
            () => host.Objects.ReadAsync(address, Cancellation), () => host.Objects.DownloadAsync(address, "f", cancellationToken: Cancellation), () => host.Objects.DescribeAsync(address, Cancellation),
            () => host.Objects.DeleteAsync(address, cancellationToken: Cancellation),
            () => host.Writes.PutAsync(new ObjectTarget { Address = address }, default, Cancellation),
            () => host.Writes.UploadAsync(new ObjectTarget { Address = address }, "file", cancellationToken: Cancellation),
            () => Task.FromResult(host.Objects.Presign(new PresignRequest { Address = address })),
        ];

        foreach (var call in calls)
        {
            (await Should.ThrowAsync<FederationException>(call)).Detail.ShouldBe(detail);
        }

        host.Network.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Half_of_a_character_is_no_key() => (await Should.ThrowAsync<FederationException>(
        () => host.Objects.ReadAsync(new ObjectAddress { Credentials = Credentials.Session, Bucket = "bucket", Key = "a\ud800" }, Cancellation))).Detail.ShouldBe("the key has no bytes of UTF-8");

    public static TheoryData<ObjectTarget, string> Targets
    {
        get
        {
            var good = new ObjectTarget { Address = new ObjectAddress { Credentials = Credentials.Session, Bucket = "bucket", Key = "k" } };
            return new()
            {
                { good with { Condition = WriteCondition.IfMatch }, "the ETag is none" },
                { good with { Condition = WriteCondition.IfMatch, ETag = "a\r\nb" }, "the ETag is none" },
                { good with { ETag = "\"a\"" }, "an ETag is given with the condition IfAbsent" },
                { good with { Address = good.Address with { VersionId = "v1" } }, "a version to write is given" },
                { good with { ContentType = "text/plain\r\nx-amz-acl: public-read" }, "the content type is none" },
                { good with { Metadata = new Dictionary<string, string> { ["a b"] = "" } }, "'a b' is no name of metadata" },
                { good with { Metadata = new Dictionary<string, string> { ["Fedflow-Write"] = "x" } }, "'Fedflow-Write' is no name of metadata" },
                { good with { Metadata = new Dictionary<string, string> { ["a"] = "ü" } }, "the metadata a has characters that a header cannot carry" },
                { good with { Metadata = new Dictionary<string, string> { ["a"] = new('x', 1800) } }, "the metadata has 1801 bytes" },
                { good with { IdempotencyKey = "a\nb" }, "the idempotency key is no text of at most 200 visible ASCII characters" },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task What_cannot_be_written_is_not_sent(ObjectTarget target, string detail)
    {
        (await Should.ThrowAsync<FederationException>(() => host.Writes.PutAsync(target, default, Cancellation))).Detail.ShouldBe(detail);
        (await Should.ThrowAsync<FederationException>(() => host.Writes.CopyAsync(target, new ObjectSource("bucket", "from"), cancellationToken: Cancellation))).Detail.ShouldBe(detail);
        host.Network.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("../secret")]
    [InlineData("sub/../../secret")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    [InlineData("sub//file")]
    [InlineData("sub/.")]
    [InlineData("sub\\..\\..\\secret")]
    [InlineData("C:secret")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    public async Task A_path_leads_nowhere_but_below_the_folder(string file)
    {
        await ShouldNotBeTouchedAsync(file, "is no path below the folder");
        (await File.ReadAllTextAsync(Path.Combine(root.FullName, "secret"), Cancellation)).ShouldBe("CANARY");
    }

    [Theory]
    [InlineData("link", "secret")]
    [InlineData("folder/secret", "")]
    [InlineData("dangling", "not-there")]
    [InlineData("inside", "in/file")]
    public async Task Links_are_not_followed(string file, string to)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right of their own there.");
        var link = Path.Combine(root.FullName, "in", file.Split('/')[0]);
        if (to.Length == 0)
        {
            Directory.CreateSymbolicLink(link, root.FullName);
        }
        else
        {
            File.CreateSymbolicLink(link, Path.Combine(root.FullName, to));
        }

        await ShouldNotBeTouchedAsync(file, "leads over a link");
        File.Exists(Path.Combine(root.FullName, "not-there")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("sub", "is a folder")]
    [InlineData("missing", "there is no file 'missing' in the folder")]
    [InlineData("file/below", "")]
    public async Task What_is_no_file_is_not_uploaded(string file, string says)
    {
        var error = await Should.ThrowAsync<FederationException>(() => host.Writes.UploadAsync(Target, file, cancellationToken: Cancellation));
        error.Message.ShouldContain(says);
        host.Network.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_folder_no_file_is_touched()
    {
        using var none = new FederationHost();

        foreach (var call in new Func<Task>[] { () => none.Writes.UploadAsync(Target, "file", cancellationToken: Cancellation), () => none.Objects.DownloadAsync(Target.Address, "file", cancellationToken: Cancellation) })
        {
            (await Should.ThrowAsync<FederationException>(call)).Message.ShouldEndWith(
                "this host has no folder for files. An administrator names one in Federation:Objects:Folder; without it no story touches files.");
        }

        none.Network.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_larger_than_the_host_takes_is_not_sent()
    {
        using var small = new FederationHost(("Objects:Folder", Path.Combine(root.FullName, "in")), ("Objects:MaxFileBytes", "1024"));
        await File.WriteAllBytesAsync(Path.Combine(root.FullName, "in", "large"), new byte[1025], Cancellation);

        (await Should.ThrowAsync<FederationException>(() => small.Writes.UploadAsync(Target, "large", cancellationToken: Cancellation))).Detail.ShouldBe("the file 'large' has 1025 bytes");
        small.Network.Requests.ShouldBeEmpty();
    }

    private static ObjectTarget Target => new() { Address = new ObjectAddress { Credentials = Credentials.Session, Bucket = "bucket", Key = "k" } };

    private async Task ShouldNotBeTouchedAsync(string file, string says)
    {
        foreach (var call in new Func<Task>[] { () => host.Writes.UploadAsync(Target, file, cancellationToken: Cancellation), () => host.Objects.DownloadAsync(Target.Address, file, cancellationToken: Cancellation) })
        {
            (await Should.ThrowAsync<FederationException>(call)).Message.ShouldContain(says);
        }

        host.Network.Requests.ShouldBeEmpty();
    }
}
