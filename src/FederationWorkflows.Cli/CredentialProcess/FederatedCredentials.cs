using System.Globalization;
using FederationWorkflows.Cli.Lab;
using FederationWorkflows.Federation;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Google;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Cli.CredentialProcess;

/// <summary>Credentials of a role, from the cache or anew.</summary>
internal static class FederatedCredentials
{
    private const string Connection = "source";

    // Longer than the three calls it may take: two to Google, one to AWS.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(95);

    /// <summary>Gets them; of all processes of this user only one asks the clouds.</summary>
    /// <exception cref="FederationException">A cloud refused, or did not answer while there are none that still work.</exception>
    /// <exception cref="CommandException">The cache cannot be used.</exception>
    public static async Task<CachedCredentials> GetAsync(CredentialSource source, CancellationToken cancellationToken)
    {
        var cache = new CredentialCache(source.Identity());
        var cached = cache.Read(DateTimeOffset.UtcNow);
        if (cached is not null && !CredentialCache.IsDue(cached, DateTimeOffset.UtcNow))
        {
            return cached;
        }

        // Who has some that still work does not wait for the one who is getting new ones.
        using var turn = await cache.LockAsync(cached is null ? Patience : TimeSpan.Zero, cancellationToken);
        if (turn is null)
        {
            return cached ?? throw new CommandException("Another process of yours has been getting these credentials for more than a minute: try again, or end it.");
        }

        if (cache.Read(DateTimeOffset.UtcNow) is { } renewed && !CredentialCache.IsDue(renewed, DateTimeOffset.UtcNow))
        {
            return renewed;
        }

        try
        {
            var obtained = await ObtainAsync(source, cancellationToken);
            cache.Write(obtained);
            return obtained;
        }
        catch (FederationException e) when (cached is not null && e.IsRetryable)
        {
            return cached;
        }
    }

    private static async Task<CachedCredentials> ObtainAsync(CredentialSource source, CancellationToken cancellationToken)
    {
        await using var services = Services(source);
        var token = await TokenAsync(services, source, cancellationToken);
        var credentials = await services.GetRequiredService<IAwsFederation>().AssumeRoleWithWebIdentityAsync(
            new WebIdentityRequest
            {
                RoleArn = source.RoleArn,
                WebIdentityToken = token.Token,
                SessionName = source.SessionName,
                DurationSeconds = source.Duration,
                Region = source.Region,
            },
            cancellationToken);
        return new CachedCredentials
        {
            AccessKeyId = credentials.AccessKeyId,
            SecretAccessKey = credentials.SecretAccessKey.Reveal(),
            SessionToken = credentials.SessionToken!.Reveal(),
            Obtained = DateTimeOffset.UtcNow,
            Expiration = credentials.Expiration!.Value,
            RoleArn = source.RoleArn,
        };
    }

    private static async Task<GoogleIdToken> TokenAsync(ServiceProvider services, CredentialSource source, CancellationToken cancellationToken)
    {
        var google = services.GetRequiredService<IGoogleTokenSource>();
        return source.ServiceAccount is null
            ? await google.GetIdTokenAsync(Connection, source.Audience, cancellationToken)
            : await services.GetRequiredService<IServiceAccountCredentials>().GenerateIdTokenAsync(
                new IdTokenRequest
                {
                    ServiceAccount = source.ServiceAccount,
                    SourceToken = (await google.GetAccessTokenAsync(Connection, ["https://www.googleapis.com/auth/cloud-platform"], cancellationToken)).Token,
                    Audience = source.Audience,
                },
                cancellationToken);
    }

    private static ServiceProvider Services(CredentialSource source)
    {
        // No file of the working directory, which is anybody's when the AWS CLI runs there.
        var settings = new Dictionary<string, string?>
        {
            [$"Federation:Connections:{Connection}:Kind"] = source.Source switch { "metadata" => "metadataServer", "key-file" => "serviceAccountKey", _ => "applicationDefault" },
            [$"Federation:Connections:{Connection}:File"] = source.KeyFile,
            ["Federation:Endpoints:AwsSts"] = Variable("AWS_ENDPOINT_URL_STS") ?? Variable("AWS_ENDPOINT_URL"),
            ["Federation:Endpoints:GoogleToken"] = Variable("CLOUDSDK_AUTH_TOKEN_HOST"),
            ["Federation:Endpoints:GoogleIamCredentials"] = Variable("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS"),
            ["Federation:Timeout"] = TimeSpan.FromSeconds(30).ToString("c", CultureInfo.InvariantCulture),
        };
        if (settings.Values.Append("http://" + Variable("GCE_METADATA_HOST")).Any(static value => Uri.TryCreate(value, UriKind.Absolute, out var address) && !address.IsFile && address.IsLoopback))
        {
            LabSession.BypassProxy();
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Where(static setting => setting.Value is not null)).Build();
        return new ServiceCollection().AddLogging().AddFederation(configuration).BuildServiceProvider();
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
