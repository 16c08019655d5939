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

    private Task<GoogleIdToken> ImpersonatedAsync(ExchangeKey key, string account, ConnectionUser user, TokenCache held, CancellationToken cancellationToken) =>
        UseAsync(
            ExchangeKey.AccessToken(key.Connection, [GoogleScopes.CloudPlatform]),
            user,
            held,
            (GoogleAccessToken source) =>
            {
                var request = new IdTokenRequest { ServiceAccount = account, SourceToken = source.Token, Caller = $"connection '{key.Connection.Name}'", Audience = key.Audience! };
                return pace.AskAsync(Cloud.Google, GoogleCall.IamCredentials, limited => serviceAccounts.GenerateIdTokenAsync(request, limited), cancellationToken);
            },
            cancellationToken);

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
            return await ExchangeAsync(request with { SubjectToken = projected.Token }, report with { Claims = ClaimsOf(projected.Claims) });
        }

        return await UseAsync(
            Narrow.Aws(connections.Get(options.Source!), default, user),
            user,
            held,
            (AwsCredentials credentials) => ExchangeAsync(
                request with { SubjectToken = callerIdentities.Sign(credentials, options.Provider!, Given(options.Region)), SubjectTokenType = SubjectTokenType.Aws4Request },
                report with { AccessKeyId = credentials.AccessKeyId }),
            cancellationToken);

        async Task<(object, ExchangeReport)> ExchangeAsync(PoolTokenRequest asked, ExchangeReport known)
        {
            var token = await pace.AskAsync(Cloud.Google, GoogleCall.SecurityTokenService, limited => pools.ExchangeAsync(asked, limited), cancellationToken);
            return (token, known with { ExpiresAt = token.ExpiresAt, Scopes = token.Scopes, Principal = token.Principal });
        }
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
        var options = key.Connection.Options;
        var source = connections.Get(options.Source!);
        switch (source.Kind!.Cloud)
        {
            case Cloud.Aws:
                return await UseAsync(
                    Narrow.Aws(source, default, user),
                    user,
                    held,
                    async (AwsCredentials caller) => Of(await pace.AskAsync(Cloud.Aws, Sts, limited => aws.AssumeRoleAsync(Chained(key, caller), limited), cancellationToken), null),
                    cancellationToken);
            case Cloud.Google:
                return await UseAsync(
                    ExchangeKey.IdToken(source, options.Audience!, Given(options.ServiceAccount)), user, held, (GoogleIdToken token) => AssumeAsync(token.Token, token.Claims), cancellationToken);
            default:
                // A cluster's token is as it is in its file now: there is no newer one.
                var projected = await ReadAsync(source, cancellationToken);
                return await AssumeAsync(projected.Token, projected.Claims);
        }

        async Task<(object, ExchangeReport)> AssumeAsync(Sensitive<string> token, IdTokenClaims claims) =>
            Of(await pace.AskAsync(Cloud.Aws, Sts, limited => aws.AssumeRoleWithWebIdentityAsync(WebIdentity(key, token), limited), cancellationToken), ClaimsOf(claims));

        (object, ExchangeReport) Of(AwsCredentials credentials, ExchangeClaims? claims) =>
            (credentials, report with { ExpiresAt = credentials.Expiration, AccessKeyId = credentials.AccessKeyId, Claims = claims });
    }

    /// <summary>
    /// Makes an exchange with a token that is kept. When the cloud refuses that one, because it has expired by the cloud's clock or was revoked, another one takes its place, once.
    /// </summary>
    private static async Task<TResult> UseAsync<TToken, TResult>(
        ExchangeKey key, ConnectionUser user, TokenCache held, Func<TToken, Task<TResult>> use, CancellationToken cancellationToken)
        where TToken : class
    {
        var token = await held.GetAsync<TToken>(key, user, cancellationToken);
        try
        {
            return await use(token);
        }
        catch (FederationException refusal) when (refusal.IsOfToken())
        {
            if (await held.ReplaceAsync(key, TokenMark.Of(token), user, cancellationToken) is not TToken other)
            {
                throw;
            }

            return await use(other);
        }
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
