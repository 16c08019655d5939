using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Tests.Clients;

public sealed class OptionsTests
{
    [Fact]
    public void Without_configuration_the_clouds_are_where_they_are()
    {
        using var host = new FederationHost();

        host.Options.Endpoints.GoogleToken.AbsoluteUri.ShouldBe("https://oauth2.googleapis.com/token");
        host.Options.Endpoints.GoogleIamCredentials.AbsoluteUri.ShouldBe("https://iamcredentials.googleapis.com/");
        host.Options.Endpoints.AwsSts.ShouldBeNull();
        host.Options.Endpoints.AwsS3.ShouldBeNull();
        host.Options.Timeout.ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("https://proxy.example/google/token")]
    [InlineData("http://127.0.0.1:8080/token")]
    [InlineData("http://localhost:8080/token")]
    [InlineData("http://[::1]:8080/token")]
    public void Https_anywhere_and_http_on_loopback_are_endpoints(string url)
    {
        using var host = new FederationHost(("Endpoints:GoogleToken", url), ("Endpoints:GoogleIamCredentials", url), ("Endpoints:AwsSts", url), ("Endpoints:AwsS3", url));

        host.Options.Endpoints.GoogleToken.AbsoluteUri.ShouldBe(url);
        host.Options.Endpoints.AwsS3!.AbsoluteUri.ShouldBe(url);
    }

    [Theory]
    [InlineData("Endpoints:GoogleToken", "http://proxy.example/", "Federation:Endpoints:GoogleToken is 'http://proxy.example/': credentials travel over https only. Give an https URL; http is allowed to 127.0.0.1, [::1] and localhost.")]
    [InlineData("Endpoints:GoogleIamCredentials", "ftp://127.0.0.1/", "Federation:Endpoints:GoogleIamCredentials is 'ftp://127.0.0.1/': credentials travel over https only. Give an https URL; http is allowed to 127.0.0.1, [::1] and localhost.")]
    [InlineData("PoolProviders:mine:File", "", "Federation:PoolProviders:mine: give File (a path) or Json (the provider), one of them.")]
    [InlineData("Endpoints:AwsSts", "sts.example", "Federation:Endpoints:AwsSts is not an absolute URL without user, query and fragment: give one such as https://example.com/path.")]
    [InlineData("Endpoints:AwsS3", "https://CANARY:x@s3.example/", "Federation:Endpoints:AwsS3 is not an absolute URL without user, query and fragment: give one such as https://example.com/path.")]
    [InlineData("Endpoints:AwsS3", "https://s3.example/?a=b", "Federation:Endpoints:AwsS3 is not an absolute URL without user, query and fragment: give one such as https://example.com/path.")]
    [InlineData("Endpoints:GoogleMetadata", "http://metadata.example/", "Federation:Endpoints:GoogleMetadata is 'http://metadata.example/': credentials travel over https only. Give an https URL; http is allowed to 127.0.0.1, [::1] and localhost.")]
    [InlineData("Timeout", "00:00:00.5", "Federation:Timeout is 00:00:00.5000000: give 00:00:01 to 00:01:30.")]
    [InlineData("Timeout", "00:02:00", "Federation:Timeout is 00:02:00: give 00:00:01 to 00:01:30.")]
    [InlineData("StsRetries", "6", "Federation:StsRetries is 6: give 0 to 5.")]
    [InlineData("AwsRegion", "Frankfurt", "Federation:AwsRegion is no AWS region: give one such as us-east-1.")]
    [InlineData("Connections:ops:Kind", "CANARY", "Federation:Connections:ops: its kind is missing or unknown: give one of serviceAccountKey, authorizedUser, applicationDefault, metadataServer, externalAccount, workloadIdentityPool, projectedToken, awsEnvironment, awsProfile, awsInstance, awsContainer, awsDefault, awsRole.")]
    [InlineData("Connections:ops:File", "/a", "Federation:Connections:ops: its kind is missing or unknown: give one of serviceAccountKey, authorizedUser, applicationDefault, metadataServer, externalAccount, workloadIdentityPool, projectedToken, awsEnvironment, awsProfile, awsInstance, awsContainer, awsDefault, awsRole.")]
    [InlineData("Connections:ops:Kind", "serviceAccountKey", "Federation:Connections:ops: it has no credential: give file (a path) or json (the content).")]
    public void A_wrong_setting_stops_the_host_and_names_the_key_and_the_remedy(string key, string value, string problem)
    {
        using var host = new FederationHost((key, value));

        var error = Should.Throw<OptionsValidationException>(() => host.Options);

        error.Failures.ShouldBe([problem]);
        error.ToString().ShouldNotContain("CANARY");
    }

    [Fact]
    public void Several_wrong_settings_are_reported_together()
    {
        using var host = new FederationHost(
            ("StsRetries", "-1"), ("Connections:a:Kind", "applicationDefault"), ("Connections:a:File", "/a"), ("Connections:b:Kind", "authorizedUser"), ("Connections:b:File", "/b"), ("Connections:b:Json", "{}"));

        var error = Should.Throw<OptionsValidationException>(() => host.Options);

        error.Failures.ShouldBe(
        [
            "Federation:StsRetries is -1: give 0 to 5.",
            "Federation:Connections:a: kind applicationDefault takes neither file nor json: remove them, or give the kind of that credential.",
            "Federation:Connections:b: it has both file and json: give one of them.",
        ]);
    }
}
