using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Aws.Sources;

/// <summary>The access key in the variables of the process.</summary>
internal sealed class EnvironmentKeys(HostEnvironment host)
{
    private const string Id = "AWS_ACCESS_KEY_ID";
    private const string Secret = "AWS_SECRET_ACCESS_KEY";
    private const string Session = "AWS_SESSION_TOKEN";

    public bool IsSet => host.Text(Id) is not null || host.Text(Secret) is not null;

    public AwsCredentials Read(string connection) => (host.Text(Id), host.Text(Secret)) switch
    {
        ({ } id, { } secret) => new AwsCredentials
        {
            AccessKeyId = id,
            SecretAccessKey = Sensitive.Of(secret),
            SessionToken = host.Text(Session) is { } session ? Sensitive.Of(session) : null,
        },
        (null, null) => throw AwsSources.Unusable(connection, $"this process has neither {Id} nor {Secret}", "Set both for the host, or give the connection another kind."),
        (null, _) => throw AwsSources.Unusable(connection, $"this process has {Secret} without {Id}", "Set both for the host."),
        _ => throw AwsSources.Unusable(connection, $"this process has {Id} without {Secret}", "Set both for the host."),
    };
}
