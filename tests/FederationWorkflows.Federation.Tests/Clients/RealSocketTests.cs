using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Google;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>The HTTP clients as registered, nothing replaced, against a server on this machine.</summary>
public sealed class RealSocketTests
{
    [Fact]
    public async Task The_registered_clients_call_again_and_again_and_follow_no_redirect()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var server = builder.Build();
        server.MapPost("/token", () => Results.Json(new { access_token = "ya29.granted", expires_in = 3599 }));
        server.MapPost("/sts/", () => Results.Content(
            """
            <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
            <Arn>arn:aws:sts::123456789012:assumed-role/reader/s</Arn><UserId>AROAEXAMPLE:s</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>
            """,
            "text/xml"));
        server.MapPost("/v1/{**rest}", () => Results.Redirect("/token", permanent: false, preserveMethod: true));
        await server.StartAsync(cancellation);
        var address = server.Urls.Single();
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddFederation(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Federation:Endpoints:GoogleToken"] = $"{address}/token",
                ["Federation:Endpoints:GoogleIamCredentials"] = address,
                ["Federation:Endpoints:AwsSts"] = $"{address}/sts/",
                ["Federation:Connections:ops:Kind"] = "serviceAccountKey",
                ["Federation:Connections:ops:Json"] = Credentials.KeyJson,
            }).Build())
            .BuildServiceProvider();

        for (var call = 0; call < 3; call++)
        {
            (await services.GetRequiredService<IGoogleTokenSource>().GetAccessTokenAsync("ops", ["openid"], cancellation)).Token.Reveal().ShouldBe("ya29.granted");
            (await services.GetRequiredService<IAwsFederation>().GetCallerIdentityAsync(Credentials.Session, cancellationToken: cancellation)).Account.ShouldBe("123456789012");
        }

        var error = await Should.ThrowAsync<FederationException>(() => services.GetRequiredService<IServiceAccountCredentials>().GenerateAccessTokenAsync(
            new AccessTokenRequest { ServiceAccount = Credentials.Email, SourceToken = Sensitive.Of("ya29.source"), Scopes = ["openid"] }, cancellation));
        error.Code.ShouldBe(FailureCodes.Redirected);

        await server.StopAsync(cancellation);
        var gone = await Should.ThrowAsync<FederationException>(() => services.GetRequiredService<IGoogleTokenSource>().GetAccessTokenAsync("ops", ["openid"], cancellation));
        gone.Code.ShouldBe(FailureCodes.NetworkFailure);
    }
}
