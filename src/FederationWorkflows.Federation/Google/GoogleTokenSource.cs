using FederationWorkflows.Federation.Connections;
using Google.Apis.Auth.OAuth2;

namespace FederationWorkflows.Federation.Google;

/// <summary>Gets tokens in the way that each kind of connection has.</summary>
internal sealed class GoogleTokenSource(
    IConnectionStore connections, TokenEndpoint tokenEndpoint, MetadataServer metadataServer, IServiceAccountCredentials serviceAccounts, GoogleHttp http) : IGoogleTokenSource
{
    public async Task<GoogleAccessToken> GetAccessTokenAsync(string connection, IReadOnlyList<string> scopes, CancellationToken cancellationToken = default) =>
        await AccessTokenAsync(await connections.GetAsync(connection, cancellationToken), scopes, cancellationToken);

    public async Task<GoogleIdToken> GetIdTokenAsync(string connection, string audience, CancellationToken cancellationToken = default) =>
        await connections.GetAsync(connection, cancellationToken) switch
        {
            ServiceAccountKeyConnection key => await tokenEndpoint.IdTokenAsync(key, audience, cancellationToken),
            MetadataServerConnection metadata => await metadataServer.IdTokenAsync(metadata, audience, MetadataTokenFormat.Full, cancellationToken),
            ImpersonatedConnection impersonated => await serviceAccounts.GenerateIdTokenAsync(
                new IdTokenRequest
                {
                    ServiceAccount = impersonated.ServiceAccount,
                    SourceToken = (await AccessTokenAsync(impersonated.Source, [GoogleScopes.CloudPlatform], cancellationToken)).Token,
                    Caller = $"connection '{impersonated.Name}'",
                    Delegates = impersonated.Delegates,
                    Audience = audience,
                },
                cancellationToken),
            var other => throw CredentialJson.Unusable(
                other.Name,
                "it cannot mint ID tokens for an audience by itself",
                "Get an access token with it and mint the ID token by impersonating a service account, or use a service account key."),
        };

    public async Task<GoogleIdToken> GetMetadataIdTokenAsync(string connection, string audience, MetadataTokenFormat format, CancellationToken cancellationToken = default) =>
        await connections.GetAsync(connection, cancellationToken) is MetadataServerConnection metadata
            ? await metadataServer.IdTokenAsync(metadata, audience, format, cancellationToken)
            : throw CredentialJson.Unusable(
                connection,
                "it does not come to the metadata server",
                $"Name a connection of kind {ConnectionKinds.MetadataServer}, or of kind {ConnectionKinds.ApplicationDefault} on Google Cloud without a credential file; other identities mint ID tokens with Google.MintIdToken.");

    private async Task<GoogleAccessToken> AccessTokenAsync(Connection connection, IReadOnlyList<string> scopes, CancellationToken cancellationToken) => connection switch
    {
        ServiceAccountKeyConnection key => await tokenEndpoint.AccessTokenAsync(key, scopes, cancellationToken),
        AuthorizedUserConnection user => await tokenEndpoint.AccessTokenAsync(user, scopes, cancellationToken),
        MetadataServerConnection metadata => await metadataServer.AccessTokenAsync(metadata, scopes, cancellationToken),
        ExternalAccountConnection external => await AccessTokenAsync(external, scopes, cancellationToken),
        ImpersonatedConnection impersonated => await serviceAccounts.GenerateAccessTokenAsync(
            new AccessTokenRequest
            {
                ServiceAccount = impersonated.ServiceAccount,
                SourceToken = (await AccessTokenAsync(impersonated.Source, [GoogleScopes.CloudPlatform], cancellationToken)).Token,
                Caller = $"connection '{impersonated.Name}'",
                Delegates = impersonated.Delegates,
                Scopes = scopes,
            },
            cancellationToken),
        _ => throw CredentialJson.Unusable(connection.Name, "its kind is not known to this token source", "Define it as one of the documented kinds."),
    };

    private async Task<GoogleAccessToken> AccessTokenAsync(ExternalAccountConnection connection, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        var call = new GoogleCall(GoogleCall.SecurityTokenService, "token exchange") { Caller = $"connection '{connection.Name}'", Secrets = [connection.Configuration] };
        GoogleInputs.RequireScopes(call, scopes);
        var token = await http.RunAsync(
            call,
            async (factory, limited) =>
            {
                ServiceCredential credential;
                try
                {
                    credential = (ServiceCredential)CredentialFactory
                        .FromJson(connection.Configuration.Reveal(), JsonCredentialParameters.ExternalAccountCredentialType)
                        .CreateScoped(scopes)
                        .CreateWithHttpClientFactory(factory)
                        .UnderlyingCredential;
                }
                catch (InvalidOperationException)
                {
                    throw CredentialJson.Unusable(connection.Name, "its external_account configuration is incomplete", "Make it with: gcloud iam workload-identity-pools create-cred-config.");
                }

                _ = await credential.RequestAccessTokenAsync(limited);
                return credential.Token;
            },
            cancellationToken);
        return call.AccessToken(token, scopes, principal: null);
    }
}
