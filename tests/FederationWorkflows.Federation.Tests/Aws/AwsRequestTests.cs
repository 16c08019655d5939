using System.Net;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Requests;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Aws;

public sealed class AwsRequestTests : IDisposable
{
    private readonly FederationHost host = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => host.Dispose();

    [Theory]
    [InlineData("iam", "eu-central-1", "https://iam.amazonaws.com/", "us-east-1/iam")]
    [InlineData("iam", "cn-north-1", "https://iam.cn-north-1.amazonaws.com.cn/", "cn-north-1/iam")]
    [InlineData("iam", "us-gov-west-1", "https://iam.us-gov.amazonaws.com/", "us-gov-west-1/iam")]
    [InlineData("ec2", "eu-central-1", "https://ec2.eu-central-1.amazonaws.com/", "eu-central-1/ec2")]
    [InlineData("dynamodb", "cn-northwest-1", "https://dynamodb.cn-northwest-1.amazonaws.com.cn/", "cn-northwest-1/dynamodb")]
    [InlineData("sts", null, "https://sts.us-east-1.amazonaws.com/", "us-east-1/sts")]
    [InlineData("organizations", "eu-central-1", "https://organizations.us-east-1.amazonaws.com/", "us-east-1/organizations")]
    [InlineData("api.ecr", "eu-west-1", "https://api.ecr.eu-west-1.amazonaws.com/", "eu-west-1/ecr")]
    [InlineData("email", "eu-west-1", "https://email.eu-west-1.amazonaws.com/", "eu-west-1/ses")]
    [InlineData("s3", "eu-west-1", "https://s3.eu-west-1.amazonaws.com/", "eu-west-1/s3")]
    public async Task Where_a_request_goes_follows_from_service_and_region(string service, string? region, string url, string scope)
    {
        host.Network.Answer("{}");
        var credentials = region is null || region.StartsWith("eu-", StringComparison.Ordinal) ? Credentials.Session
            : Credentials.Session with { AssumedRoleArn = $"arn:{(region[0] == 'c' ? "aws-cn" : "aws-us-gov")}:sts::123456789012:assumed-role/r/s" };

        await host.AwsRequests.SendAsync(new AwsRequest { Credentials = credentials, Service = service, Region = region }, Cancellation);

        host.Network.Only.Url.ShouldBe(url);
        host.Network.Only.Headers["Authorization"].ShouldStartWith($"AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE0000001/20310405/{scope}/aws4_request, SignedHeaders=");
        host.Network.Only.Headers["X-Amz-Security-Token"].ShouldBe("CANARYsessionToken0123456789");
    }

    [Fact]
    public async Task An_administrators_endpoint_takes_the_place_of_all_that_have_none_of_their_own()
    {
        using var moved = new FederationHost(("Endpoints:Aws", "http://127.0.0.1:4566/aws/"), ("Endpoints:AwsSts", "http://127.0.0.1:4567"));
        moved.Network.Answer("{}");

        foreach (var service in new[] { "iam", "sts" })
        {
            await moved.AwsRequests.SendAsync(new AwsRequest { Credentials = Credentials.Session, Service = service, Path = "/x" }, Cancellation);
        }

        moved.Network.Requests.Select(sent => sent.Url).ShouldBe(["http://127.0.0.1:4566/aws/x", "http://127.0.0.1:4567/x"]);
    }

    [Fact]
    public async Task The_query_protocol_is_a_form()
    {
        host.Network.AnswerXml(
            """
            <ListRolesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListRolesResult><IsTruncated>false</IsTruncated><Roles>
            <member><RoleName>a</RoleName><Tags/></member></Roles></ListRolesResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></ListRolesResponse>
            """);

        var answer = await host.AwsRequests.SendAsync(AwsRequest.QueryStyle(Request("iam"), "ListRoles", "2010-05-08", [new("PathPrefix", "/a b+c/")]), Cancellation);

        var sent = host.Network.Only;
        sent.Method.ShouldBe("POST");
        sent.Body.ShouldBe("Action=ListRoles&Version=2010-05-08&PathPrefix=%2Fa%20b%2Bc%2F");
        sent.Headers["Content-Type"].ShouldBe("application/x-www-form-urlencoded; charset=utf-8");
        answer.StatusCode.ShouldBe(200);
        answer.Content.ShouldBeOfType<JsonElement>().GetRawText().ShouldBe(
            """{"ListRolesResult":{"IsTruncated":"false","Roles":[{"RoleName":"a","Tags":""}]},"ResponseMetadata":{"RequestId":"r-1"}}""");
    }

