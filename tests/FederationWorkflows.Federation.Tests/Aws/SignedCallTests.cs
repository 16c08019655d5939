using System.Net;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Aws;

public sealed class SignedCallTests : IDisposable
{
    private const string Identity = """
        <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
        <Arn>arn:aws:sts::123456789012:assumed-role/reader/session</Arn><UserId>AROAEXAMPLE:session</UserId><Account>123456789012</Account>
        </GetCallerIdentityResult></GetCallerIdentityResponse>
        """;

    private readonly FederationHost host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task The_caller_is_told_who_its_credentials_are()
    {
        host.Network.AnswerXml(Identity);

        var identity = await host.Aws.GetCallerIdentityAsync(Credentials.Session, "eu-central-1", TestContext.Current.CancellationToken);

        identity.Account.ShouldBe("123456789012");
        identity.Arn.ShouldBe("arn:aws:sts::123456789012:assumed-role/reader/session");
        identity.UserId.ShouldBe("AROAEXAMPLE:session");
        var sent = host.Network.Only;
        sent.Url.ShouldBe("https://sts.eu-central-1.amazonaws.com/");
        sent.Form["Action"].ShouldBe("GetCallerIdentity");
        sent.Headers["X-Amz-Security-Token"].ShouldBe("CANARYsessionToken0123456789");
        sent.Headers["Authorization"].ShouldStartWith("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE0000001/");
        sent.Headers["Authorization"].ShouldContain("/eu-central-1/sts/aws4_request, SignedHeaders=");
    }

    [Fact]
    public async Task A_long_term_key_signs_without_a_session_token()
    {
        host.Network.AnswerXml(Identity);

        await host.Aws.GetCallerIdentityAsync(
            Credentials.Session with { SessionToken = null, Expiration = null, AssumedRoleArn = null }, cancellationToken: TestContext.Current.CancellationToken);

        var sent = host.Network.Only;
        sent.Headers["Authorization"].ShouldStartWith("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE0000001/");
        sent.Headers.Keys.ShouldNotContain("X-Amz-Security-Token");
    }

    [Fact]
    public async Task Credentials_of_another_partition_are_used_there()
    {
        host.Network.AnswerXml(Identity);

        await host.Aws.GetCallerIdentityAsync(
            Credentials.Session with { AssumedRoleArn = "arn:aws-cn:sts::123456789012:assumed-role/reader/session" }, cancellationToken: TestContext.Current.CancellationToken);

        host.Network.Only.Url.ShouldBe("https://sts.cn-north-1.amazonaws.com.cn/");
    }

