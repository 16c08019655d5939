using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation;

/// <summary>Refuses to start a host whose federation section is wrong, naming the key and the remedy.</summary>
internal sealed class FederationOptionsValidator : IValidateOptions<FederationOptions>
{
    private const string Endpoints = FederationOptions.Section + ":" + nameof(FederationOptions.Endpoints) + ":";

    private const string Broker = FederationOptions.Section + ":" + nameof(FederationOptions.Broker) + ":";

    private static readonly string[] InstanceMetadataHosts = ["http://169.254.169.254", "http://[fd00:ec2::254]"];

    private static readonly string[] GoogleMetadataHosts = ["http://169.254.169.254", "http://metadata.google.internal"];

    public ValidateOptionsResult Validate(string? name, FederationOptions options)
    {
        var problems = new List<string>();
        CheckEndpoint(problems, nameof(CloudEndpoints.GoogleToken), options.Endpoints.GoogleToken);
        CheckEndpoint(problems, nameof(CloudEndpoints.GoogleIamCredentials), options.Endpoints.GoogleIamCredentials);
        CheckEndpoint(problems, nameof(CloudEndpoints.GoogleApis), options.Endpoints.GoogleApis);
        CheckEndpoint(problems, nameof(CloudEndpoints.Aws), options.Endpoints.Aws);
        CheckEndpoint(problems, nameof(CloudEndpoints.GoogleSts), options.Endpoints.GoogleSts);
        CheckEndpoint(problems, nameof(CloudEndpoints.AwsSts), options.Endpoints.AwsSts);
        CheckEndpoint(problems, nameof(CloudEndpoints.AwsS3), options.Endpoints.AwsS3);

        CheckMetadata(problems, nameof(CloudEndpoints.AwsInstanceMetadata), options.Endpoints.AwsInstanceMetadata, InstanceMetadataHosts);
        CheckMetadata(problems, nameof(CloudEndpoints.GoogleMetadata), options.Endpoints.GoogleMetadata, GoogleMetadataHosts);

        if (options.Timeout < TimeSpan.FromSeconds(1) || options.Timeout > TimeSpan.FromSeconds(90))
        {
            problems.Add($"{FederationOptions.Section}:{nameof(options.Timeout)} is {options.Timeout:c}: give 00:00:01 to 00:01:30.");
        }

        if (options.StsRetries is < 0 or > 5)
        {
            problems.Add($"{FederationOptions.Section}:{nameof(options.StsRetries)} is {options.StsRetries}: give 0 to 5.");
        }

        problems.AddRange(options.Objects.Problems().Select(problem => $"{FederationOptions.Section}:{nameof(options.Objects)}:{problem}"));
        CheckRange(problems, nameof(BrokerOptions.MaxEntries), options.Broker.MaxEntries, 1_000_000);
        CheckRange(problems, nameof(BrokerOptions.ExchangesPerSecond), options.Broker.ExchangesPerSecond, 10_000);
        CheckRange(problems, nameof(BrokerOptions.Burst), options.Broker.Burst, 10_000);
        if (options.Broker.SealAfter < TimeSpan.FromSeconds(1) || options.Broker.SealAfter > TimeSpan.FromHours(1))
        {
            problems.Add($"{Broker}{nameof(BrokerOptions.SealAfter)} is {options.Broker.SealAfter:c}: give 00:00:01 to 01:00:00.");
        }

        if (!AwsRegions.IsWellFormed(options.AwsRegion))
        {
            problems.Add($"{FederationOptions.Section}:{nameof(options.AwsRegion)} is no AWS region: give one such as us-east-1.");
        }

        problems.AddRange(options.Connections.Keys.SelectMany(name => ConnectionRules.Problems(name, options.Connections)));

        foreach (var (trustPolicy, definition) in options.TrustPolicies)
        {
            if (definition.Problem() is { } problem)
            {
                problems.Add($"{FederationOptions.Section}:{nameof(options.TrustPolicies)}:{trustPolicy}: {problem}");
            }
        }

        foreach (var (provider, definition) in options.PoolProviders)
        {
            if (definition.Problem() is { } problem)
            {
                problems.Add($"{FederationOptions.Section}:{nameof(options.PoolProviders)}:{provider}: {problem}");
            }
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static void CheckRange(List<string> problems, string key, int value, int most)
    {
        if (value < 1 || value > most)
        {
            problems.Add($"{Broker}{key} is {value}: give 1 to {most}.");
        }
    }

    /// <summary>A metadata service has no certificate: it is trusted by its address, which does not leave the machine.</summary>
    private static void CheckMetadata(List<string> problems, string key, Uri? endpoint, string[] own)
    {
        if (endpoint is not { IsAbsoluteUri: true } || !own.Contains(endpoint.GetLeftPart(UriPartial.Authority)))
        {
            CheckEndpoint(problems, key, endpoint);
        }
    }

    private static void CheckEndpoint(List<string> problems, string key, Uri? endpoint)
    {
        if (endpoint is null)
        {
            return;
        }

        // A relative Uri has no scheme to ask for; a user, a query or a fragment would end up in every request.
        if (!endpoint.IsAbsoluteUri || endpoint.UserInfo.Length > 0 || endpoint.Query.Length > 0 || endpoint.Fragment.Length > 0)
        {
            problems.Add($"{Endpoints}{key} is not an absolute URL without user, query and fragment: give one such as https://example.com/path.");
        }
        else if (endpoint.Scheme != Uri.UriSchemeHttps && !(endpoint.Scheme == Uri.UriSchemeHttp && endpoint.IsLoopback))
        {
            problems.Add($"{Endpoints}{key} is '{endpoint}': credentials travel over https only. Give an https URL; http is allowed to 127.0.0.1, [::1] and localhost.");
        }
    }
}