    [Fact]
    public async Task The_json_protocol_has_its_operation_in_a_header()
    {
        host.Network.Answer("""{"TableNames":["a"]}""", contentType: "application/x-amz-json-1.0");

        var answer = await host.AwsRequests.SendAsync(AwsRequest.JsonStyle(Request("dynamodb"), "DynamoDB_20120810.ListTables", "{\"Limit\":1}"u8.ToArray(), "application/x-amz-json-1.0"), Cancellation);

        host.Network.Only.Headers["X-Amz-Target"].ShouldBe("DynamoDB_20120810.ListTables");
        host.Network.Only.Headers["Content-Type"].ShouldBe("application/x-amz-json-1.0");
        host.Network.Only.Headers["Authorization"].ShouldContain("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,");
        host.Network.Only.Body.ShouldBe("""{"Limit":1}""");
        answer.Content.ShouldBeOfType<JsonElement>().GetProperty("TableNames")[0].GetString().ShouldBe("a");
    }

    [Theory]
    [InlineData("<html><body>Sign in</body></html>")]
    [InlineData("Sign in")]
    [InlineData("<ListUsersResponse/>")]
    [InlineData("")]
    public async Task What_stands_between_is_not_taken_for_an_answer(string page)
    {
        host.Network.Answer(page, contentType: "text/html");
        var query = AwsRequest.QueryStyle(Request("iam"), "ListRoles", "2010-05-08", []);
        var json = AwsRequest.JsonStyle(Request("dynamodb"), "DynamoDB_20120810.ListTables", "{}"u8.ToArray());

        (await Should.ThrowAsync<FederationException>(() => host.AwsRequests.SendAsync(query, Cancellation))).Message.ShouldBe(
            "iam:ListRoles: no usable answer from AWS iam: its answer is not the XML that the API documents. Check that Federation:Endpoints and the proxy lead to AWS iam.");
        if (page.Length > 0)
        {
            (await Should.ThrowAsync<FederationException>(() => host.AwsRequests.SendAsync(json, Cancellation))).Detail.ShouldBe("its answer is not the JSON that the API documents");
        }
    }

    public static TheoryData<string, string> Xml => new()
    {
        { "<r/>", "\"\"" },
        { "<r>text</r>", "\"text\"" },
        { "<r xmlns='urn:x' a='1'><b c='2'>x</b></r>", """{"b":"x"}""" },
        { "<r><a>1</a><a>2</a><b/></r>", """{"a":["1","2"],"b":""}""" },
        { "<r><l><member>1</member></l></r>", """{"l":["1"]}""" },
        { "<r><l><item><n>1</n></item><item><n>2</n></item></l></r>", """{"l":[{"n":"1"},{"n":"2"}]}""" },
        { "<r><l><member>1</member><other>2</other></l></r>", """{"l":{"member":"1","other":"2"}}""" },
        { "<r>before<a>1</a>after</r>", """{"a":"1"}""" },
        { "<r>&lt;&#65;</r>", "\"\\u003CA\"" },
    };

    [Theory]
    [MemberData(nameof(Xml))]
    public void Xml_becomes_json_by_few_rules(string xml, string json) => XmlAnswer.ToJson(Encoding.UTF8.GetBytes(xml))!.Value.GetRawText().ShouldBe(json);

    [Theory]
    [InlineData("<r><a></r>")]
    [InlineData("<!DOCTYPE r [<!ENTITY x \"y\">]><r>&x;</r>")]
    [InlineData("not xml")]
    public void What_is_no_harmless_xml_is_none(string xml) => XmlAnswer.ToJson(Encoding.UTF8.GetBytes(xml)).ShouldBeNull();

