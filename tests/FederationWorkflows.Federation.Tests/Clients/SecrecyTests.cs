using System.Net;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>A cloud (or what poses as one) that repeats all it was sent must not make a secret visible.</summary>
public sealed class SecrecyTests : IDisposable
{
    private readonly FederationHost host = new(
        ("Connections:ops:Kind", "serviceAccountKey"), ("Connections:ops:Json", Credentials.KeyJson),
        ("Connections:ann:Kind", "authorizedUser"), ("Connections:ann:Json", Credentials.UserJson));

    public void Dispose() => host.Dispose();

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(500)]
    [InlineData(200)]
    public async Task Nothing_sent_comes_back_in_errors_or_logs(int status)
    {
        var idToken = Credentials.IdToken();
        var target = "target@ops-1.iam.gserviceaccount.com";
        var cancellation = TestContext.Current.CancellationToken;
        Func<Task>[] calls =
        [
            () => host.Google.GetAccessTokenAsync("ops", ["openid"], cancellation),
            () => host.Google.GetAccessTokenAsync("ann", ["openid"], cancellation),
            () => host.Google.GetIdTokenAsync("ops", "aws-prod", cancellation),
            () => host.ServiceAccounts.GenerateAccessTokenAsync(
                new AccessTokenRequest { ServiceAccount = target, SourceToken = Sensitive.Of("ya29.CANARYsource"), Scopes = ["openid"] }, cancellation),
            () => host.Aws.AssumeRoleWithWebIdentityAsync(
                new WebIdentityRequest { RoleArn = "arn:aws:iam::123456789012:role/reader", WebIdentityToken = Sensitive.Of(idToken) }, cancellation),
            () => host.Aws.GetCallerIdentityAsync(Credentials.Session, null, cancellation),
            () => host.Aws.AssumeRoleAsync(new RoleRequest { Credentials = Credentials.Session, RoleArn = "arn:aws:iam::123456789012:role/reader" }, cancellation),
            () => host.Objects.ListAsync(new ObjectQuery { Credentials = Credentials.Session, Bucket = "bucket" }, cancellation),
            () => host.Buckets.ListAsync(Credentials.Session, cancellationToken: cancellation),
        ];

        foreach (var call in calls)
        {
            foreach (var shape in Enum.GetValues<Shape>())
            {
                host.Network.Requests.Clear();
                host.Network.OnRequest = (sent, _) => Task.FromResult(Echo(sent, shape, (HttpStatusCode)status));

                var error = await Should.ThrowAsync<FederationException>(call);

                var sent = host.Network.Requests.ShouldHaveSingleItem();
                var everything = $"{error} {error.Message} {error.Detail} {error.Advice} {error.Code} {string.Join('\n', host.Log)}";
                foreach (var secret in Secrets(sent, idToken))
                {
                    everything.ShouldNotContain(secret, Case.Sensitive);
                }
            }
        }
    }

    [Fact]
    public void Tokens_and_credentials_print_and_serialize_masked()
    {
        var access = new GoogleAccessToken(Sensitive.Of("CANARY"), FederationHost.Start, ["openid"], "robot");
        var id = new GoogleIdToken(Sensitive.Of("CANARY"), new IdTokenClaims { Subject = "1" });
        var assume = new WebIdentityRequest { RoleArn = "r", WebIdentityToken = Sensitive.Of("CANARY") };
        var impersonate = new AccessTokenRequest { ServiceAccount = "s", SourceToken = Sensitive.Of("CANARY"), Scopes = [] };

        foreach (object value in new object[] { access, id, assume, impersonate, Credentials.Session })
        {
            value.ToString()!.ShouldContain("***");
            value.ToString()!.ShouldNotContain("CANARY");
        }

        foreach (var json in new[] { JsonSerializer.Serialize(access), JsonSerializer.Serialize(Credentials.Session), JsonSerializer.Serialize(assume) })
        {
            json.ShouldContain("***");
            json.ShouldNotContain("CANARY");
        }
    }

    private static IEnumerable<string> Secrets(RecordingHandler.Sent sent, string idToken)
    {
        yield return "CANARY";
        yield return idToken;
        yield return idToken.Split('.')[1];
        yield return Credentials.KeyPem[40..90];
        if (sent.Form.TryGetValue("assertion", out var assertion))
        {
            yield return assertion;
            yield return assertion.Split('.')[2];
            yield return assertion.Split('.')[1][..40];
        }
    }

    private static HttpResponseMessage Echo(RecordingHandler.Sent sent, Shape shape, HttpStatusCode status)
    {
        // As sent, decoded, and with the key for good measure: a stand-in may have had it from elsewhere.
        var all = $"{sent.Body} {string.Join(' ', sent.Form.Values)} {string.Join(' ', sent.Headers.Where(header => header.Key != "User-Agent").Select(header => header.Value))} {Credentials.KeyPem}";
        var xml = WebUtility.HtmlEncode(all);
        return shape switch
        {
            Shape.OAuth => Json(new { error = "invalid_grant", error_description = all }),
            Shape.OAuthCode => Json(new { error = all }),
            Shape.Status => Json(new { error = new { code = (int)status, message = all, status = "PERMISSION_DENIED" } }),
            Shape.Sts => Xml($"<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Code>AccessDenied</Code><Message>{xml}</Message></Error></ErrorResponse>"),
            Shape.StsCode => Xml($"<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Code>{xml}</Code><Message>m</Message></Error></ErrorResponse>"),
            Shape.S3 => Xml($"<Error><Code>AccessDenied</Code><Message>{xml}</Message></Error>"),
            _ => RecordingHandler.Make(all, status, "text/plain"),
        };

        HttpResponseMessage Json(object body) => RecordingHandler.Make(JsonSerializer.Serialize(body), status);

        HttpResponseMessage Xml(string body) => new(status) { Content = new StringContent(body, Encoding.UTF8, "text/xml") };
    }

    private enum Shape
    {
        OAuth,
        OAuthCode,
        Status,
        Sts,
        StsCode,
        S3,
        Plain,
    }
}
