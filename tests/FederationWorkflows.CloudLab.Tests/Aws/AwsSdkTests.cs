using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.S3.Transfer;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;

namespace FederationWorkflows.CloudLab.Tests.Aws;

/// <summary>AWS's own SDK, unmodified, told nothing but the address.</summary>
public sealed class AwsSdkTests : IAsyncLifetime
{
    private TestLab lab = null!;

    public async ValueTask InitializeAsync() => lab = await TestLab.StartAsync();

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Fact]
    public async Task From_an_id_token_to_the_list_of_buckets()
    {
        using var sts = Sts(new AnonymousAWSCredentials());
        var session = await sts.AssumeRoleWithWebIdentityAsync(Request("incident-responder"), TestLab.Cancel);
        using var signedSts = Sts(session.Credentials);
        using var s3 = S3(session.Credentials);

        var caller = await signedSts.GetCallerIdentityAsync(new GetCallerIdentityRequest(), TestLab.Cancel);
        var buckets = await s3.ListBucketsAsync(TestLab.Cancel);

        caller.Arn.ShouldBe("arn:aws:sts::111122223333:assumed-role/incident-responder/INC-2041");
        buckets.Buckets.Select(static bucket => bucket.BucketName).ShouldBe(
            ["security-lab-cloudtrail-logs", "security-lab-guardduty-findings", "security-lab-incident-evidence", "security-lab-inventory", "security-lab-vpc-flow-logs"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_object_goes_up_down_and_away(bool chunked)
    {
        using var s3 = await CollectorAsync();
        var text = new string('x', 200_000);

        var put = await s3.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = "security-lab-incident-evidence", Key = "INC-2041/Überblick +1.txt", ContentBody = text, UseChunkEncoding = chunked,
                Metadata = { ["case"] = "INC-2041" },
            },
            TestLab.Cancel);
        using var got = await s3.GetObjectAsync("security-lab-incident-evidence", "INC-2041/Überblick +1.txt", TestLab.Cancel);
        using var reader = new StreamReader(got.ResponseStream);
        var listing = await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = "security-lab-incident-evidence", Prefix = "INC-2041/Ü" }, TestLab.Cancel);
        await s3.DeleteObjectAsync("security-lab-incident-evidence", "INC-2041/Überblick +1.txt", TestLab.Cancel);
        var gone = await Should.ThrowAsync<AmazonS3Exception>(() => s3.GetObjectMetadataAsync("security-lab-incident-evidence", "INC-2041/Überblick +1.txt", TestLab.Cancel));

        (await reader.ReadToEndAsync(TestLab.Cancel)).ShouldBe(text);
        got.ETag.ShouldBe(put.ETag);
        got.Metadata["case"].ShouldBe("INC-2041");
        listing.S3Objects.Single().Key.ShouldBe("INC-2041/Überblick +1.txt");
        listing.S3Objects.Single().Size.ShouldBe(text.Length);
        gone.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_large_object_goes_up_in_parts_comes_down_in_parts_and_is_copied()
    {
        using var s3 = await CollectorAsync();
        using var transfer = new TransferUtility(s3);
        var content = new byte[17_000_000];
        new Random(17).NextBytes(content);

        using var source = new MemoryStream(content);
        await transfer.UploadAsync(
            new TransferUtilityUploadRequest { BucketName = "security-lab-incident-evidence", Key = "disk.img", InputStream = source, PartSize = 5 * 1024 * 1024 }, TestLab.Cancel);
        await s3.CopyObjectAsync("security-lab-incident-evidence", "disk.img", "security-lab-incident-evidence", "copy.img", TestLab.Cancel);
        using var got = await s3.GetObjectAsync("security-lab-incident-evidence", "copy.img", TestLab.Cancel);
        using var copy = new MemoryStream();
        await got.ResponseStream.CopyToAsync(copy, TestLab.Cancel);
        var url = await s3.GetPreSignedURLAsync(new GetPreSignedUrlRequest
        {
            BucketName = "security-lab-incident-evidence", Key = "disk.img", Expires = DateTime.UtcNow.AddMinutes(1), Protocol = Protocol.HTTP,
        });
        var downloaded = await lab.Http.GetByteArrayAsync(new Uri(url), TestLab.Cancel);
        await s3.DeleteObjectsAsync(
            new DeleteObjectsRequest { BucketName = "security-lab-incident-evidence", Objects = [new KeyVersion { Key = "disk.img" }, new KeyVersion { Key = "copy.img" }] }, TestLab.Cancel);

        copy.ToArray().ShouldBe(content);
        downloaded.ShouldBe(content);
        lab.Server.Events.Snapshot().Count(static labEvent => labEvent.EventName == "UploadPart").ShouldBe(4);
        (await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = "security-lab-incident-evidence", Prefix = "disk" }, TestLab.Cancel)).KeyCount.ShouldBe(0);
    }

    [Fact]
    public async Task A_bucket_is_made_in_its_region()
    {
        var key = lab.Server.AccessKeys[0];
        using var s3 = new AmazonS3Client(
            new BasicAWSCredentials(key.Id, key.Secret.Reveal()),
            new AmazonS3Config { ServiceURL = Address, AuthenticationRegion = "eu-north-1", ForcePathStyle = true });

        await s3.PutBucketAsync(new PutBucketRequest { BucketName = "case-files-2041", UseClientRegion = false, BucketRegion = S3Region.EUNorth1 }, TestLab.Cancel);
        var location = await s3.GetBucketLocationAsync("case-files-2041", TestLab.Cancel);

        location.Location.ShouldBe(S3Region.EUNorth1);
    }

    [Fact]
    public async Task A_write_that_must_not_replace_fails_with_the_sdks_own_exception()
    {
        using var s3 = await CollectorAsync();

        var exception = await Should.ThrowAsync<AmazonS3Exception>(() => s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "security-lab-incident-evidence", Key = "INC-2041/timeline.md", ContentBody = "x", IfNoneMatch = "*" }, TestLab.Cancel));

        exception.ErrorCode.ShouldBe("PreconditionFailed");
        exception.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
    }

    [Fact]
    public async Task What_the_role_may_not_do_fails_with_the_clouds_message()
    {
        using var sts = Sts(new AnonymousAWSCredentials());
        var session = await sts.AssumeRoleWithWebIdentityAsync(Request("incident-responder"), TestLab.Cancel);
        using var s3 = S3(session.Credentials);

        var exception = await Should.ThrowAsync<AmazonS3Exception>(() => s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "security-lab-incident-evidence", Key = "a", ContentBody = "x" }, TestLab.Cancel));

        exception.ErrorCode.ShouldBe("AccessDenied");
        exception.Message.ShouldBe(
            "User: arn:aws:sts::111122223333:assumed-role/incident-responder/INC-2041 is not authorized to perform: s3:PutObject on resource: "
            + "\"arn:aws:s3:::security-lab-incident-evidence/a\" because no identity-based policy allows the s3:PutObject action");
    }

    [Fact]
    public async Task A_broken_trust_fails_with_the_sdks_own_exception()
    {
        using var sts = Sts(new AnonymousAWSCredentials());

        var exception = await Should.ThrowAsync<AmazonSecurityTokenServiceException>(() => sts.AssumeRoleWithWebIdentityAsync(Request("broken-trust"), TestLab.Cancel));

        exception.ErrorCode.ShouldBe("AccessDenied");
        exception.Message.ShouldBe("Not authorized to perform sts:AssumeRoleWithWebIdentity");
        exception.RequestId.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task An_expired_token_is_the_sdks_expired_token_exception()
    {
        using var sts = Sts(new AnonymousAWSCredentials());
        var claims = lab.Claims();
        claims["exp"] = DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeSeconds();
        var request = Request("incident-responder");
        request.WebIdentityToken = TestIssuer.Sign(claims);

        await Should.ThrowAsync<ExpiredTokenException>(() => sts.AssumeRoleWithWebIdentityAsync(request, TestLab.Cancel));
    }

    private string Address => lab.Server.BaseAddress.ToString();

    private async Task<AmazonS3Client> CollectorAsync()
    {
        using var sts = Sts(new AnonymousAWSCredentials());
        return S3((await sts.AssumeRoleWithWebIdentityAsync(Request("evidence-collector"), TestLab.Cancel)).Credentials);
    }

    private AssumeRoleWithWebIdentityRequest Request(string role) => new()
    {
        RoleArn = $"arn:aws:iam::111122223333:role/{role}", RoleSessionName = "INC-2041", WebIdentityToken = TestIssuer.Sign(lab.Claims()),
    };

    private AmazonSecurityTokenServiceClient Sts(AWSCredentials credentials) =>
        new(credentials, new AmazonSecurityTokenServiceConfig { ServiceURL = Address, AuthenticationRegion = "us-east-1", MaxErrorRetry = 0 });

    private AmazonS3Client S3(AWSCredentials credentials) =>
        new(credentials, new AmazonS3Config { ServiceURL = Address, AuthenticationRegion = "us-east-1", ForcePathStyle = true, MaxErrorRetry = 0 });
}
