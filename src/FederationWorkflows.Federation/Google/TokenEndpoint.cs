using System.Security.Cryptography;
using FederationWorkflows.Federation.Connections;
using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Flows;
using Google.Apis.Auth.OAuth2.Requests;
using Google.Apis.Http;
using Google.Apis.Util;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Google;

/// <summary>Tokens from Google's OAuth 2.0 token endpoint, by Google's library.</summary>
internal sealed class TokenEndpoint(GoogleHttp http, IOptionsMonitor<FederationOptions> options, TimeProvider time)
{
    private string Url => options.CurrentValue.Endpoints.GoogleToken.AbsoluteUri;

    /// <summary>The JWT bearer grant (RFC 7523): an assertion signed with the service account's key.</summary>
    public async Task<GoogleAccessToken> AccessTokenAsync(ServiceAccountKeyConnection connection, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        var call = Call(connection, "jwt-bearer grant");
        GoogleInputs.RequireScopes(call, scopes);
        using var key = Key(connection);
        var token = await http.RunAsync(
            call,
            async (factory, limited) =>
            {
                var credential = Credential(connection, key, factory, scopes);
                _ = await credential.RequestAccessTokenAsync(limited);
                return credential.Token;
            },
            cancellationToken);
        return call.AccessToken(token, scopes, connection.ClientEmail);
    }

    /// <summary>The same grant with <c>target_audience</c> in the assertion, which makes the answer an ID token.</summary>
    public async Task<GoogleIdToken> IdTokenAsync(ServiceAccountKeyConnection connection, string audience, CancellationToken cancellationToken)
    {
        var call = Call(connection, "jwt-bearer grant with target_audience");
        GoogleInputs.RequireAudience(call, audience);
        using var key = Key(connection);
        var token = await http.RunAsync(
            call,
            async (factory, limited) =>
            {
                var credential = Credential(connection, key, factory, scopes: null);
                var source = await credential.GetOidcTokenAsync(OidcTokenOptions.FromTargetAudience(audience), limited);
                return await source.GetAccessTokenAsync(limited);
            },
            cancellationToken);
        return call.IdToken(token);
    }

    /// <summary>The refresh token grant (RFC 6749 section 6), narrowed to the scopes asked for.</summary>
    public async Task<GoogleAccessToken> AccessTokenAsync(AuthorizedUserConnection connection, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        var call = new GoogleCall(GoogleCall.TokenEndpoint, "refresh_token grant")
        {
            Caller = $"connection '{connection.Name}'",
            Secrets = [connection.ClientSecret, connection.RefreshToken],
        };
        GoogleInputs.RequireScopes(call, scopes);
        var token = await http.RunAsync(
            call,
            async (factory, limited) =>
            {
                using var flow = new AuthorizationCodeFlow(new AuthorizationCodeFlow.Initializer(GoogleAuthConsts.OidcAuthorizationUrl, Url)
                {
                    ClientSecrets = new ClientSecrets { ClientId = connection.ClientId, ClientSecret = connection.ClientSecret.Reveal() },
                    HttpClientFactory = factory,
                    Clock = new Clock(time),
                    DefaultExponentialBackOffPolicy = ExponentialBackOffPolicy.None,
                });
                var request = new RefreshTokenRequest { RefreshToken = connection.RefreshToken.Reveal(), Scope = string.Join(' ', scopes) };
                return await flow.FetchTokenAsync(connection.Name, request, limited);
            },
            cancellationToken);
        return call.AccessToken(token, scopes, principal: null);
    }

    private static GoogleCall Call(ServiceAccountKeyConnection connection, string api) => new(GoogleCall.TokenEndpoint, api)
    {
        Caller = $"connection '{connection.Name}'",
        Target = CloudText.Message(connection.ClientEmail),
        Secrets = [connection.PrivateKey],
    };

    private static RSA Key(ServiceAccountKeyConnection connection)
    {
        var key = RSA.Create();
        key.ImportFromPem(connection.PrivateKey.Reveal());
        return key;
    }

    private ServiceAccountCredential Credential(
        ServiceAccountKeyConnection connection, RSA key, global::Google.Apis.Http.IHttpClientFactory factory, IReadOnlyList<string>? scopes) =>
        new(new ServiceAccountCredential.Initializer(connection.ClientEmail, Url)
        {
            Key = key,
            KeyId = connection.PrivateKeyId,
            Scopes = scopes,
            // A self-signed JWT as access token would never ask Google, and IAM Credentials does not take every kind of it.
            UseJwtAccessWithScopes = false,
            HttpClientFactory = factory,
            Clock = new Clock(time),
            DefaultExponentialBackOffPolicy = ExponentialBackOffPolicy.None,
        });

    internal sealed class Clock(TimeProvider time) : IClock
    {
        public DateTime Now => time.GetLocalNow().DateTime;

        public DateTime UtcNow => time.GetUtcNow().UtcDateTime;
    }
}
