using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Http.Outbound;
using FederationWorkflows.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static FederationWorkflows.Server.Tests.Support.Stories;

namespace FederationWorkflows.Server.Tests.Webhooks;

/// <summary>Webhooks that a topic of Amazon SNS calls.</summary>
public sealed class SnsCallerTests : IDisposable
{
    private const string Topic = "arn:aws:sns:eu-west-1:111122223333:alerts";

    private const string Certificate = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";

    private const string Subscribe = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:111122223333:alerts&Token=2336412f37";

    private readonly RSA key = RSA.Create(2048);

    private readonly OutboundStub outside = new();

    private readonly ManualTime time = new();

    public void Dispose() => key.Dispose();

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task A_notification_of_the_topic_starts_one_run(string version)
    {
        await using var server = await StartAsync();
        using var first = await SendAsync(server, Notification(version));
        first.StatusCode.ShouldBe(HttpStatusCode.Accepted, await first.TextAsync());
        using var again = await SendAsync(server, Notification(version));
        again.RunId().ShouldBe(first.RunId());
        outside.Asked.ShouldBe([Certificate]);
    }

    [Theory]
    [InlineData("TopicArn", "arn:aws:sns:eu-west-1:111122223333:other")]
    [InlineData("SigningCertURL", "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem")]
    [InlineData("SigningCertURL", "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem")]
    [InlineData("SigningCertURL", "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem")]
    [InlineData("SigningCertURL", "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem")]
    [InlineData("SigningCertURL", "https://sns.eu-west-1.amazonaws.com/anything.pem")]
    [InlineData("Timestamp", "2020-01-01T00:00:00.000Z")]
    [InlineData("SignatureVersion", "3")]
    [InlineData("Type", "Other")]
    public async Task A_message_of_elsewhere_is_refused_and_makes_the_server_call_nobody(string field, string value)
    {
        await using var server = await StartAsync();
        using var answer = await SendAsync(server, Notification("2", message => message[field] = value));
        await answer.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
        outside.Asked.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Message")]
    [InlineData("Subject")]
    [InlineData("MessageId")]
    public async Task A_message_that_was_changed_after_it_was_signed_is_refused(string field)
    {
        await using var server = await StartAsync();
        var message = Notification("2");
        message[field] = "changed";
        using var answer = await SendAsync(server, message);
        await answer.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_subscription_of_the_topic_is_confirmed_and_starts_nothing()
    {
        await using var server = await StartAsync();
        using var answer = await SendAsync(server, Confirmation(Subscribe));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.TextAsync());
        outside.Asked.ShouldBe([Certificate, Subscribe]);
        (await server.CountRunsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_subscription_is_confirmed_at_the_topics_own_region_only()
    {
        await using var server = await StartAsync();
        using var answer = await SendAsync(server, Confirmation("https://evil.example/?Action=ConfirmSubscription"));
        await answer.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
        outside.Asked.ShouldBe([Certificate]);
    }

    [Fact]
    public async Task Made_up_certificates_are_asked_for_a_few_times_a_minute_and_displace_no_good_one()
    {
        await using var server = await StartAsync();
        using var first = await SendAsync(server, Notification("2"));
        for (var number = 0; number < 80; number++)
        {
            var name = $"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-{number}.pem";
            using var refused = await SendAsync(server, Notification("2", message => message["SigningCertURL"] = name));
            await refused.ShouldBeProblemAsync(HttpStatusCode.Unauthorized);
        }

        outside.Asked.Count.ShouldBeLessThanOrEqualTo(10);
        using var good = await SendAsync(server, Notification("2", message => message["MessageId"] = "another"));
        good.StatusCode.ShouldBe(HttpStatusCode.Accepted, await good.TextAsync());
        outside.Asked.Count(address => address == Certificate).ShouldBe(1);
    }

    private async Task<ServerUnderTest> StartAsync()
    {
        var request = new CertificateRequest("CN=sns.amazonaws.com", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        outside.Pages[Certificate] = certificate.ExportCertificatePem();
        outside.Pages[Subscribe] = "<ConfirmSubscriptionResponse/>";
        return await ServerUnderTest.StartAsync(
            [Of("hook", [Starts("hook", more: [("caller", Literal("sns")), ("topicArn", Literal(Topic))])])],
            settings: null,
            builder =>
            {
                builder.Services.AddSingleton<IOutboundHttp>(outside);
                builder.Services.AddSingleton<TimeProvider>(time);
            });
    }

    private JsonObject Notification(string version, Action<JsonObject>? change = null)
    {
        var message = New("Notification");
        message["Subject"] = "Alert";
        change?.Invoke(message);
        message["SignatureVersion"] ??= version;
        return Sign(message, message["SignatureVersion"]!.GetValue<string>(), "Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type");
    }

    private JsonObject Confirmation(string address)
    {
        var message = New("SubscriptionConfirmation");
        message["Token"] = "2336412f37";
        message["SubscribeURL"] = address;
        message["SignatureVersion"] = "2";
        return Sign(message, "2", "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type");
    }

    private JsonObject New(string type) => new()
    {
        ["Type"] = type,
        ["MessageId"] = "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        ["TopicArn"] = Topic,
        ["Message"] = "line 1\nline 2 – ü",
        ["Timestamp"] = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        ["SigningCertURL"] = Certificate,
    };

    private JsonObject Sign(JsonObject message, string version, params string[] names)
    {
        var text = string.Concat(names.Where(message.ContainsKey).Select(name => $"{name}\n{message[name]!.GetValue<string>()}\n"));
#pragma warning disable CA5350 // Version 1 of SNS's signatures is SHA-1.
        message["Signature"] = Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(text), version == "1" ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
#pragma warning restore CA5350
        return message;
    }

    private static async Task<HttpResponseMessage> SendAsync(ServerUnderTest server, JsonObject message)
    {
        using var content = new StringContent(message.ToJsonString(), Encoding.UTF8, "text/plain");
        return await server.Client.PostAsync(new Uri("/workflows/hook", UriKind.Relative), content, TestContext.Current.CancellationToken);
    }
}
