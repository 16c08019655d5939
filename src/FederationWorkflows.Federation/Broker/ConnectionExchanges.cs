using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Clusters;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Broker;

/// <summary>Makes exchanges: by the clients of the clouds, at each service's pace, and told to all who want to know.</summary>
internal sealed class ConnectionExchanges(
    ConnectionCatalog connections,
    IGoogleTokenSource google,
    IServiceAccountCredentials serviceAccounts,
    IWorkloadIdentityPools pools,
    IProjectedTokens projectedTokens,
    IAwsFederation aws,
    IAwsSources awsSources,
    ICallerIdentityTokens callerIdentities,
    CloudPace pace,
    IEnumerable<IExchangeObserver> observers,
    TimeProvider time)
{
    private const string Sts = "AWS STS";

    private static readonly TimeSpan Unending = TimeSpan.FromMinutes(15);

    /// <summary>How long a projected token is kept: the kubelet puts another one in its place when it likes, and the file is near.</summary>
    private static readonly TimeSpan Projected = TimeSpan.FromMinutes(5);

    private readonly IExchangeObserver[] observers = [.. observers];

    public async Task<(object Token, DateTimeOffset ExpiresAt)> MakeAsync(ExchangeKey key, ConnectionUser user, TokenCache held, CancellationToken cancellationToken)
    {
        var (token, report) = await MakeAndReportAsync(key, user, held, cancellationToken);
        var now = time.GetUtcNow();
        var end = report.ExpiresAt ?? now;
        return (token, token is ProjectedToken && end > now + Projected ? now + Projected : end);
    }

    public async Task<(object Token, ExchangeReport Report)> MakeAndReportAsync(ExchangeKey key, ConnectionUser user, TokenCache held, CancellationToken cancellationToken)
    {
        var report = new ExchangeReport
        {
            At = time.GetUtcNow(),
            Connection = key.Connection.Name,
            Kind = NameOf(key.Kind),
            Story = user.Story,
            Run = user.Run,
            Activity = user.Activity,
            Outcome = "ok",
            Succeeded = true,
            Scopes = key.Scopes,
            Principal = key.ServiceAccount,
            Role = key.Kind == ExchangeKind.AwsRole ? key.Connection.Options.RoleArn : null,
            SessionName = key.SessionName,
            IsNarrowed = key.SessionPolicy is not null,
        };
        try
        {
            (var token, report) = key.Kind switch
            {
                ExchangeKind.AccessToken when key.Connection.Options.IsKind(ConnectionKinds.WorkloadIdentityPool) => await PoolTokenAsync(key, report, user, held, cancellationToken),
                ExchangeKind.AccessToken => await AccessTokenAsync(key, report, cancellationToken),
                ExchangeKind.IdToken => await IdTokenAsync(key, report, user, held, cancellationToken),
                ExchangeKind.AwsSource => await SourceAsync(key, report, cancellationToken),
                ExchangeKind.ProjectedToken => await ProjectedAsync(key, report, cancellationToken),
                _ => await RoleAsync(key, report, user, held, cancellationToken),
            };
            await TellAsync(report with { At = time.GetUtcNow() }, cancellationToken);
            return (token, report);
        }
        catch (FederationException e)
        {
            // What failed on this host was no exchange.
            if (e.Side != FailureSide.Here)
            {
                await TellAsync(report with { At = time.GetUtcNow(), Outcome = e.Code, Succeeded = false, Problem = e.Message }, cancellationToken);
            }

            throw;
        }
    }

    private static string NameOf(ExchangeKind kind) => kind switch
    {
        ExchangeKind.AccessToken => "accessToken",
        ExchangeKind.IdToken => "idToken",
        ExchangeKind.AwsRole => "awsRole",
        ExchangeKind.AwsSource => "awsSource",
        _ => "projectedToken",
    };

    private async Task<(object, ExchangeReport)> AccessTokenAsync(ExchangeKey key, ExchangeReport report, CancellationToken cancellationToken)
    {
        var token = await pace.AskAsync(Cloud.Google, GoogleCall.TokenEndpoint, limited => google.GetAccessTokenAsync(key.Connection.Name, key.Scopes!, limited), cancellationToken);
        return (token, report with { ExpiresAt = token.ExpiresAt, Scopes = token.Scopes, Principal = token.Principal });
    }

    private async Task<(object, ExchangeReport)> IdTokenAsync(ExchangeKey key, ExchangeReport report, ConnectionUser user, TokenCache held, CancellationToken cancellationToken)
    {
        var token = key switch
        {
            { ServiceAccount: { } account } => await ImpersonatedAsync(key, account, user, held, cancellationToken),
            { Format: { } format } => await pace.AskAsync(
                Cloud.Google, GoogleCall.MetadataServer, limited => google.GetMetadataIdTokenAsync(key.Connection.Name, key.Audience!, format, limited), cancellationToken),
            _ => await pace.AskAsync(Cloud.Google, GoogleCall.TokenEndpoint, limited => google.GetIdTokenAsync(key.Connection.Name, key.Audience!, limited), cancellationToken),
        };
        return (token, report with { ExpiresAt = token.Claims.ExpiresAt, Claims = ClaimsOf(token.Claims) });
    }

    private async Task<GoogleIdToken> ImpersonatedAsync(ExchangeKey key, string account, ConnectionUser user, TokenCache held, CancellationToken cancellationToken)
    {
        var source = await held.GetAsync<GoogleAccessToken>(ExchangeKey.AccessToken(key.Connection, [GoogleScopes.CloudPlatform]), user, cancellationToken);
        var request = new IdTokenRequest { ServiceAccount = account, SourceToken = source.Token, Caller = $"connection '{key.Connection.Name}'", Audience = key.Audience! };
        return await pace.AskAsync(Cloud.Google, GoogleCall.IamCredentials, limited => serviceAccounts.GenerateIdTokenAsync(request, limited), cancellationToken);
    }

    private async Task<(object, ExchangeReport)> PoolTokenAsync(ExchangeKey key, ExchangeReport report, ConnectionUser user, TokenCache held, CancellationToken cancellationToken)
    {
        var options = key.Connection.Options;
        var request = new PoolTokenRequest
        {
            Provider = options.Provider!,
            SubjectToken = Sensitive.Of(""),
            SubjectTokenType = SubjectTokenType.Jwt,
            Scopes = key.Scopes!,
            ServiceAccount = Given(options.ServiceAccount),
            Caller = $"connection '{key.Connection.Name}'",
        };
        if (Given(options.TokenFile) is { } file)
        {
            var projected = await projectedTokens.ReadAsync(key.Connection.Name, file, issuer: null, cancellationToken);
            request = request with { SubjectToken = projected.Token };
            report = report with { Claims = ClaimsOf(projected.Claims) };
        }
        else
        {
            var credentials = await CredentialsAsync(connections.Get(options.Source!), user, held, cancellationToken);
            request = request with { SubjectToken = callerIdentities.Sign(credentials, options.Provider!, Given(options.Region)), SubjectTokenType = SubjectTokenType.Aws4Request };
            report = report with { AccessKeyId = credentials.AccessKeyId };
        }

        var token = await pace.AskAsync(Cloud.Google, GoogleCall.SecurityTokenService, limited => pools.ExchangeAsync(request, limited), cancellationToken);
        return (token, report with { ExpiresAt = token.ExpiresAt, Scopes = token.Scopes, Principal = token.Principal });
    }

    /// <summary>A long-term key has no end: it is looked for anew after a while, since an administrator may have replaced it.</summary>
    private async Task<(object, ExchangeReport)> SourceAsync(ExchangeKey key, ExchangeReport report, CancellationToken cancellationToken)
    {
        var name = key.Connection.Name;
        AwsSource source = key.Connection.Kind!.Name switch
        {
            ConnectionKinds.AwsEnvironment => new AwsEnvironmentSource(name),
            ConnectionKinds.AwsProfile => new AwsProfileSource(name, Given(key.Connection.Options.Profile)),
            ConnectionKinds.AwsInstance => new AwsInstanceSource(name),
            ConnectionKinds.AwsContainer => new AwsContainerSource(name),
            _ => new AwsDefaultSource(name),
        };
        var credentials = await awsSources.GetAsync(source, cancellationToken);
        return (credentials, report with { ExpiresAt = credentials.Expiration ?? time.GetUtcNow() + Unending, AccessKeyId = credentials.AccessKeyId });
    }

    private async Task<(object, ExchangeReport)> ProjectedAsync(ExchangeKey key, ExchangeReport report, CancellationToken cancellationToken)
    {
        var token = await ReadAsync(key.Connection, cancellationToken);
        return (token, report with { ExpiresAt = token.Claims.ExpiresAt, Claims = ClaimsOf(token.Claims) });
    }

    private Task<ProjectedToken> ReadAsync(ConnectionDefinition connection, CancellationToken cancellationToken) =>
        projectedTokens.ReadAsync(connection.Name, connection.Options.TokenFile!, connection.Options.Issuer, cancellationToken);

    private async Task<(object, ExchangeReport)> RoleAsync(ExchangeKey key, ExchangeReport report, ConnectionUser user, TokenCache held, CancellationToken cancellationToken)
    {
        var source = connections.Get(key.Connection.Options.Source!);
        if (source.Kind!.Cloud != Cloud.Aws)
        {
            var (token, claims) = await WebIdentityAsync(key.Connection.Options, source, user, held, cancellationToken);
            var credentials = await pace.AskAsync(Cloud.Aws, Sts, limited => aws.AssumeRoleWithWebIdentityAsync(WebIdentity(key, token), limited), cancellationToken);
            return (credentials, Of(credentials) with { Claims = ClaimsOf(claims) });
        }

        var caller = await CredentialsAsync(source, user, held, cancellationToken);
        var chained = await pace.AskAsync(Cloud.Aws, Sts, limited => aws.AssumeRoleAsync(Chained(key, caller), limited), cancellationToken);
        return (chained, Of(chained));

        ExchangeReport Of(AwsCredentials credentials) => report with { ExpiresAt = credentials.Expiration, AccessKeyId = credentials.AccessKeyId };
    }

    /// <summary>The token of another issuer that a role trusts: Google's, or a cluster's as it is in its file now.</summary>
    private async Task<(Sensitive<string> Token, IdTokenClaims Claims)> WebIdentityAsync(
        ConnectionOptions role, ConnectionDefinition source, ConnectionUser user, TokenCache held, CancellationToken cancellationToken)
    {
        if (source.Kind!.Cloud is null)
        {
            var projected = await ReadAsync(source, cancellationToken);
            return (projected.Token, projected.Claims);
        }

        var idToken = await held.GetAsync<GoogleIdToken>(ExchangeKey.IdToken(source, role.Audience!, Given(role.ServiceAccount)), user, cancellationToken);
        return (idToken.Token, idToken.Claims);
    }

    private static WebIdentityRequest WebIdentity(ExchangeKey key, Sensitive<string> token) => new()
    {
        RoleArn = key.Connection.Options.RoleArn!,
        WebIdentityToken = token,
        SessionName = key.SessionName,
        DurationSeconds = key.Duration,
        SessionPolicy = key.SessionPolicy,
        Region = Given(key.Connection.Options.Region),
    };

    private static RoleRequest Chained(ExchangeKey key, AwsCredentials caller) => new()
    {
        Credentials = caller,
        RoleArn = key.Connection.Options.RoleArn!,
        SessionName = key.SessionName,
        DurationSeconds = key.Duration,
        ExternalId = Given(key.Connection.Options.ExternalId),
        SessionPolicy = key.SessionPolicy,
        Region = Given(key.Connection.Options.Region),
    };

    private static ValueTask<AwsCredentials> CredentialsAsync(ConnectionDefinition connection, ConnectionUser user, TokenCache held, CancellationToken cancellationToken) =>
        held.GetAsync<AwsCredentials>(Narrow.Aws(connection, default, user), user, cancellationToken);

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static ExchangeClaims ClaimsOf(IdTokenClaims claims) => new(claims.Issuer, claims.Audience, claims.AuthorizedParty, claims.Subject);

    private async ValueTask TellAsync(ExchangeReport report, CancellationToken cancellationToken)
    {
        foreach (var observer in observers)
        {
            await observer.OnExchangedAsync(report, cancellationToken);
        }
    }
}
