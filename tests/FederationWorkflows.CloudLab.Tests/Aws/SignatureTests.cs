namespace FederationWorkflows.CloudLab.Tests.Aws;

public sealed class SignatureTests : IAsyncLifetime
{
    private const string Bucket = "/security-lab-incident-evidence";
    private const string StsMismatch =
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
    private const string S3Mismatch = "The request signature we calculated does not match the signature you provided. Check your key and signing method.";

    private static readonly (string, string)[] WhoAmI = [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")];

    private readonly TestClock clock = new(new DateTimeOffset(2026, 3, 18, 10, 0, 0, TimeSpan.Zero));
    private TestLab lab = null!;

    public async ValueTask InitializeAsync() => lab = await TestLab.StartAsync(clock);

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Fact]
    public async Task A_signed_caller_learns_who_it_is()
    {
        var answer = await (await lab.SessionClientAsync("sts")).QueryAsync(WhoAmI);

        answer.Status.ShouldBe(200, answer.Text);
        answer["Arn"].ShouldBe("arn:aws:sts::111122223333:assumed-role/incident-responder/INC-2041");
        answer["Account"].ShouldBe("111122223333");
        answer["UserId"]!.ShouldEndWith(":INC-2041");
    }

    [Theory]
    [InlineData("unsigned", 403, "MissingAuthenticationToken", "Request is missing Authentication Token")]
    [InlineData("unknown key", 403, "InvalidClientTokenId", "The security token included in the request is invalid.")]
    [InlineData("wrong secret", 403, "SignatureDoesNotMatch", StsMismatch)]
    [InlineData("no session token", 403, "InvalidClientTokenId", "The security token included in the request is invalid.")]
    [InlineData("another session token", 403, "InvalidClientTokenId", "The security token included in the request is invalid.")]
    [InlineData("late clock", 403, "SignatureDoesNotMatch", "Signature expired: 20260318T094459Z is now earlier than 20260318T094500Z (20260318T100000Z - 15 min.)")]
    [InlineData("early clock", 403, "SignatureDoesNotMatch", "Signature not yet current: 20260318T101501Z is still later than 20260318T101500Z (20260318T100000Z + 15 min.)")]
    [InlineData("wrong service", 403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'. ")]
    [InlineData("no region", 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. ")]
    [InlineData("host not signed", 403, "SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")]
    [InlineData("altered body", 403, "SignatureDoesNotMatch", StsMismatch)]
    [InlineData("half a header", 400, "IncompleteSignature", "Authorization header requires 'SignedHeaders' parameter.")]
    public async Task Sts_refuses_a_bad_signature_in_its_words(string how, int status, string code, string message)
    {
        var good = await lab.SessionClientAsync("sts");
        var answer = how switch
        {
            "unsigned" => await lab.PostAsync(WhoAmI.ToDictionary()),
            "unknown key" => await With(good, keyId: "ASIAUNKNOWNUNKNOWN00").QueryAsync(WhoAmI),
            "wrong secret" => await With(good, secret: "wrong").QueryAsync(WhoAmI),
            "no session token" => await With(good, token: null).QueryAsync(WhoAmI),
            "another session token" => await With(good, token: (await lab.SessionClientAsync("sts")).Token).QueryAsync(WhoAmI),
            "late clock" => await With(good, skew: -901).QueryAsync(WhoAmI),
            "early clock" => await With(good, skew: 901).QueryAsync(WhoAmI),
            "wrong service" => await With(good, service: "ec2").QueryAsync(WhoAmI),
            "no region" => await With(good, region: "nowhere").QueryAsync(WhoAmI),
            "host not signed" => await With(good, signsHost: false).QueryAsync(WhoAmI),
            "altered body" => await good.SendAsync(
                HttpMethod.Post,
                "/",
                "Action=GetCallerIdentity&Version=2011-06-15"u8.ToArray(),
                spoil: static request => Replace(request, "Action=GetCallerIdentity&Version=2011-06-15&Extra=1")),
            _ => await good.SendAsync(
                HttpMethod.Post,
                "/?Action=GetCallerIdentity",
                spoil: request =>
                {
                    request.Headers.Remove("Authorization");
                    request.Headers.TryAddWithoutValidation("Authorization", $"AWS4-HMAC-SHA256 Credential={good.KeyId}/20260318/us-east-1/sts/aws4_request, Signature=00");
                }),
        };

        answer.ShouldRefuse(status, code, message);
    }

    [Theory]
    [InlineData("unsigned", 403, "AccessDenied", "Access Denied")]
    [InlineData("unknown key", 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")]
    [InlineData("wrong secret", 403, "SignatureDoesNotMatch", S3Mismatch)]
    [InlineData("another session token", 400, "InvalidToken", "The provided token is malformed or otherwise invalid.")]
    [InlineData("late clock", 403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")]
    [InlineData("early clock", 403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")]
    [InlineData("wrong service", 400, "AuthorizationHeaderMalformed", "The authorization header is malformed; incorrect service \"sts\". This endpoint belongs to \"s3\".")]
    [InlineData("wrong region", 400, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-east-1'")]
    [InlineData("changed header", 403, "SignatureDoesNotMatch", S3Mismatch)]
    [InlineData("added header", 403, "AccessDenied", "There were headers present in the request which were not signed")]
    [InlineData("other object", 403, "SignatureDoesNotMatch", S3Mismatch)]
    [InlineData("other query", 403, "SignatureDoesNotMatch", S3Mismatch)]
    [InlineData("other method", 403, "SignatureDoesNotMatch", S3Mismatch)]
    [InlineData("altered body", 400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")]
    public async Task S3_refuses_a_bad_signature_in_its_words(string how, int status, string code, string message)
    {
        var good = await lab.SessionClientAsync(change: static form => form["RoleArn"] = "arn:aws:iam::111122223333:role/evidence-collector");
        const string Key = $"{Bucket}/note.txt";
        var answer = how switch
        {
            "unsigned" => await AwsAnswer.ReadAsync(await lab.Http.GetAsync(new Uri("/", UriKind.Relative), TestLab.Cancel)),
            "unknown key" => await With(good, keyId: "ASIAUNKNOWNUNKNOWN00").SendAsync(HttpMethod.Get, "/"),
            "wrong secret" => await With(good, secret: "wrong").SendAsync(HttpMethod.Get, "/"),
            "another session token" => await With(good, token: (await lab.SessionClientAsync()).Token).SendAsync(HttpMethod.Get, "/"),
            "late clock" => await With(good, skew: -901).SendAsync(HttpMethod.Get, "/"),
            "early clock" => await With(good, skew: 901).SendAsync(HttpMethod.Get, "/"),
            "wrong service" => await With(good, service: "sts").SendAsync(HttpMethod.Get, "/", [], [("x-amz-content-sha256", SigV4Client.Hash([]))]),
            "wrong region" => await With(good, region: "eu-west-1").SendAsync(HttpMethod.Get, $"{Bucket}?list-type=2"),
            "changed header" => await good.SendAsync(HttpMethod.Put, Key, "a"u8.ToArray(), [("x-amz-meta-case", "INC-2041")], static request =>
            {
                request.Headers.Remove("x-amz-meta-case");
                request.Headers.Add("x-amz-meta-case", "INC-1997");
            }),
            "added header" => await good.SendAsync(HttpMethod.Put, Key, "a"u8.ToArray(), [], static request => request.Headers.Add("x-amz-meta-case", "INC-1997")),
            "other object" => await good.SendAsync(HttpMethod.Get, Key, spoil: static request => request.RequestUri = new Uri($"{Bucket}/other.txt", UriKind.Relative)),
            "other query" => await good.SendAsync(HttpMethod.Get, $"{Bucket}?list-type=2&prefix=a", spoil: static request => request.RequestUri = new Uri($"{Bucket}?list-type=2&prefix=b", UriKind.Relative)),
            "other method" => await good.SendAsync(HttpMethod.Get, Key, spoil: static request => request.Method = HttpMethod.Delete),
            _ => await good.SendAsync(HttpMethod.Put, Key, "good"u8.ToArray(), spoil: static request => Replace(request, "evil")),
        };

        answer.ShouldRefuse(status, code, message);
    }

    [Theory]
    [InlineData("sts", 403, "ExpiredToken", "The security token included in the request is expired")]
    [InlineData("s3", 400, "ExpiredToken", "The provided token has expired.")]
    public async Task A_session_ends_when_its_time_is_over(string service, int status, string code, string message)
    {
        var client = await lab.SessionClientAsync(service);
        Task<AwsAnswer> Call() => service == "sts" ? client.QueryAsync(WhoAmI) : client.SendAsync(HttpMethod.Get, "/");

        clock.Advance(TimeSpan.FromSeconds(3599));
        (await Call()).Status.ShouldBe(200);
        clock.Advance(TimeSpan.FromSeconds(1));
        (await Call()).ShouldRefuse(status, code, message);
    }

    [Fact]
    public async Task A_presigned_url_works_until_it_expires_and_for_nothing_else()
    {
        var client = await lab.SessionClientAsync();
        var url = client.Presign(HttpMethod.Get, $"{Bucket}/INC-2041/indicators.csv", 60);

        (await Get(url)).Text.ShouldStartWith("type,value");
        (await Get(url.Replace("indicators.csv", "timeline.md", StringComparison.Ordinal))).ShouldRefuse(403, "SignatureDoesNotMatch", S3Mismatch);
        clock.Advance(TimeSpan.FromSeconds(61));
        (await Get(url)).ShouldRefuse(403, "AccessDenied", "Request has expired");
    }

    [Theory]
    [InlineData("X-Amz-Expires=60", "X-Amz-Expires=604801", "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")]
    [InlineData("X-Amz-Expires=60", "X-Amz-Expires=-1", "X-Amz-Expires must be non-negative")]
    [InlineData("X-Amz-Expires=60", "X-Amz-Expires=soon", "X-Amz-Expires should be a number")]
    [InlineData("&X-Amz-Expires=60", "", "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")]
    [InlineData("AWS4-HMAC-SHA256", "AWS4-HMAC-MD5", "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"")]
    [InlineData("aws4_request", "aws4", "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")]
    [InlineData("X-Amz-Date=20260318T100000Z", "X-Amz-Date=today", "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")]
    [InlineData("X-Amz-Date=20260318T100000Z", "X-Amz-Date=20260317T100000Z", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260318' != '20260317'.")]
    public async Task A_presigned_url_that_is_not_well_formed_is_refused(string part, string spoiled, string message)
    {
        var url = (await lab.SessionClientAsync()).Presign(HttpMethod.Get, $"{Bucket}/INC-2041/indicators.csv", 60);

        url.ShouldContain(part);
        (await Get(url.Replace(part, spoiled, StringComparison.Ordinal))).ShouldRefuse(400, "AuthorizationQueryParametersError", message);
    }

    [Theory]
    [InlineData("Authorization", "AWS AKIA:c2ln", "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")]
    [InlineData("Authorization", "Bearer token", "InvalidArgument", "Unsupported Authorization Type")]
    public async Task S3_takes_no_other_kind_of_authorization(string header, string value, string code, string message)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Bucket}/INC-2041/indicators.csv");
        request.Headers.TryAddWithoutValidation(header, value);

        (await AwsAnswer.ReadAsync(await lab.Http.SendAsync(request, TestLab.Cancel))).ShouldRefuse(400, code, message);
        (await Get($"{Bucket}/a?AWSAccessKeyId=AKIA&Expires=1&Signature=s")).ShouldRefuse(
            400, "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");
    }

    [Fact]
    public async Task A_presigned_caller_identity_is_good_for_fifteen_minutes_whatever_it_says_itself()
    {
        var url = (await lab.SessionClientAsync("sts")).Presign(HttpMethod.Get, "/", 60, "Action=GetCallerIdentity&Version=2011-06-15&");

        clock.Advance(TimeSpan.FromMinutes(15));
        (await Get(url))["Arn"].ShouldBe("arn:aws:sts::111122223333:assumed-role/incident-responder/INC-2041");
        (await Get(url.Replace("GetCallerIdentity", "AssumeRole", StringComparison.Ordinal))).ShouldRefuse(403, "SignatureDoesNotMatch", StsMismatch);
        clock.Advance(TimeSpan.FromSeconds(1));
        (await Get(url)).ShouldRefuse(403, "SignatureDoesNotMatch", "Signature expired: 20260318T100000Z is now earlier than 20260318T100001Z (20260318T101501Z - 15 min.)");
    }

    [Fact]
    public async Task A_presigned_caller_identity_proves_who_asks()
    {
        var client = await lab.SessionClientAsync("sts");
        var answer = await client.SendAsync(HttpMethod.Post, "/?Action=GetCallerIdentity&Version=2011-06-15");

        answer["Arn"].ShouldBe("arn:aws:sts::111122223333:assumed-role/incident-responder/INC-2041");
    }

    private async Task<AwsAnswer> Get(string url) => await AwsAnswer.ReadAsync(await lab.Http.GetAsync(new Uri(url, UriKind.Relative), TestLab.Cancel));

    private SigV4Client With(
        SigV4Client good, string? keyId = null, string? secret = null, string? token = "", string? service = null, string region = "us-east-1", int skew = 0, bool signsHost = true) =>
        new(lab.Http, clock, keyId ?? good.KeyId, secret ?? good.Secret, token is "" ? good.Token : token, service ?? good.Service)
        {
            Region = region,
            Skew = TimeSpan.FromSeconds(skew),
            SignsHost = signsHost,
        };

    private static void Replace(HttpRequestMessage request, string body)
    {
        request.Content = new StringContent(body);
        request.Content.Headers.ContentType = new("application/x-www-form-urlencoded");
    }
}