    [Fact]
    public async Task All_pages_of_buckets_are_read()
    {
        host.Network.OnRequest = (sent, _) => Task.FromResult(RecordingHandler.Make(
            sent.Url.Contains("continuation-token=next%2B1", StringComparison.Ordinal) ? Page(null, ("c", null)) : Page("next+1", ("a", "eu-west-1"), ("b", "us-east-1")),
            contentType: "application/xml"));

        var list = await host.Buckets.ListAsync(Credentials.Session, "eu-central-1", cancellationToken: TestContext.Current.CancellationToken);

        list.IsTruncated.ShouldBeFalse();
        list.Buckets.Select(bucket => (bucket.Name, bucket.Region)).ShouldBe([("a", "eu-west-1"), ("b", "us-east-1"), ("c", null)]);
        list.Buckets[0].CreatedAt.ShouldBe(new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero));
        host.Network.Requests.Select(sent => sent.Url).ShouldBe(
            ["https://s3.eu-central-1.amazonaws.com/?max-buckets=1000", "https://s3.eu-central-1.amazonaws.com/?continuation-token=next%2B1&max-buckets=1000"]);
        host.Network.Requests.ShouldAllBe(sent => sent.Headers["Authorization"].Contains("/eu-central-1/s3/aws4_request"));
    }

    [Fact]
    public async Task A_list_is_cut_at_the_limit_and_says_so()
    {
        host.Network.Answer(Page("more", ("a", null), ("b", null), ("c", null)), contentType: "application/xml");

        var list = await host.Buckets.ListAsync(Credentials.Session, limit: 2, cancellationToken: TestContext.Current.CancellationToken);

        list.Buckets.Select(bucket => bucket.Name).ShouldBe(["a", "b"]);
        list.IsTruncated.ShouldBeTrue();
        host.Network.Only.Url.ShouldEndWith("?max-buckets=2");
    }

    [Fact]
    public async Task A_list_that_fits_the_limit_exactly_is_whole()
    {
        host.Network.Answer(Page(null, ("a", null), ("b", null)), contentType: "application/xml");

        var list = await host.Buckets.ListAsync(Credentials.Session, limit: 2, cancellationToken: TestContext.Current.CancellationToken);

        list.IsTruncated.ShouldBeFalse();
    }

    [Fact]
    public async Task Empty_pages_without_end_are_given_up()
    {
        host.Network.Answer(Page("again"), contentType: "application/xml");

        var error = await Should.ThrowAsync<FederationException>(() => host.Buckets.ListAsync(Credentials.Session, cancellationToken: TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.UnreadableAnswer);
        host.Network.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("<html><body>sign in</body></html>")]
    [InlineData("<Error><Code>AccessDenied</Code></Error>")]
    [InlineData("{}")]
    [InlineData("")]
    public async Task A_page_that_is_no_list_is_not_taken_for_an_empty_one(string body)
    {
        host.Network.Answer(body, contentType: "application/xml");

        var error = await Should.ThrowAsync<FederationException>(() => host.Buckets.ListAsync(Credentials.Session, cancellationToken: TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.UnreadableAnswer);
    }

    [Theory]
    [InlineData("<ListAllMyBucketsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Owner><ID>o</ID></Owner><Buckets/></ListAllMyBucketsResult>")]
    [InlineData("<ListAllMyBucketsResult><Owner><ID>o</ID></Owner></ListAllMyBucketsResult>")]
    public async Task An_account_without_buckets_has_an_empty_list(string body)
    {
        host.Network.Answer(body, contentType: "application/xml");

        var list = await host.Buckets.ListAsync(Credentials.Session, cancellationToken: TestContext.Current.CancellationToken);

        list.Buckets.ShouldBeEmpty();
        list.IsTruncated.ShouldBeFalse();
    }

    [Fact]
    public async Task An_administrators_s3_is_addressed_by_path()
    {
        using var moved = new FederationHost(("Endpoints:AwsS3", "http://127.0.0.1:4566"));
        moved.Network.Answer(Page(null), contentType: "application/xml");

        var list = await moved.Buckets.ListAsync(Credentials.Session, "eu-central-1", cancellationToken: TestContext.Current.CancellationToken);

        list.Buckets.ShouldBeEmpty();
        moved.Network.Only.Url.ShouldBe("http://127.0.0.1:4566/?max-buckets=1000");
        moved.Network.Only.Headers["Authorization"].ShouldContain("/eu-central-1/s3/aws4_request");
    }

    [Theory]
    [InlineData("AccessDenied", 403, "Allow s3:ListAllMyBuckets in a policy of the assumed role, and check session policy, permissions boundary and service control policies, which can take it away.")]
    [InlineData("ExpiredToken", 400, "The credentials have expired: assume the role again.")]
    [InlineData("InvalidAccessKeyId", 403, "AWS does not know these credentials: they are mixed up, or of another partition.")]
    [InlineData("SignatureDoesNotMatch", 403, "The secret access key does not belong to the access key id, or something between changed the request.")]
    [InlineData("RequestTimeTooSkewed", 403, "The clock of this host is wrong: synchronize it (AWS allows 15 minutes at S3, 5 elsewhere).")]
    [InlineData("SlowDown", 503, "Too many calls: try again later.")]
    public async Task A_refusal_of_s3_keeps_its_words_and_says_what_to_check(string code, int status, string advice)
    {
        host.Network.Answer(
            $"""<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>Reason</Message><RequestId>r</RequestId><HostId>h</HostId></Error>""",
            (HttpStatusCode)status,
            "application/xml");

        var error = await Should.ThrowAsync<FederationException>(() => host.Buckets.ListAsync(Credentials.Session, cancellationToken: TestContext.Current.CancellationToken));

        error.Service.ShouldBe("Amazon S3");
        error.Api.ShouldBe("s3:ListBuckets");
        error.Code.ShouldBe(code);
        error.HttpStatus.ShouldBe(status);
        error.Detail.ShouldBe("Reason");
        error.Advice.ShouldBe(advice);
        error.IsRetryable.ShouldBe(status == 503);
    }

    [Fact]
    public async Task A_bad_request_does_not_make_the_sdk_sign_for_an_endpoint_of_the_environment()
    {
        using var retrying = new FederationHost(("StsRetries", "2"));
        retrying.Network.Answer(
            """<?xml version="1.0" encoding="UTF-8"?><Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>""",
            HttpStatusCode.BadRequest,
            "application/xml");

        var error = await Should.ThrowAsync<FederationException>(() => retrying.Buckets.ListAsync(Credentials.Session, cancellationToken: TestContext.Current.CancellationToken));

        error.Code.ShouldBe("ExpiredToken", error.Message);
        retrying.Network.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Inputs_out_of_range_are_refused_before_anything_is_sent()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var cases = new (Func<Task> Call, string Detail)[]
        {
            (() => host.Buckets.ListAsync(Credentials.Session, limit: 0, cancellationToken: cancellation), "the limit is 0"),
            (() => host.Buckets.ListAsync(Credentials.Session, limit: 10_001, cancellationToken: cancellation), "the limit is 10001"),
            (() => host.Buckets.ListAsync(Credentials.Session, "nowhere", cancellationToken: cancellation), "the region is no AWS region"),
            (() => host.Aws.GetCallerIdentityAsync(Credentials.Session, "nowhere", cancellation), "the region is no AWS region"),
            (() => host.Aws.GetCallerIdentityAsync(Credentials.Session with { AccessKeyId = "CANARY\n" }, null, cancellation), "the credentials do not have the form of AWS credentials"),
            (() => host.Aws.GetCallerIdentityAsync(Credentials.Session with { SessionToken = Sensitive.Of("CANARY\r\nX: y") }, null, cancellation), "the credentials do not have the form of AWS credentials"),
            (() => host.Buckets.ListAsync(Credentials.Session with { SecretAccessKey = Sensitive.Of("") }, cancellationToken: cancellation), "the credentials do not have the form of AWS credentials"),
        };

        foreach (var (call, detail) in cases)
        {
            var error = await Should.ThrowAsync<FederationException>(call);
            error.Code.ShouldBe(FailureCodes.InvalidInput);
            error.Detail.ShouldBe(detail);
            error.ToString().ShouldNotContain("CANARY");
        }

        host.Network.Requests.ShouldBeEmpty();
    }

    private static string Page(string? next, params (string Name, string? Region)[] buckets) =>
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListAllMyBucketsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Owner><ID>o</ID></Owner><Buckets>"
        + string.Concat(buckets.Select(bucket =>
            $"<Bucket><Name>{bucket.Name}</Name><CreationDate>2020-01-02T03:04:05.000Z</CreationDate>{(bucket.Region is null ? "" : $"<BucketRegion>{bucket.Region}</BucketRegion>")}</Bucket>"))
        + $"</Buckets>{(next is null ? "" : $"<ContinuationToken>{next}</ContinuationToken>")}</ListAllMyBucketsResult>";
}
