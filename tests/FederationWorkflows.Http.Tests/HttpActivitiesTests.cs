using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Http.Outbound;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Http.Tests;

public sealed class HttpActivitiesTests
{
    [Fact]
    public async Task The_activities_have_elsas_names_and_ports()
    {
        await using var services = Services();
        var registry = new ActivityRegistry(services.GetServices<IActivityProvider>());
        await registry.RefreshAsync(TestContext.Current.CancellationToken);

        registry.Current.All.Select(d => $"{d.TypeName} {d.Category} {d.Kind} {d.DisplayName}: {string.Join(", ", d.Ports.Select(p => $"{p.Name} ({p.Type})"))}").ShouldBe([
            "Elsa.FlowSendHttpRequest HTTP Task HTTP Request (flow): Unmatched status code (Flow), Failed to connect (Flow), Timeout (Flow), Done (Flow)",
            "Elsa.HttpEndpoint HTTP Trigger HTTP Endpoint: Done (Flow), Request too large (Flow), File too large (Flow), Invalid file extension (Flow), Invalid file MIME type (Flow)",
            "Elsa.SendHttpRequest HTTP Task HTTP Request: UnmatchedStatusCode (Embedded), FailedToConnect (Embedded), Timeout (Embedded)",
            "Elsa.WriteHttpResponse HTTP Action HTTP Response: ",
        ]);
    }

    [Theory]
    [InlineData("Elsa.HttpEndpoint", "Path* SupportedMethods Caller Secret SignatureForm CallerHeader SignaturePrefix SignatureEncoding TimestampHeader Tolerance Audience Issuer CallerIdentity TopicArn Authorize Policy RequestTimeout DeduplicationKey RequestSizeLimit FileSizeLimit AllowedFileExtensions BlockedFileExtensions AllowedMimeTypes "
        + "ExposeRequestTooLargeOutcome! ExposeFileTooLargeOutcome! ExposeInvalidFileExtensionOutcome! ExposeInvalidFileMimeTypeOutcome! -> ParsedContent Files RouteData QueryStringData Headers Result")]
    [InlineData("Elsa.WriteHttpResponse", "StatusCode Content ContentType ResponseHeaders -> ")]
    [InlineData("Elsa.SendHttpRequest", "Url* Method Content ContentType Authorization? DisableAuthorizationHeaderValidation RequestHeaders EnableResiliency RequestTimeout ExpectedStatusCodes! "
        + "-> StatusCode ParsedContent ResponseHeaders Result")]
    [InlineData("Elsa.FlowSendHttpRequest", "Url* Method Content ContentType Authorization? DisableAuthorizationHeaderValidation RequestHeaders EnableResiliency RequestTimeout ExpectedStatusCodes "
        + "-> StatusCode ParsedContent ResponseHeaders Result")]
    public async Task The_activities_have_elsas_inputs_and_outputs(string type, string expected)
    {
        var descriptor = (await TypedActivityProvider.FromAssemblyOf<OutboundPolicy>().GetDescriptorsAsync(TestContext.Current.CancellationToken)).Single(d => d.TypeName == type);

        // * required, ? secret, ! stored as plain JSON
        var inputs = descriptor.Inputs.Select(i => i.Name + (i.IsRequired ? "*" : "") + (i.IsSensitive ? "?" : "") + (i.IsWrapped ? "" : "!"));
        $"{string.Join(' ', inputs)} -> {string.Join(' ', descriptor.Outputs.Select(o => o.Name))}".ShouldBe(expected);
    }

    [Fact]
    public async Task The_host_configures_what_comes_in_and_goes_out()
    {
        await using var services = Services(
            ("Http:Outbound:AllowLoopback", "true"), ("Http:Outbound:AllowedHosts:0", "*.corp.example"), ("Http:Outbound:AllowedNetworks:0", "10.1.0.0/16"),
            ("Http:Outbound:Timeout", "00:00:30"), ("Http:Inbound:MaxBodyBytes", "2048"));

        var policy = services.GetRequiredService<IOptions<OutboundPolicy>>().Value;
        policy.AllowLoopback.ShouldBeTrue();
        policy.AllowedHosts.ShouldBe(["*.corp.example"]);
        policy.AllowedNetworks.ShouldBe(["10.1.0.0/16"]);
        services.GetRequiredService<IOutboundHttp>().Timeout.ShouldBe(TimeSpan.FromSeconds(30));
        services.GetRequiredService<IOutboundHttp>().CreateClient().Timeout.ShouldBe(TimeSpan.FromSeconds(30));
        services.GetRequiredService<IOptions<HttpRequestLimits>>().Value.MaxBodyBytes.ShouldBe(2048);
    }

    [Theory]
    [InlineData("Http:Outbound:AllowedNetworks:0", "10.0.0.0/40", "Http:Outbound:AllowedNetworks: '10.0.0.0/40' is no network. Write it in CIDR notation, such as 10.1.0.0/16.")]
    [InlineData("Http:Inbound:MaxBodyBytes", "-1", "Http:Inbound:MaxBodyBytes must be from 0 to 1073741824.")]
    [InlineData("Http:Inbound:MaxFormFields", "0", "Http:Inbound: MaxFormFields and MaxFieldNameLength must be at least 1.")]
    public async Task Wrong_settings_stop_the_host_from_starting(string key, string value, string message)
    {
        await using var services = Services((key, value));

        Should.Throw<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate()).Message.ShouldBe(message);
    }

    [Fact]
    public async Task Disposing_of_a_handler_closes_nobody_elses_connections()
    {
        await using var server = await StubServer.StartAsync(_ => Task.CompletedTask);
        await using var services = Services(("Http:Outbound:AllowLoopback", "true"));
        var http = services.GetRequiredService<IOutboundHttp>();
        http.CreateHandler().Dispose();
        http.CreateClient().Dispose();

        (await http.CreateClient().GetAsync(server.Url, TestContext.Current.CancellationToken)).IsSuccessStatusCode.ShouldBeTrue();
    }

    private static ServiceProvider Services(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)).Build();
        return new ServiceCollection().AddHttpActivities(configuration).BuildServiceProvider(validateScopes: true);
    }
}
