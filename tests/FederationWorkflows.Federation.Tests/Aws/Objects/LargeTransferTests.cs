using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Aws.Objects;

/// <summary>What is large goes in parts or as it comes, goes on where it broke, and is never held in memory.</summary>
public sealed class LargeTransferTests : IAsyncLifetime
{
    private const long MiB = 1024 * 1024;

    private static readonly AwsCredentials Key = new() { AccessKeyId = "AKIAEXAMPLE0000001", SecretAccessKey = Sensitive.Of("secret") };

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("federation-large-");

    private BottomlessS3 s3 = null!;

    private FederationHost host = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        s3 = await BottomlessS3.StartAsync();
        host = new FederationHost([("Endpoints:AwsS3", s3.Address), ("Objects:Folder", folder.FullName)], _ => null, new HurriedTime());
    }

    public async ValueTask DisposeAsync()
    {
        host.Dispose();
        await s3.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_large_file_goes_in_parts_under_the_condition_of_the_whole()
    {
        Make("in", (2 * MultipartWrite.SmallestPart) + 5);
        s3.Failures["Head"] = new([404]);
        var moved = new List<TransferProgress>();

        var written = await host.Writes.UploadAsync(Target, "in", new Collected(moved), Cancellation);

        s3.Parts.OrderBy(part => part.Key).Select(part => (part.Key, part.Value)).ShouldBe([(1, MultipartWrite.SmallestPart), (2, MultipartWrite.SmallestPart), (3, 5)]);
        s3.Calls.ShouldBe(["Head", "Create", "Part", "Part", "Part", "Complete"]);
        s3.Headers["Create"]["x-amz-meta-fedflow-write"].ToString().ShouldBe("run-7");
        s3.Headers["Complete"].IfNoneMatch.ToString().ShouldBe("*");
        written.Size.ShouldBe((2 * MultipartWrite.SmallestPart) + 5);
        moved.Select(progress => progress.Bytes).Max().ShouldBe(written.Size);
        moved.ShouldAllBe(progress => progress.Total == written.Size);
    }

    [Fact]
    public async Task A_part_that_fails_for_a_passing_reason_is_sent_again()
    {
        Make("in", MultipartWrite.SmallestPart + 1);
        s3.Failures["Head"] = new([404]);
        s3.Failures["Part"] = new([500, 503]);

        await host.Writes.UploadAsync(Target, "in", cancellationToken: Cancellation);

        s3.Calls.Count(call => call == "Part").ShouldBe(4);
        s3.Calls.ShouldNotContain("Abort");
    }

    [Theory]
    [InlineData("Part", 403, "AccessDenied")]
    [InlineData("Complete", 412, "PreconditionFailed")]
    [InlineData("Complete", 500, "InternalError")]
    public async Task What_fails_for_good_leaves_no_parts(string operation, int status, string code)
    {
        Make("in", MultipartWrite.SmallestPart + 1);
        s3.Failures["Head"] = new([404, 404]);
        s3.Failures[operation] = new(Enumerable.Repeat(status, 10));

        var error = await Should.ThrowAsync<FederationException>(() => host.Writes.UploadAsync(Target, "in", cancellationToken: Cancellation));

        error.Code.ShouldBe(code);
        s3.Calls.Count(call => call == "Abort").ShouldBe(1);
    }

    [Fact]
    public async Task What_exists_already_is_not_uploaded_in_vain()
    {
        Make("in", MultipartWrite.SmallestPart + 1);
        s3.Size = 5;

        (await Should.ThrowAsync<FederationException>(() => host.Writes.UploadAsync(Target, "in", cancellationToken: Cancellation))).Code.ShouldBe("PreconditionFailed");

        s3.Calls.ShouldBe(["Head"]);
    }

    [Fact]
    public async Task A_download_that_breaks_off_goes_on_behind_what_has_come()
    {
        s3.Size = 10 * MiB;
        s3.CutAfter.Enqueue(3 * MiB);
        s3.CutAfter.Enqueue(4 * MiB);

        var facts = await host.Objects.DownloadAsync(Target.Address, "out", cancellationToken: Cancellation);

        facts.Size.ShouldBe(10 * MiB);
        new FileInfo(Path.Combine(folder.FullName, "out")).Length.ShouldBe(10 * MiB);
        s3.Calls.ShouldBe(["Get", "Get", "Get"]);
        s3.Headers["Get"].IfMatch.ToString().ShouldBe(facts.ETag);
        s3.Headers["Get"].Range.ToString().ShouldEndWith($"-{(10 * MiB) - 1}");
    }

    [Fact]
    public async Task A_download_that_ends_for_good_leaves_nothing()
    {
        s3.Size = 10 * MiB;
        s3.CutAfter.Enqueue(3 * MiB);
        s3.Failures["Get"] = new([]);
        var moved = new Failing(() => s3.Failures["Get"].Enqueue(403));

        (await Should.ThrowAsync<FederationException>(() => host.Objects.DownloadAsync(Target.Address, "out", moved, Cancellation))).Code.ShouldBe("AccessDenied");

        folder.GetFiles().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_lies_in_the_folder_from_an_attempt_that_was_cut_off_is_begun_anew()
    {
        s3.Size = 5;
        var place = Path.Combine(folder.FullName, "out");
        var left = Path.Combine(folder.FullName, $".{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(place)).AsSpan(0, 8))}.part");
        await File.WriteAllBytesAsync(left, new byte[10], Cancellation);

        await host.Objects.DownloadAsync(Target.Address, "out", cancellationToken: Cancellation);

        new FileInfo(place).Length.ShouldBe(5);
        File.Exists(left).ShouldBeFalse();
    }

    [Fact]
    public async Task A_large_copy_is_made_of_parts_inside_s3()
    {
        s3.Size = MultipartWrite.LargestCopy + 1;
        s3.Failures["Head"] = new();

        var written = await host.Writes.CopyAsync(Target with { Condition = WriteCondition.IfMatch, ETag = "\"0123456789abcdef0123456789abcdef-2\"" }, new ObjectSource("source", "from"), cancellationToken: Cancellation);

        written.Size.ShouldBe(s3.Size);
        s3.Parts[1].ShouldBe(MultipartWrite.LargestCopy);
        s3.Parts[2].ShouldBe(1);
        Uri.UnescapeDataString(s3.Headers["CopyPart"]["x-amz-copy-source"].ToString()).ShouldBe("source/from");
        s3.Headers["CopyPart"]["x-amz-copy-source-if-match"].ToString().ShouldBe("\"0123456789abcdef0123456789abcdef-2\"");
        s3.Headers["Complete"].IfMatch.ToString().ShouldBe("\"0123456789abcdef0123456789abcdef-2\"");
    }

    [Fact]
    public async Task Cancelling_takes_the_parts_back()
    {
        Make("in", 3 * MultipartWrite.SmallestPart);
        s3.Failures["Head"] = new([404]);
        using var cancellation = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(() => host.Writes.UploadAsync(Target, "in", new Failing(cancellation.Cancel), cancellation.Token));

        s3.Calls.Last().ShouldBe("Abort");
    }

    /// <summary>The size can be set for a measurement; the suite takes one that shows what grows with it.</summary>
    [Fact]
    public async Task Memory_does_not_grow_with_the_object()
    {
        var size = (long.TryParse(Environment.GetEnvironmentVariable("FEDFLOW_TEST_OBJECT_MIB"), out var given) ? given : 256) * MiB;
        s3.Size = 32 * MiB;
        await host.Objects.DownloadAsync(Target.Address, "warm", cancellationToken: Cancellation);
        s3.Failures["Head"] = new([404, 404]);
        await host.Writes.UploadAsync(Target, "warm", cancellationToken: Cancellation);
        GC.Collect();
        using var memory = new PeakMemory();

        s3.Size = size;
        await host.Objects.DownloadAsync(Target.Address, "large", cancellationToken: Cancellation);
        await host.Writes.UploadAsync(Target, "large", cancellationToken: Cancellation);

        TestContext.Current.TestOutputHelper?.WriteLine($"{size / MiB} MiB down and up: working set grew by {memory.Growth / MiB} MiB at most.");
        memory.Growth.ShouldBeLessThan(64 * MiB);
        s3.Parts.Where(part => part.Key > 0).Sum(part => part.Value).ShouldBeGreaterThanOrEqualTo(size);
    }

    private static ObjectTarget Target => new() { Address = new ObjectAddress { Credentials = Key, Bucket = "bucket", Key = "k" }, IdempotencyKey = "run-7" };

    private void Make(string name, long length)
    {
        using var file = File.Create(Path.Combine(folder.FullName, name));
        file.SetLength(length);
    }

    private sealed class Collected(List<TransferProgress> moved) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
            lock (moved)
            {
                moved.Add(value);
            }
        }
    }

    /// <summary>Does something when the first bytes have moved.</summary>
    private sealed class Failing(Action act) : IProgress<TransferProgress>
    {
        private int done;

        public void Report(TransferProgress value)
        {
            if (Interlocked.Exchange(ref done, 1) == 0)
            {
                act();
            }
        }
    }

    /// <summary>Looks at the process while something runs.</summary>
    private sealed class PeakMemory : IDisposable
    {
        private readonly long before = Environment.WorkingSet;

        private readonly Timer timer;

        private long peak;

        public PeakMemory() => timer = new Timer(_ => peak = Math.Max(peak, Environment.WorkingSet), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(5));

        public long Growth => peak - before;

        public void Dispose() => timer.Dispose();
    }
}
