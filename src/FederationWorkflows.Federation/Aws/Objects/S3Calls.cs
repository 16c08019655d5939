using Amazon.S3;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>Makes calls on objects: with a client for each, the host's time limit, and errors that say what to check.</summary>
internal sealed class S3Calls(AwsClients clients, IOptionsMonitor<FederationOptions> options, TimeProvider time)
{
    private const int MaxAttempts = 4;

    public static OutboundCall Call(string operation, AwsCredentials credentials) => new(Cloud.Aws, "Amazon S3", $"s3:{operation}") { Principal = credentials.AssumedRoleArn };

    public static OutboundCall Call(string operation, ObjectAddress address)
    {
        var call = Call(operation, address.Credentials);
        ObjectInputs.RequireBucket(call, address.Bucket);
        ObjectInputs.RequireKey(call, address.Key);
        ObjectInputs.RequireVersion(call, address.VersionId);
        return call;
    }

    /// <summary>Checks credentials and region: what every call needs, and what a presigned URL is made of.</summary>
    public string RequireRegion(OutboundCall call, AwsCredentials credentials, string? region)
    {
        AwsInputs.RequireCredentials(call, credentials);
        return AwsInputs.RequireRegion(call, region, AwsInputs.PartitionOf(credentials), options.CurrentValue.AwsRegion);
    }

    public Task<T> RunAsync<T>(
        OutboundCall call, AwsCredentials credentials, string? region, string permission, Func<AmazonS3Client, CancellationToken, Task<T>> action, CancellationToken cancellationToken) =>
        RunAsync(call, credentials, region, permission, (client, _, limited) => action(client, limited), cancellationToken);

    /// <summary>A call that moves content: its time begins anew whenever something has moved.</summary>
    public async Task<T> RunAsync<T>(
        OutboundCall call,
        AwsCredentials credentials,
        string? region,
        string permission,
        Func<AmazonS3Client, Action, CancellationToken, Task<T>> action,
        CancellationToken cancellationToken)
    {
        using var client = clients.S3(credentials, RequireRegion(call, credentials, region), ofContents: call.Api == "s3:GetObject");
        return await call.RunAsync(
            (moved, limited) => action(client, moved, limited),
            (code, _) => ObjectAdvice.For(code, permission),
            credentials.Secrets,
            options.CurrentValue.Timeout,
            time,
            cancellationToken);
    }

    /// <summary>Tries a piece of a transfer again after a failure that may pass, so that one dropped connection does not cost gigabytes.</summary>
    /// <param name="attempt">What to try.</param>
    /// <param name="position">How far it is: attempts that got further do not count.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<T> PersistAsync<T>(Func<Task<T>> attempt, Func<long> position, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            var before = position();
            try
            {
                return await attempt();
            }
            catch (FederationException exception) when (exception.IsRetryable && (failures < MaxAttempts - 1 || position() > before))
            {
                failures = position() > before ? 0 : failures;
                await Task.Delay(exception.RetryAfter ?? TimeSpan.FromSeconds(1 << failures), time, cancellationToken);
            }
        }
    }
}
