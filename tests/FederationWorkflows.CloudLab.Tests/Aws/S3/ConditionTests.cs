using System.Text;

namespace FederationWorkflows.CloudLab.Tests.Aws.S3;

/// <summary>Conditional reads, copies, writes and deletes.</summary>
public sealed class ConditionTests : IAsyncLifetime
{
    private const string Bucket = "/security-lab-incident-evidence";
    private const string Target = $"{Bucket}/INC-2041/indicators.csv";
    private const string Unmet = "At least one of the pre-conditions you specified did not hold";

    private readonly TestClock clock = new(new DateTimeOffset(2026, 3, 18, 10, 0, 0, TimeSpan.Zero));
    private TestLab lab = null!;
    private SigV4Client client = null!;

    public async ValueTask InitializeAsync()
    {
        lab = await TestLab.StartAsync(clock);
        client = lab.UserClient();
    }

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    // {etag} is the object's; it was last modified at 10:00:00.
    [Theory]
    [InlineData("If-Match={etag}", 200)]
    [InlineData("If-Match=*", 200)]
    [InlineData("If-Match=\"0123\"", 412)]
    [InlineData("If-Match=\"0123\", {etag}", 200)]
    [InlineData("If-None-Match={etag}", 304)]
    [InlineData("If-None-Match=\"0123\"", 200)]
    [InlineData("If-Modified-Since=Wed, 18 Mar 2026 09:59:59 GMT", 200)]
    [InlineData("If-Modified-Since=Wed, 18 Mar 2026 10:00:00 GMT", 304)]
    [InlineData("If-Modified-Since=yesterday", 200)]
    [InlineData("If-Unmodified-Since=Wed, 18 Mar 2026 10:00:00 GMT", 200)]
    [InlineData("If-Unmodified-Since=Wed, 18 Mar 2026 09:59:59 GMT", 412)]
    [InlineData("If-Match={etag}|If-Unmodified-Since=Wed, 18 Mar 2026 09:59:59 GMT", 200)]
    [InlineData("If-None-Match={etag}|If-Modified-Since=Wed, 18 Mar 2026 09:59:59 GMT", 304)]
    public async Task A_read_heeds_its_conditions(string conditions, int status)
    {
        var etag = await ETagAsync(Target);
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            var answer = await client.SendAsync(method, Target, spoil: request => Add(request, conditions, etag));

            answer.Status.ShouldBe(status, answer.Text);
            answer.Response.Headers.ETag!.Tag.ShouldBe(etag);
            if (status == 412 && method == HttpMethod.Get)
            {
                answer.ShouldRefuse(412, "PreconditionFailed", Unmet);
            }
        }
    }

    [Theory]
    [InlineData("x-amz-copy-source-if-match={etag}", 200)]
    [InlineData("x-amz-copy-source-if-match=\"0123\"", 412)]
    [InlineData("x-amz-copy-source-if-none-match={etag}", 412)]
    [InlineData("x-amz-copy-source-if-none-match=\"0123\"", 200)]
    [InlineData("x-amz-copy-source-if-modified-since=Wed, 18 Mar 2026 10:00:00 GMT", 412)]
    [InlineData("x-amz-copy-source-if-unmodified-since=Wed, 18 Mar 2026 09:59:59 GMT", 412)]
    [InlineData("x-amz-copy-source-if-match={etag}|x-amz-copy-source-if-unmodified-since=Wed, 18 Mar 2026 09:59:59 GMT", 200)]
    [InlineData("x-amz-copy-source-if-none-match={etag}|x-amz-copy-source-if-modified-since=Wed, 18 Mar 2026 09:59:59 GMT", 412)]
    public async Task A_copy_heeds_the_conditions_on_its_source(string conditions, int status)
    {
        var etag = await ETagAsync(Target);
        (string, string)[] headers = [("x-amz-copy-source", Target), .. conditions.Split('|').Select(condition => condition.Replace("{etag}", etag, StringComparison.Ordinal).Split('=', 2)).Select(static pair => (pair[0], pair[1]))];

        var answer = await client.SendAsync(HttpMethod.Put, $"{Bucket}/copy.csv", [], headers);

        answer.Status.ShouldBe(status, answer.Text);
        if (status == 412)
        {
            answer.ShouldRefuse(412, "PreconditionFailed", Unmet);
        }
    }

    [Theory]
    [InlineData("new.txt", "If-None-Match=*", 200, null, null)]
    [InlineData("INC-2041/indicators.csv", "If-None-Match=*", 412, "PreconditionFailed", Unmet)]
    [InlineData("INC-2041/indicators.csv", "If-None-Match=\"a\"", 501, "NotImplemented", "The CloudLab's S3 does not have this: If-None-Match with anything but *")]
    [InlineData("INC-2041/indicators.csv", "If-Match={etag}", 200, null, null)]
    [InlineData("INC-2041/indicators.csv", "If-Match=\"0123\"", 412, "PreconditionFailed", Unmet)]
    [InlineData("new.txt", "If-Match=\"0123\"", 404, "NoSuchKey", "The specified key does not exist.")]
    public async Task A_write_heeds_its_condition_however_the_object_is_made(string key, string condition, int status, string? code, string? message)
    {
        var etag = await ETagAsync(Target);
        foreach (var way in new[] { "put", "copy", "multipart" })
        {
            await using var fresh = await TestLab.StartAsync(clock);
            var writer = fresh.UserClient();
            void Condition(HttpRequestMessage request) => Add(request, condition, etag);
            var answer = way switch
            {
                "put" => await writer.SendAsync(HttpMethod.Put, $"{Bucket}/{key}", "new"u8.ToArray(), spoil: Condition),
                "copy" => await writer.SendAsync(HttpMethod.Put, $"{Bucket}/{key}", [], [("x-amz-copy-source", $"{Bucket}/INC-2041/timeline.md")], Condition),
                _ => await CompleteAsync(writer, $"{Bucket}/{key}", Condition),
            };

            answer.Status.ShouldBe(status, answer.Text);
            if (code is not null)
            {
                answer.ShouldRefuse(status, code, message!);
            }
        }
    }

    [Theory]
    [InlineData("INC-2041/indicators.csv", "{etag}", 204, null, null)]
    [InlineData("INC-2041/indicators.csv", "*", 204, null, null)]
    [InlineData("INC-2041/indicators.csv", "\"0123\"", 412, "PreconditionFailed", Unmet)]
    [InlineData("nothing", "*", 412, "PreconditionFailed", Unmet)]
    [InlineData("nothing", "\"0123\"", 404, "NoSuchKey", "The specified key does not exist.")]
    public async Task A_delete_heeds_its_condition(string key, string match, int status, string? code, string? message)
    {
        var etag = await ETagAsync(Target);
        var answer = await client.SendAsync(HttpMethod.Delete, $"{Bucket}/{key}", spoil: request => Add(request, $"If-Match={match}", etag));

        answer.Status.ShouldBe(status, answer.Text);
        if (code is not null)
        {
            answer.ShouldRefuse(status, code, message!);
        }
    }

    [Fact]
    public async Task A_conditional_write_is_a_conflict_when_the_object_is_deleted_before_it_ends()
    {
        var etag = await ETagAsync(Target);
        var upload = new HeldContent(2048);
        var request = client.Sign(HttpMethod.Put, Target, upload.Bytes, [("if-match", etag)]);
        request.Content = upload;

        // The body goes out when the server asks for it, and by then the write has begun.
        request.Headers.ExpectContinue = true;
        var http = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromMinutes(5) }) { BaseAddress = lab.Server.BaseAddress };
        var writing = http.SendAsync(request, TestLab.Cancel);
        await upload.Started;
        await client.SendAsync(HttpMethod.Delete, Target);
        await client.SendAsync(HttpMethod.Put, Target, "type,value\nip,198.51.100.23\nip,203.0.113.77\n"u8.ToArray());
        (await ETagAsync(Target)).ShouldBe(etag);

        upload.Finish();
        var answer = await AwsAnswer.ReadAsync(await writing);
        http.Dispose();

        answer.ShouldRefuse(409, "ConditionalRequestConflict", "The conditional request cannot succeed due to a conflicting operation against this resource.");
    }

    private async Task<string> ETagAsync(string target) => (await client.SendAsync(HttpMethod.Head, target)).Response.Headers.ETag!.Tag;

    private static void Add(HttpRequestMessage request, string conditions, string etag)
    {
        foreach (var pair in conditions.Split('|').Select(static condition => condition.Split('=', 2)))
        {
            request.Headers.TryAddWithoutValidation(pair[0], pair[1].Replace("{etag}", etag, StringComparison.Ordinal)).ShouldBeTrue();
        }
    }

    private static async Task<AwsAnswer> CompleteAsync(SigV4Client writer, string target, Action<HttpRequestMessage> condition)
    {
        var id = (await writer.SendAsync(HttpMethod.Post, $"{target}?uploads"))["UploadId"];
        var part = await writer.SendAsync(HttpMethod.Put, $"{target}?partNumber=1&uploadId={id}", "new"u8.ToArray());
        var document = $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part.Response.Headers.ETag!.Tag}</ETag></Part></CompleteMultipartUpload>";
        return await writer.SendAsync(HttpMethod.Post, $"{target}?uploadId={id}", Encoding.UTF8.GetBytes(document), spoil: condition);
    }

    // A body that begins and then waits.
    private sealed class HeldContent : HttpContent
    {
        private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public HeldContent(int length)
        {
            Bytes = new byte[length];
            Headers.ContentLength = length;
        }

        public byte[] Bytes { get; }

        public Task Started => started.Task;

        public void Finish() => finished.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(Bytes.AsMemory(0, 16), TestLab.Cancel);
            await stream.FlushAsync(TestLab.Cancel);
            started.TrySetResult();
            await finished.Task;
            await stream.WriteAsync(Bytes.AsMemory(16), TestLab.Cancel);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = Bytes.Length;
            return true;
        }
    }
}
