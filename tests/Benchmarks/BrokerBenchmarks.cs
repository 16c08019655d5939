using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using FederationWorkflows.Federation;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Benchmarks;

/// <summary>What it costs to be handed a token that is kept: who may have it, and the look-up.</summary>
[MemoryDiagnoser]
public class BrokerBenchmarks
{
    private const string Role = "arn:aws:iam::123456789012:role/reader";

    private static readonly string[] Scopes = ["https://www.googleapis.com/auth/cloud-platform"];

    private readonly ConnectionUser user = ConnectionUser.OfRun("incident-response", "0123456789abcdef0123456789abcdef", ["operator"]);

    private ServiceProvider services = null!;

    private ITokenBroker broker = null!;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        using var key = RSA.Create(2048);
        var json = JsonSerializer.Serialize(new { type = "service_account", client_email = "robot@ops-1.iam.gserviceaccount.com", private_key = key.ExportPkcs8PrivateKeyPem() });
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Federation:Connections:ops:Kind"] = "serviceAccountKey",
            ["Federation:Connections:ops:Json"] = json,
            ["Federation:Connections:ops:Stories:0"] = "incident-response",
            ["Federation:Connections:ops:Roles:0"] = "operator",
            ["Federation:Connections:prod:Kind"] = "awsRole",
            ["Federation:Connections:prod:RoleArn"] = Role,
            ["Federation:Connections:prod:Source"] = "ops",
            ["Federation:Connections:prod:Audience"] = "aws-prod",
            ["Federation:Connections:prod:Stories:0"] = "incident-response",
            ["Federation:Connections:prod:Roles:0"] = "operator",
        }).Build();
        var collection = new ServiceCollection().AddLogging().AddFederation(configuration);
        foreach (var name in new[] { FederationHttpClients.Google, FederationHttpClients.Aws })
        {
            collection.AddHttpClient(name).ConfigurePrimaryHttpMessageHandler(() => new Clouds());
        }

        services = collection.BuildServiceProvider();
        broker = services.GetRequiredService<ITokenBroker>();
        await AccessToken();
        await Credentials();
    }

    [GlobalCleanup]
    public void Cleanup() => services.Dispose();

    [Benchmark(Description = "an access token that is kept")]
    public ValueTask<GoogleAccessToken> AccessToken() => broker.GetAccessTokenAsync("ops", Scopes, user);

    [Benchmark(Description = "credentials of a role that are kept")]
    public ValueTask<AwsCredentials> Credentials() => broker.GetAwsCredentialsAsync("prod", new AwsNarrowing { DurationSeconds = 900 }, user);

    private sealed class Clouds : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var now = DateTimeOffset.UtcNow;
            if (request.RequestUri!.Host.StartsWith("sts", StringComparison.Ordinal))
            {
                return Answer(
                    $"""
                    <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
                    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/reader/s</Arn><AssumedRoleId>AROAEXAMPLE:s</AssumedRoleId></AssumedRoleUser>
                    <Credentials><AccessKeyId>ASIAEXAMPLE0000001</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>
                    <Expiration>{now.AddHours(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}</Expiration></Credentials>
                    </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
                    """,
                    "text/xml");
            }

            var form = await request.Content!.ReadAsStringAsync(cancellationToken);
            var assertion = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(form.Split("assertion=")[1].Split('&')[0].Split('.')[1]));
            return Answer(
                assertion.Contains("target_audience", StringComparison.Ordinal)
                    ? JsonSerializer.Serialize(new { id_token = $"{Part(new { alg = "RS256" })}.{Part(new { iss = "https://accounts.google.com", aud = "aws-prod", azp = "1", sub = "1", exp = now.AddHours(1).ToUnixTimeSeconds() })}.c2ln" })
                    : """{"access_token":"ya29.granted","expires_in":3599,"token_type":"Bearer"}""",
                "application/json");
        }

        private static string Part(object value) => System.Buffers.Text.Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));

        private static HttpResponseMessage Answer(string body, string type) => new(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, type) };
    }
}
