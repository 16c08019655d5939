using System.Text;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Aws.Signing;

namespace FederationWorkflows.Federation.Tests.Aws;

/// <summary>
/// The signatures that AWS publishes: its Signature Version 4 test suite, the examples of the IAM User Guide and of the Amazon S3 API Reference.
/// Paths that are escaped, which the suite does not have as a client sends them, are compared with what botocore signs.
/// </summary>
public sealed class SigV4Tests
{
    private const string Host = "https://example.amazonaws.com";

    private static readonly AwsCredentials SuiteKey = Key("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");

    private static readonly AwsCredentials S3Key = Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");

    private static readonly SigV4Scope Suite = new("us-east-1", "service", new DateTimeOffset(2015, 8, 30, 12, 36, 0, TimeSpan.Zero));

    private static readonly SigV4Scope S3 = new("us-east-1", "s3", new DateTimeOffset(2013, 5, 24, 0, 0, 0, TimeSpan.Zero));

    public static TheoryData<string, string, string, string[], string, string> Vectors => new()
    {
        { "get-vanilla", "GET", Host + "/", [], "", "host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
        { "get-vanilla-empty-query-key", "GET", Host + "/?Param1=value1", [], "", "host;x-amz-date, Signature=a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" },
        { "get-vanilla-query-order-key-case", "GET", Host + "/?Param2=value2&Param1=value1", [], "", "host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
        { "get-header-value-trim", "GET", Host + "/", ["My-Header1: value1", "My-Header2:  \"a   b   c\" "], "", "host;my-header1;my-header2;x-amz-date, Signature=acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" },
        { "post-vanilla", "POST", Host + "/", [], "", "host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
        { "post-x-www-form-urlencoded", "POST", Host + "/", ["Content-Type: application/x-www-form-urlencoded"], "Param1=value1", "content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a" },
        { "escaped path", "GET", Host + "/%E1%88%B4", [], "", "host;x-amz-date, Signature=697b34846207a3f72246f99d74ae1ee4fe54f44bb06730c58a0d339eb079596d" },
        { "escaped space", "GET", Host + "/example%20space/", [], "", "host;x-amz-date, Signature=446b817944c553435b35e813c261ff4e161fff982d1bacdef1c87f6785dd1662" },
        { "get-slashes", "GET", Host + "//example//", [], "", "host;x-amz-date, Signature=9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_request_is_signed_as_the_published_test_suite_has_it(string name, string method, string url, string[] headers, string body, string expected)
    {
        name.ShouldNotBeEmpty();
        Sign(method, url, headers, body, SuiteKey, Suite).ShouldBe($"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={expected}");
    }

    [Fact]
    public void The_example_of_the_iam_guide() => Sign(
        "GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", ["Content-Type: application/x-www-form-urlencoded; charset=utf-8"], "", SuiteKey, Suite with { Service = "iam" })
        .ShouldEndWith("SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");

    [Fact]
    public void A_session_token_is_signed_with_the_rest() => Sign(
        "GET",
        Host + "/",
        [],
        "",
        SuiteKey with
        {
            SessionToken = Sensitive.Of(
                "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="),
        },
        Suite)
        .ShouldEndWith("SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=c8db8b9676d526f735dac5330f17623554c6cad1e2980d321903e9a3884c051b");

    public static TheoryData<string, string, string[], string, string> S3Examples => new()
    {
        { "GET", "/test.txt", ["Range: bytes=0-9"], "", "host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
        { "PUT", "/test%24file.text", ["Date: Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class: REDUCED_REDUNDANCY"], "Welcome to Amazon S3.", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
        { "GET", "/?lifecycle", [], "", "host;x-amz-content-sha256;x-amz-date, Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
        { "GET", "/?max-keys=2&prefix=J", [], "", "host;x-amz-content-sha256;x-amz-date, Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
    };

    [Theory]
    [MemberData(nameof(S3Examples))]
    public void A_request_to_s3_is_signed_as_its_reference_has_it(string method, string path, string[] headers, string body, string expected) =>
        Sign(method, "https://examplebucket.s3.amazonaws.com" + path, headers, body, S3Key, S3).ShouldBe($"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders={expected}");

    [Fact]
    public void A_url_is_presigned_as_s3s_reference_has_it() =>
        SigV4.Presign(HttpMethod.Get, SigV4.Verbatim("https://examplebucket.s3.amazonaws.com/test.txt"), [], S3Key, S3, TimeSpan.FromDays(1)).ShouldBe(
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
            + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");

    private static string Sign(string method, string url, string[] headers, string body, AwsCredentials credentials, SigV4Scope scope)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), SigV4.Verbatim(url));
        var bytes = Encoding.UTF8.GetBytes(body);
        request.Content = new ByteArrayContent(bytes);
        foreach (var header in headers.Select(header => header.Split(": ", 2)))
        {
            (request.Headers.TryAddWithoutValidation(header[0], header[1]) || request.Content.Headers.TryAddWithoutValidation(header[0], header[1])).ShouldBeTrue();
        }

        SigV4.Sign(request, bytes, credentials, scope);
        return request.Headers.NonValidated["Authorization"].Single();
    }

    private static AwsCredentials Key(string id, string secret) => new() { AccessKeyId = id, SecretAccessKey = Sensitive.Of(secret) };
}
