using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace FederationWorkflows.CloudLab.Tests.Aws.S3;

public sealed class S3Tests : IAsyncLifetime
{
    private const string Session = "arn:aws:sts::111122223333:assumed-role/incident-responder/INC-2041";
    private const string Evidence = "/security-lab-incident-evidence";

    private readonly TestClock clock = new(new DateTimeOffset(2026, 3, 18, 10, 0, 0, TimeSpan.Zero));
    private TestLab lab = null!;

    public async ValueTask InitializeAsync() => lab = await TestLab.StartAsync(clock, maximumObjectSize: 1024 * 1024);

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Theory]
    [InlineData("GET", "/security-lab-guardduty-findings?list-type=2", "s3:ListBucket", "arn:aws:s3:::security-lab-guardduty-findings", "because no identity-based policy allows the s3:ListBucket action")]
    [InlineData("PUT", $"{Evidence}/a", "s3:PutObject", "arn:aws:s3:::security-lab-incident-evidence/a", "because no identity-based policy allows the s3:PutObject action")]
    [InlineData("DELETE", $"{Evidence}/a", "s3:DeleteObject", "arn:aws:s3:::security-lab-incident-evidence/a", "because no identity-based policy allows the s3:DeleteObject action")]
    [InlineData("PUT", "/new-bucket", "s3:CreateBucket", "arn:aws:s3:::new-bucket", "because no identity-based policy allows the s3:CreateBucket action")]
    [InlineData("GET", "/no-such-bucket/a", "s3:GetObject", "arn:aws:s3:::no-such-bucket/a", "because no identity-based policy allows the s3:GetObject action")]
    public async Task What_the_role_does_not_allow_is_denied_as_AWS_words_it(string method, string target, string action, string resource, string reason)
    {
        var client = await lab.SessionClientAsync();

        (await client.SendAsync(new HttpMethod(method), target)).ShouldRefuse(
            403, "AccessDenied", $"User: {Session} is not authorized to perform: {action} on resource: \"{resource}\" {reason}");
    }

    [Fact]
    public async Task An_explicit_deny_wins_over_an_allow()
    {
        var client = await lab.SessionClientAsync(change: static form => form["RoleArn"] = "arn:aws:iam::111122223333:role/evidence-collector");

        (await client.SendAsync(HttpMethod.Delete, $"{Evidence}/sealed/INC-1997/disk.sha256")).ShouldRefuse(
            403,
            "AccessDenied",
            "User: arn:aws:sts::111122223333:assumed-role/evidence-collector/INC-2041 is not authorized to perform: s3:DeleteObject on resource: "
            + "\"arn:aws:s3:::security-lab-incident-evidence/sealed/INC-1997/disk.sha256\" with an explicit deny in an identity-based policy");
    }

    [Theory]
    [InlineData("""{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}""", "because no session policy allows the s3:ListAllMyBuckets action")]
    [InlineData("""{"Effect":"Deny","Action":"s3:List*","Resource":"*"}""", "with an explicit deny in a session policy")]
    public async Task A_session_policy_takes_away_and_never_gives(string statement, string reason)
    {
        var client = await lab.SessionClientAsync(change: form => form["Policy"] = $$"""{"Version":"2012-10-17","Statement":[{{statement}}]}""");

        (await client.SendAsync(HttpMethod.Get, "/")).ShouldRefuse(403, "AccessDenied", $"User: {Session} is not authorized to perform: s3:ListAllMyBuckets {reason}");
        (await client.SendAsync(HttpMethod.Put, $"{Evidence}/a"))["Message"]!.ShouldEndWith("because no identity-based policy allows the s3:PutObject action");
    }

    [Fact]
    public async Task A_bucket_of_another_account_stays_closed_whatever_the_role_allows() =>
        (await lab.UserClient().SendAsync(HttpMethod.Get, "/forensics-disk-images?list-type=2")).ShouldRefuse(
            403,
            "AccessDenied",
            "User: arn:aws:iam::111122223333:user/security-engineer is not authorized to perform: s3:ListBucket on resource: "
            + "\"arn:aws:s3:::forensics-disk-images\" because no resource-based policy allows the s3:ListBucket action");

    [Theory]
    [InlineData("us-east-1", "/security-lab-cloudtrail-logs", "", 200, null, null)]
    [InlineData("eu-north-1", "/security-lab-vpc-flow-logs", "eu-north-1", 409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")]
    [InlineData("us-east-1", "/forensics-disk-images", "", 409, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.")]
    [InlineData("us-east-1", "/Capital-Bucket", "", 400, "InvalidBucketName", "The specified bucket is not valid.")]
    [InlineData("us-east-1", "/lab", "", 400, "InvalidBucketName", "The specified bucket is not valid.")]
    [InlineData("us-east-1", "/elsewhere-bucket", "eu-west-1", 400, "IllegalLocationConstraintException", "The eu-west-1 location constraint is incompatible for the region specific endpoint this request was sent to.")]
    [InlineData("eu-west-1", "/brand-new-bucket", "eu-west-1", 200, null, null)]
    [InlineData("eu-west-1", "/old-region-name", "EU", 200, null, null)]
    public async Task A_bucket_is_created_once_and_under_a_proper_name(string region, string target, string location, int status, string? code, string? message)
    {
        var user = lab.Server.AccessKeys[0];
        var client = new SigV4Client(lab.Http, clock, user.Id, user.Secret.Reveal(), null, "s3") { Region = region };
        var body = location.Length == 0 ? "" : $"<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{location}</LocationConstraint></CreateBucketConfiguration>";

        var answer = await client.SendAsync(HttpMethod.Put, target, Encoding.UTF8.GetBytes(body));

        answer.Status.ShouldBe(status, answer.Text);
        if (code is not null)
        {
            answer.ShouldRefuse(status, code, message!);
        }
    }

    [Fact]
    public async Task Listing_pages_through_keys_and_common_prefixes_without_losing_or_repeating_any()
    {
        var client = lab.UserClient();
        await client.SendAsync(HttpMethod.Put, "/listing-bucket");
        foreach (var key in new[] { "a%20b.txt", "logs/1", "logs/2", "logs/3", "other/1", "z%C3%A9" })
        {
            (await client.SendAsync(HttpMethod.Put, $"/listing-bucket/{key}", "x"u8.ToArray())).Status.ShouldBe(200);
        }

        var seen = new List<string>();
        string? token = null;
        do
        {
            var query = $"?delimiter=%2F&list-type=2&max-keys=1{(token is null ? "" : $"&continuation-token={Uri.EscapeDataString(token)}")}";
            var answer = await client.SendAsync(HttpMethod.Get, $"/listing-bucket{query}");
            answer.Status.ShouldBe(200, answer.Text);
            seen.AddRange(answer.Xml.Descendants().Where(static element => element.Name.LocalName is "Key" || (element.Name.LocalName == "Prefix" && element.Parent!.Name.LocalName == "CommonPrefixes")).Select(static element => element.Value));
            token = answer["NextContinuationToken"];
        }
        while (token is not null);

        seen.ShouldBe(["a b.txt", "logs/", "other/", "zé"]);
        var encoded = await client.SendAsync(HttpMethod.Get, "/listing-bucket?encoding-type=url&list-type=2&prefix=a&start-after=a");
        encoded["Key"].ShouldBe("a%20b.txt");
    }

    [Theory]
    [InlineData("bytes=0-3", 206, "type", "bytes 0-3/44")]
    [InlineData("bytes=-5", 206, "3.77\n", null)]
    [InlineData("bytes=40-", 206, ".77\n", null)]
    [InlineData("bytes=2-1", 200, null, null)]
    [InlineData("bytes=500-", 416, null, null)]
    public async Task A_range_of_an_object_can_be_read(string range, int status, string? content, string? contentRange)
    {
        var answer = await (await lab.SessionClientAsync()).SendAsync(
            HttpMethod.Get, $"{Evidence}/INC-2041/indicators.csv", spoil: request => request.Headers.TryAddWithoutValidation("Range", range));

        answer.Status.ShouldBe(status, answer.Text);
        if (content is not null)
        {
            answer.Text.ShouldBe(content);
        }

        if (contentRange is not null)
        {
            answer.Response.Content.Headers.ContentRange!.ToString().ShouldBe(contentRange);
        }
    }

    [Theory]
    [InlineData("If-None-Match", "*", "PreconditionFailed", 412)]
    [InlineData("If-Match", "\"0123\"", "PreconditionFailed", 412)]
    public async Task A_conditional_write_changes_nothing_when_its_condition_fails(string header, string value, string code, int status)
    {
        var client = lab.UserClient();
        var answer = await client.SendAsync(HttpMethod.Put, $"{Evidence}/INC-2041/indicators.csv", "spoiled"u8.ToArray(), spoil: request => request.Headers.TryAddWithoutValidation(header, value));

        answer.ShouldRefuse(status, code, "At least one of the pre-conditions you specified did not hold");
        (await client.SendAsync(HttpMethod.Get, $"{Evidence}/INC-2041/indicators.csv")).Text.ShouldStartWith("type,value");
    }

    [Theory]
    [InlineData("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==", "BadDigest", "The Content-MD5 you specified did not match what we received.")]
    [InlineData("content-md5", "nonsense", "InvalidDigest", "The Content-MD5 you specified was invalid.")]
    [InlineData("x-amz-checksum-crc32", "AAAAAA==", "BadDigest", "The CRC32 you specified did not match the calculated checksum.")]
    [InlineData("x-amz-checksum-sha256", "AAAAAA==", "BadDigest", "The SHA256 you specified did not match the calculated checksum.")]
    public async Task A_body_that_was_damaged_on_the_way_is_refused(string header, string value, string code, string message) =>
        (await lab.UserClient().SendAsync(HttpMethod.Put, $"{Evidence}/a", "abc"u8.ToArray(), [(header, value)])).ShouldRefuse(400, code, message);

    // Check values of "123456789" from the CRC catalogue.
    [Theory]
    [InlineData("x-amz-checksum-crc32", 0xCBF43926UL, 4)]
    [InlineData("x-amz-checksum-crc32c", 0xE3069283UL, 4)]
    [InlineData("x-amz-checksum-crc64nvme", 0xAE8B14860A799888UL, 8)]
    public async Task Every_checksum_of_S3_is_verified(string header, ulong value, int bytes)
    {
        var expected = Convert.ToBase64String([.. BitConverter.GetBytes(value).Take(bytes).Reverse()]);
        var answer = await lab.UserClient().SendAsync(HttpMethod.Put, $"{Evidence}/check", "123456789"u8.ToArray(), [(header, expected)]);

        answer.Status.ShouldBe(200, answer.Text);
        answer.Response.Headers.GetValues(header).Single().ShouldBe(expected);
    }

    [Fact]
    public async Task Metadata_beyond_ascii_comes_back_as_it_went_in()
    {
        (await RawAsync(HttpMethod.Put, $"{Evidence}/umlaut", ("x-amz-meta-case", "Übung"))).ShouldStartWith("HTTP/1.1 200 OK");
        (await RawAsync(HttpMethod.Get, $"{Evidence}/umlaut")).ShouldContain("x-amz-meta-case: Übung");
    }

    // .NET's client sends headers in ASCII only.
    private async Task<string> RawAsync(HttpMethod method, string target, params (string, string)[] headers)
    {
        using var request = lab.UserClient().Sign(method, target, [], headers);
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(lab.Server.BaseAddress.Host, lab.Server.BaseAddress.Port, TestLab.Cancel);
        await using var stream = tcp.GetStream();
        var head = $"{method} {target} HTTP/1.1\r\nHost: {lab.Http.BaseAddress!.Authority}\r\nContent-Length: 0\r\nConnection: close\r\n"
            + string.Concat(request.Headers.NonValidated.Select(static header => $"{header.Key}: {header.Value}\r\n")) + "\r\n";
        await stream.WriteAsync(Encoding.UTF8.GetBytes(head), TestLab.Cancel);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(TestLab.Cancel);
    }

    [Fact]
    public async Task An_object_larger_than_the_bound_is_refused() =>
        (await lab.UserClient().SendAsync(HttpMethod.Put, $"{Evidence}/large", new byte[(1024 * 1024) + 1]))
            .ShouldRefuse(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");

    [Fact]
    public async Task Whether_a_key_exists_is_told_only_to_those_who_may_list()
    {
        var lister = await lab.SessionClientAsync();
        var reader = await lab.SessionClientAsync(change: static form => form["Policy"] = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}""");

        (await lister.SendAsync(HttpMethod.Get, $"{Evidence}/nothing")).ShouldRefuse(404, "NoSuchKey", "The specified key does not exist.");
        (await reader.SendAsync(HttpMethod.Get, $"{Evidence}/nothing")).ShouldRefuse(
            403,
            "AccessDenied",
            $"User: {Session} is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::security-lab-incident-evidence\" because no session policy allows the s3:ListBucket action");
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(true, "chunk signature")]
    [InlineData(true, "chunk content")]
    [InlineData(true, "trailer")]
    [InlineData(true, "trailer signature")]
    [InlineData(true, "last chunk missing")]
    [InlineData(false, null)]
    [InlineData(false, "trailer")]
    public async Task A_streamed_upload_is_checked_chunk_by_chunk(bool signed, string? spoil)
    {
        var answer = await ChunkedUpload.SendAsync(lab, $"{Evidence}/stream.bin", signed, spoil);

        switch (spoil)
        {
            case null:
                answer.Status.ShouldBe(200, answer.Text);
                (await lab.UserClient().SendAsync(HttpMethod.Get, $"{Evidence}/stream.bin")).Text.ShouldBe("123456789");
                break;
            case "trailer" when !signed:
                answer.ShouldRefuse(400, "BadDigest", "The CRC32 you specified did not match the calculated checksum.");
                break;
            case "last chunk missing":
                answer.ShouldRefuse(400, "IncompleteBody", "The request body terminated unexpectedly");
                break;
            default:
                answer.ShouldRefuse(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.");
                break;
        }
    }

    [Fact]
    public async Task Buckets_are_listed_with_their_dates_and_only_the_accounts_own()
    {
        var answer = await (await lab.SessionClientAsync()).SendAsync(HttpMethod.Get, "/");

        XNamespace s3 = "http://s3.amazonaws.com/doc/2006-03-01/";
        answer.Xml.Descendants(s3 + "Bucket").Select(bucket => $"{bucket.Element(s3 + "Name")!.Value} {bucket.Element(s3 + "CreationDate")!.Value}").ShouldBe(
        [
            "security-lab-cloudtrail-logs 2024-02-06T09:14:22.000Z",
            "security-lab-guardduty-findings 2024-05-21T15:40:03.000Z",
            "security-lab-incident-evidence 2023-11-30T07:55:41.000Z",
            "security-lab-inventory 2024-03-12T08:00:00.000Z",
            "security-lab-vpc-flow-logs 2024-08-14T12:00:00.000Z",
        ]);
    }

    [Theory]
    [InlineData("GET", "/security-lab-incident-evidence?acl", "The CloudLab's S3 does not have this: GET with the query parameter acl")]
    [InlineData("POST", "/security-lab-incident-evidence?restore", "The CloudLab's S3 does not have this: POST with the query parameter restore")]
    public async Task What_the_lab_does_not_have_it_says_so(string method, string target, string message) =>
        (await lab.UserClient().SendAsync(new HttpMethod(method), target)).ShouldRefuse(501, "NotImplemented", message);

    private static class ChunkedUpload
    {
        public static async Task<AwsAnswer> SendAsync(TestLab lab, string target, bool signed, string? spoil)
        {
            var client = lab.UserClient();
            var time = lab.Clock.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
            var headers = new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["host"] = lab.Http.BaseAddress!.Authority,
                ["x-amz-content-sha256"] = signed ? "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" : "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                ["x-amz-date"] = time,
                ["x-amz-decoded-content-length"] = "9",
                ["x-amz-trailer"] = "x-amz-checksum-crc32",
            };
            var (key, signature) = client.Signature("PUT", target, headers, headers["x-amz-content-sha256"], time);
            var previous = signature;
            string Next(string kind, string digests) => previous = Convert.ToHexStringLower(SigV4Client.Hmac(key, $"{kind}\n{time}\n{client.Scope(time)}\n{previous}\n{digests}"));
            string Chunk(string content)
            {
                var chunkSignature = Next("AWS4-HMAC-SHA256-PAYLOAD", $"{SigV4Client.Hash([])}\n{SigV4Client.Hash(Encoding.ASCII.GetBytes(content))}");
                return $"{content.Length:x}{(signed ? $";chunk-signature={(spoil == "chunk signature" ? new string('0', 64) : chunkSignature)}" : "")}\r\n{content}{(content.Length > 0 ? "\r\n" : "")}";
            }

            var body = Chunk("12345") + Chunk("6789");
            if (spoil == "chunk content")
            {
                body = body.Replace("6789", "6780", StringComparison.Ordinal);
            }

            if (spoil != "last chunk missing")
            {
                const string Right = "x-amz-checksum-crc32:y/Q5Jg==";
                body += Chunk("");
                var trailerSignature = Next("AWS4-HMAC-SHA256-TRAILER", SigV4Client.Hash(Encoding.ASCII.GetBytes($"{Right}\n")));
                body += spoil == "trailer" ? "x-amz-checksum-crc32:AAAAAA==\r\n" : $"{Right}\r\n";
                body += signed ? $"x-amz-trailer-signature:{(spoil == "trailer signature" ? new string('0', 64) : trailerSignature)}\r\n\r\n" : "\r\n";
            }

            using var request = new HttpRequestMessage(HttpMethod.Put, target) { Content = new ByteArrayContent(Encoding.ASCII.GetBytes(body)) };
            foreach (var (name, value) in headers.Where(static header => header.Key != "host"))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            request.Content.Headers.TryAddWithoutValidation("Content-Encoding", "aws-chunked");
            request.Headers.TryAddWithoutValidation(
                "Authorization", $"AWS4-HMAC-SHA256 Credential={client.KeyId}/{client.Scope(time)},SignedHeaders={string.Join(';', headers.Keys)},Signature={signature}");
            return await AwsAnswer.ReadAsync(await lab.Http.SendAsync(request, TestLab.Cancel));
        }
    }
}