    [Fact]
    public void Xml_deeper_than_json_may_be_is_none() =>
        XmlAnswer.ToJson(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<a>", 20_000)) + string.Concat(Enumerable.Repeat("</a>", 20_000)))).ShouldBeNull();

    public static TheoryData<int, string, string, string?, string, string> Refusals => new()
    {
        { 403, "text/xml", "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no right</Message></Error></ErrorResponse>", null, "AccessDenied", "no right" },
        { 403, "text/xml", "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>not you</Message></Error></Errors></Response>", null, "UnauthorizedOperation", "not you" },
        { 404, "application/xml", "<Error><Code>NoSuchBucket</Code><Message>none</Message></Error>", null, "NoSuchBucket", "none" },
        { 400, "application/x-amz-json-1.1", """{"__type":"com.amazonaws.kms#DisabledException","message":"off"}""", null, "DisabledException", "off" },
        { 400, "application/json", """{"code":"ValidationException","Message":"bad"}""", null, "ValidationException", "bad" },
        { 403, "application/json", """{"message":"denied"}""", "AccessDeniedException:http://internal/", "AccessDeniedException", "denied" },
        { 502, "text/html", "<html><body>Bad</body></html>", null, "BadGateway", "HTTP 502 without an explanation" },
        { 500, "text/plain", "", null, "InternalServerError", "HTTP 500 without an explanation" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_of_any_protocol_keeps_awss_words(int status, string contentType, string body, string? type, string code, string detail)
    {
        host.Network.OnRequest = (_, _) =>
        {
            var response = RecordingHandler.Make(body, (HttpStatusCode)status, contentType, "7");
            if (type is not null)
            {
                response.Headers.TryAddWithoutValidation("x-amzn-ErrorType", type);
            }

            return Task.FromResult(response);
        };

        var error = await Should.ThrowAsync<FederationException>(() => host.AwsRequests.SendAsync(Request("kms") with { Operation = "Encrypt" }, Cancellation));

        error.Service.ShouldBe("AWS kms");
        error.Api.ShouldBe("kms:Encrypt");
        error.Code.ShouldBe(code);
        error.Detail.ShouldBe(detail);
        error.HttpStatus.ShouldBe(status);
        error.IsRetryable.ShouldBe(status >= 500);
        error.RetryAfter.ShouldBe(TimeSpan.FromSeconds(7));
        if (status == 403)
        {
            error.Advice.ShouldStartWith("Allow kms:Encrypt in a policy of the assumed role");
        }
    }

    public static TheoryData<Func<AwsRequest, AwsRequest>, string> BadInputs => new()
    {
        { request => request with { Service = "attacker.example" }, "the service is no name of an AWS service" },
        { request => request with { Service = "iam.amazonaws.com" }, "the service is no name of an AWS service" },
        { request => request with { Service = "bucket.s3" }, "the service is no name of an AWS service" },
        { request => request with { Service = "abc123.execute-api" }, "the service is no name of an AWS service" },
        { request => request with { Service = "x@evil" }, "the service is no name of an AWS service" },
        { request => request with { Service = "iam/" }, "the service is no name of an AWS service" },
        { request => request with { Service = "" }, "the service is no name of an AWS service" },
        { request => request with { SigningName = "a.b" }, "the signing name is no name of an AWS service" },
        { request => request with { Region = "evil.example/" }, "the region is no AWS region" },
        { request => request with { Region = "cn-north-1" }, "the region cn-north-1 is not in the partition aws of the role" },
        { request => request with { Operation = "List Roles" }, "the action is no name of an AWS action" },
        { request => request with { Method = "CONNECT" }, "the method is none that can be sent" },
        { request => request with { Path = "" }, "the path is none" },
        { request => request with { Path = "@evil.example/" }, "the path is none" },
        { request => request with { Path = "/a?b=c" }, "the path is none" },
        { request => request with { Path = "/a#b" }, "the path is none" },
        { request => request with { Path = "/a b" }, "the path is none" },
        { request => request with { Path = "/a%zz" }, "the path is none" },
        { request => request with { Path = "/a/../b" }, "the path has a segment . or .." },
        { request => request with { Path = "/a/%2e%2e/b" }, "the path has a segment . or .." },
        { request => request with { Headers = new Dictionary<string, string> { ["Host"] = "evil.example" } }, "the header Host cannot be set" },
        { request => request with { Headers = new Dictionary<string, string> { ["authorization"] = "x" } }, "the header authorization cannot be set" },
        { request => request with { Headers = new Dictionary<string, string> { ["x-amz-security-token"] = "x" } }, "the header x-amz-security-token cannot be set" },
        { request => request with { Headers = new Dictionary<string, string> { ["a"] = "b\r\nc: d" } }, "the header a has a value that cannot be sent" },
        { request => request with { Headers = new Dictionary<string, string> { ["Content-Language"] = "en" } }, "the header Content-Language describes a body, and there is none" },
        { request => request with { Query = [new("", "x")] }, "the query is too large" },
        { request => request with { Body = new byte[(4 * 1024 * 1024) + 1] }, "the body has 4194305 bytes" },
        { request => request with { ContentType = "a\r\nb" }, "the content type is none" },
        { request => request with { Credentials = Credentials.Session with { AccessKeyId = "CANARY\n" } }, "the credentials do not have the form of AWS credentials" },
    };

    [Theory]
    [MemberData(nameof(BadInputs))]
    public async Task What_would_leave_aws_or_the_protocol_is_not_sent(Func<AwsRequest, AwsRequest> change, string detail)
    {
        var error = await Should.ThrowAsync<FederationException>(() => host.AwsRequests.SendAsync(change(Request("iam")), Cancellation));

        error.Code.ShouldBe(FailureCodes.InvalidInput);
        error.Detail.ShouldBe(detail);
        error.ToString().ShouldNotContain("CANARY");
        host.Network.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"Credentials":{"AccessKeyId":"ASIA","SecretAccessKey":"CANARY"}}""", "application/json")]
    [InlineData("<R><X><Credentials><SessionToken>CANARY</SessionToken></Credentials></X></R>", "text/xml")]
    [InlineData("""{"Name":"n","SecretString":"CANARY"}""", "application/x-amz-json-1.1")]
    [InlineData("""{"Parameter":{"Type":"SecureString","Value":"CANARY"}}""", "application/x-amz-json-1.1")]
    [InlineData("""{"echo":"CANARYsecretAccessKey0123456789"}""", "application/json")]
    [InlineData("""{"echo":"\u0043ANARYsessionToken0123456789"}""", "application/json")]
    [InlineData("plain story-secret-CANARY", "text/plain")]
    public async Task An_answer_that_holds_a_secret_is_one(string body, string contentType)
    {
        host.Network.Answer(body, contentType: contentType);

        var answer = await host.AwsRequests.SendAsync(Request("sts") with { Secrets = ["story-secret-CANARY"] }, Cancellation);

        answer.Content.ShouldBeAssignableTo<Sensitive>();
        answer.ToString().ShouldNotContain("CANARY");
    }

    [Fact]
    public async Task What_is_no_json_is_text_or_bytes()
    {
        foreach (var (body, expected) in new (string, object?)[] { ("", null), ("{broken", "{broken"), ("text", "text"), ("<no xml", "<no xml"), ("\"scalar\"", "\"scalar\"") })
        {
            host.Network.Answer(body, contentType: "text/plain");
            (await host.AwsRequests.SendAsync(Request("iam"), Cancellation)).Content.ShouldBe(expected);
        }
    }

    [Fact]
    public async Task A_cloudlab_takes_the_signature_and_refuses_what_the_role_may_not()
    {
        await using var lab = await LabHost.StartAsync();
        var request = new AwsRequest { Credentials = lab.User, Service = "iam" };

        var roles = await lab.Host.AwsRequests.SendAsync(AwsRequest.QueryStyle(request, "ListRoles", "2010-05-08", []), Cancellation);
        var refusal = await Should.ThrowAsync<FederationException>(() => lab.Host.AwsRequests.SendAsync(AwsRequest.QueryStyle(request, "DeleteRole", "2010-05-08", [new("RoleName", "x")]), Cancellation));
        var listing = await lab.Host.AwsRequests.SendAsync(
            new AwsRequest { Credentials = lab.User, Service = "s3", Path = $"/{LabHost.Bucket}", Query = [new("list-type", "2"), new("prefix", "INC-2041/ü +")] }, Cancellation);

        roles.Content.ShouldBeOfType<JsonElement>().GetProperty("ListRolesResult").GetProperty("Roles").EnumerateArray().Select(role => role.GetProperty("RoleName").GetString()).ShouldContain("incident-responder");
        refusal.HttpStatus.ShouldNotBe(200);
        listing.Content.ShouldBeOfType<JsonElement>().GetProperty("Name").GetString().ShouldBe(LabHost.Bucket);
    }

    private static AwsRequest Request(string service) => new() { Credentials = Credentials.Session, Service = service };
}
