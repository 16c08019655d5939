using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Federation.Tests.Aws;

public sealed class CallerIdentityTokenTests : IDisposable
{
    private const string Provider = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/outside/providers/my-aws";

    private readonly FederationHost host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public void The_request_is_signed_for_one_provider_and_written_as_Google_reads_it()
    {
        var request = Read(Sign(Credentials.Session, "eu-central-1"));

        request.Url.ShouldBe("https://sts.eu-central-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15");
        request.Method.ShouldBe("POST");
        request.Headers.Keys.ShouldBe(["host", "x-amz-date", "x-amz-security-token", "x-goog-cloud-target-resource", "Authorization"], ignoreOrder: true);
        request.Headers["host"].ShouldBe("sts.eu-central-1.amazonaws.com");
        request.Headers["x-amz-date"].ShouldBe("20310405T060708Z");
        request.Headers["x-amz-security-token"].ShouldBe("CANARYsessionToken0123456789");
        request.Headers["x-goog-cloud-target-resource"].ShouldBe(Provider);
        request.Headers["Authorization"].ShouldStartWith(
            "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE0000001/20310405/eu-central-1/sts/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource, Signature=");
        request.Headers["Authorization"].ShouldNotContain("CANARY");
        host.Network.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("arn:aws-cn:sts::123456789012:assumed-role/reader/s", null, "https://sts.cn-north-1.amazonaws.com.cn/")]
    [InlineData("arn:aws-us-gov:sts::123456789012:assumed-role/reader/s", "us-gov-east-1", "https://sts.us-gov-east-1.amazonaws.com/")]
    [InlineData(null, null, "https://sts.us-east-1.amazonaws.com/")]
    public void The_partition_of_the_credentials_decides_whose_STS_vouches(string? arn, string? region, string url) =>
        Read(Sign(Credentials.Session with { AssumedRoleArn = arn }, region)).Url.ShouldStartWith(url);

    [Fact]
    public void A_long_term_key_has_no_security_token() =>
        Read(Sign(Credentials.Session with { SessionToken = null }, null)).Headers.Keys.ShouldNotContain("x-amz-security-token");

    [Theory]
    [InlineData("projects/123456789012/locations/global/workloadIdentityPools/outside/providers/my-aws")]
    [InlineData("https://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/outside/providers/my-aws")]
    public void Other_spellings_of_a_provider_are_taken(string provider) =>
        Read(Tokens.Sign(Credentials.Session, provider)).Headers["x-goog-cloud-target-resource"].ShouldBe(Provider);

    [Theory]
    [InlineData("")]
    [InlineData("//iam.googleapis.com/projects/my-project/locations/global/workloadIdentityPools/outside/providers/my-aws")]
    [InlineData("//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/outside/providers/my-aws\n")]
    [InlineData("//iam.googleapis.com/projects/1/locations/europe/workloadIdentityPools/outside/providers/my-aws")]
    public void What_is_no_provider_is_refused(string provider) =>
        Should.Throw<FederationException>(() => Tokens.Sign(Credentials.Session, provider)).Message.ShouldBe(
            "signed GetCallerIdentity: the provider is not the full resource name of a workload identity pool's provider. "
            + "Give //iam.googleapis.com/projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, with the project's number.");

    [Fact]
    public void Credentials_with_line_breaks_are_refused_unseen() =>
        Should.Throw<FederationException>(() => Sign(Credentials.Session with { SessionToken = Sensitive.Of("CANARY\r\nx: y") }, null)).ToString().ShouldNotContain("CANARY");

    private ICallerIdentityTokens Tokens => host.Services.GetRequiredService<ICallerIdentityTokens>();

    private Sensitive<string> Sign(AwsCredentials credentials, string? region) => Tokens.Sign(credentials, Provider, region);

    private static (string Url, string Method, Dictionary<string, string> Headers) Read(Sensitive<string> token)
    {
        token.Reveal().ShouldNotContain("{"); // URL-encoded
        var json = JsonDocument.Parse(Uri.UnescapeDataString(token.Reveal())).RootElement;
        return (
            json.GetProperty("url").GetString()!,
            json.GetProperty("method").GetString()!,
            json.GetProperty("headers").EnumerateArray().ToDictionary(header => header.GetProperty("key").GetString()!, header => header.GetProperty("value").GetString()!));
    }
}
