namespace FederationWorkflows.Federation.Aws.Sources;

/// <summary>Asks the source that a connection names.</summary>
internal sealed class AwsSources(EnvironmentKeys environment, ProfileFiles profiles, InstanceMetadata instance, ContainerCredentials container) : IAwsSources
{
    public Task<AwsCredentials> GetAsync(AwsSource source, CancellationToken cancellationToken = default) => source switch
    {
        AwsEnvironmentSource => Task.FromResult(environment.Read(source.Connection)),
        AwsProfileSource profile => profiles.ReadAsync(profile, cancellationToken),
        AwsInstanceSource role => instance.GetAsync(role, cancellationToken),
        AwsContainerSource => container.GetAsync(source.Connection, cancellationToken),
        AwsDefaultSource => DefaultAsync(source.Connection, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(source), source.GetType().Name, null),
    };

    public static FederationException Unusable(string connection, string detail, string advice) =>
        Failure.Input(Cloud.Aws, "connections", $"connection '{connection}'", detail, advice, FailureCodes.UnusableConnection);

    private async Task<AwsCredentials> DefaultAsync(string connection, CancellationToken cancellationToken)
    {
        if (environment.IsSet)
        {
            return environment.Read(connection);
        }

        if (profiles.Exists(new AwsProfileSource(connection)))
        {
            return await profiles.ReadAsync(new AwsProfileSource(connection), cancellationToken);
        }

        return container.IsSet
            ? await container.GetAsync(connection, cancellationToken)
            : await instance.GetAsync(new AwsInstanceSource(connection), cancellationToken);
    }
}
