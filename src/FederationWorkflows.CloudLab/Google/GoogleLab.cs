using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab.Google.Metadata;
using FederationWorkflows.CloudLab.Google.Resources;
using FederationWorkflows.CloudLab.Google.Sts;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>
/// The Google half of the lab, under <c>/google</c>: OAuth 2.0 token endpoint, security token service, IAM Service Account Credentials, listings of service accounts,
/// keys and buckets, OpenID Connect discovery and keys, tokeninfo;
/// and, where Google's libraries look for it, the metadata server of an instance.
/// It refuses what Google refuses, with the same words.
/// </summary>
public sealed class GoogleLab : ILabService
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly GoogleDirectory directory;
    private readonly GoogleIdTokenIssuer idTokens;
    private readonly AccessTokens accessTokens;
    private readonly GoogleLabAddress address = new();
    private readonly TokenEndpoint tokenEndpoint;
    private readonly IamCredentialsEndpoint iamCredentials;
    private readonly TokenInfoEndpoint tokenInfo;
    private readonly MetadataServer? metadataServer;
    private readonly ServiceAccountsEndpoint serviceAccounts;
    private readonly StorageEndpoint storage;
    private readonly StsEndpoint securityTokens;
    private readonly PoolDirectory pools;

    /// <exception cref="WorldFormatException">The world contradicts itself.</exception>
    /// <param name="world">What exists.</param>
    /// <param name="time">The clock.</param>
    /// <param name="events">Where calls are recorded.</param>
    /// <param name="publishedKeys">The keys that issuers publish to Google, Google's own among them.</param>
    internal GoogleLab(GoogleWorld world, TimeProvider time, EventLog events, Func<IOidcKeySource, IOidcKeySource> publishedKeys)
    {
        directory = new GoogleDirectory(world);
        idTokens = new GoogleIdTokenIssuer(time);
        accessTokens = new AccessTokens(time);
        tokenEndpoint = new TokenEndpoint(directory, accessTokens, idTokens, address, time, events);
        var api = new GoogleApi(accessTokens, time, events);
        iamCredentials = new IamCredentialsEndpoint(directory, api, accessTokens, idTokens, time);
        serviceAccounts = new ServiceAccountsEndpoint(directory, api, time.GetUtcNow());
        storage = new StorageEndpoint(directory, api, time.GetUtcNow());
        tokenInfo = new TokenInfoEndpoint(accessTokens, idTokens, directory, time);
        metadataServer = directory.Instance is { } instance ? new MetadataServer(instance, accessTokens, idTokens, time, events) : null;
        KeySource = new GoogleKeySource(idTokens);
        pools = new PoolDirectory(world);
        securityTokens = new StsEndpoint(pools, new AwsCallerCheck(address), publishedKeys(KeySource), accessTokens, time, events);
    }

    /// <summary>The public keys of <c>https://accounts.google.com</c> as this lab has them.</summary>
    public IOidcKeySource KeySource { get; }

    /// <summary>Makes a provider of a workload identity pool, and the pool where it is not there; or changes it. False when the lab has no such project.</summary>
    /// <exception cref="WorldFormatException">Google would not take it; nothing is changed.</exception>
    internal bool PutProvider(string project, string pool, WorkloadIdentityPoolProvider provider) => pools.Put(project, pool, provider);

    /// <summary>Grants a role on a service account, which is made when it is not there. False when the lab has no project of that address.</summary>
    /// <exception cref="WorldFormatException">Google would not take it; nothing is changed.</exception>
    internal bool Grant(string serviceAccount, IamBinding binding) => directory.Grant(serviceAccount, binding);

    /// <summary>Signs ID tokens with a new key from now on; the one before it stays published until the next rotation.</summary>
    public void RotateSigningKey() => idTokens.Rotate();

    /// <summary>Whether an access token of this lab is in force, and what it stands for.</summary>
    public bool TryIntrospect(string accessToken, [NotNullWhen(true)] out AccessTokenGrant? grant) => accessTokens.TryIntrospect(accessToken, out grant);

    /// <summary>
    /// The key file of a service account, as <c>gcloud iam service-accounts keys create</c> writes it, with the lab's token endpoint.
    /// </summary>
    /// <exception cref="ArgumentException">The lab has no such account, or the private part of none of its keys.</exception>
    public Sensitive<string> ServiceAccountKeyFile(string email)
    {
        var account = directory.FindServiceAccount(email)
            ?? throw new ArgumentException($"The lab has no service account {email}; it has {List(directory.ServiceAccounts.Select(known => known.Email))}.", nameof(email));
        var key = account.DownloadableKey
            ?? throw new ArgumentException(
                $"The lab has no private key of {account.Email}; add a key without \"publicKeyPem\" to its \"keys\" in the world.", nameof(email));
        return Sensitive.Of(new JsonObject
        {
            ["type"] = "service_account",
            ["project_id"] = account.ProjectId,
            ["private_key_id"] = key.KeyId,
            ["private_key"] = key.PrivateKeyPem().Reveal(),
            ["client_email"] = account.Email,
            ["client_id"] = account.UniqueId,
            ["auth_uri"] = "https://accounts.google.com/o/oauth2/auth",
            ["token_uri"] = address.Of(TokenEndpoint.Path),
            ["auth_provider_x509_cert_url"] = "https://www.googleapis.com/oauth2/v1/certs",
            ["client_x509_cert_url"] = "https://www.googleapis.com/robot/v1/metadata/x509/" + Uri.EscapeDataString(account.Email),
            ["universe_domain"] = "googleapis.com",
        }.ToJsonString(Indented));
    }

    /// <summary>
    /// The file that <c>gcloud auth application-default login</c> would have left for a person, with the lab's token endpoint for libraries that read one.
    /// </summary>
    /// <exception cref="ArgumentException">The lab has no such user.</exception>
    public Sensitive<string> AuthorizedUserFile(string email)
    {
        var user = directory.FindUser(email)
            ?? throw new ArgumentException($"The lab has no user {email}; it has {List(directory.Users.Select(known => known.Email))}.", nameof(email));
        return Sensitive.Of(new JsonObject
        {
            ["account"] = user.Email,
            ["client_id"] = user.ClientId,
            ["client_secret"] = user.ClientSecret.Reveal(),
            ["refresh_token"] = user.RefreshToken.Reveal(),
            ["token_uri"] = address.Of(TokenEndpoint.Path),
            ["type"] = "authorized_user",
            ["universe_domain"] = "googleapis.com",
        }.ToJsonString(Indented));
    }

    void ILabService.Map(IEndpointRouteBuilder routes)
    {
        address.Follow(routes.ServiceProvider.GetRequiredService<IServer>());
        routes.MapPost(TokenEndpoint.Path, tokenEndpoint.HandleAsync);
        routes.MapPost(IamCredentialsEndpoint.Route, iamCredentials.HandleAsync);
        routes.MapPost(StsEndpoint.Path, securityTokens.HandleAsync);
        routes.MapGet(ServiceAccountsEndpoint.AccountsRoute, serviceAccounts.ListAccountsAsync);
        routes.MapGet(ServiceAccountsEndpoint.KeysRoute, serviceAccounts.ListKeysAsync);
        routes.MapGet(StorageEndpoint.BucketsRoute, storage.ListBucketsAsync);
        routes.MapGet(StorageEndpoint.ShortBucketsRoute, storage.ListBucketsAsync);
        routes.MapMethods("/google/oauth2/tokeninfo", [HttpMethods.Get, HttpMethods.Post], tokenInfo.TokenInfoAsync);
        routes.MapMethods("/google/oauth2/v3/tokeninfo", [HttpMethods.Get, HttpMethods.Post], tokenInfo.TokenInfoAsync);
        routes.MapMethods("/google/oauth2/v3/userinfo", [HttpMethods.Get, HttpMethods.Post], tokenInfo.UserInfoAsync);
        routes.MapGet("/google/oauth2/v3/certs", context => WriteKeysAsync(context, idTokens.PublicKeys));
        routes.MapGet("/google/service_accounts/v1/jwk/{account}", WriteServiceAccountKeysAsync);
        routes.MapGet("/google/.well-known/openid-configuration", WriteDiscoveryAsync);

        // What is not here must not be taken for an S3 request.
        routes.Map("/google/{**rest}", NotFound).WithOrder(int.MaxValue - 1);
        if (metadataServer is null)
        {
            routes.Map(MetadataServer.Route, NotFound).WithMetadata(new RequestCondition(MetadataServer.IsBelowRoot));
        }
        else
        {
            metadataServer.Map(routes);
        }
    }

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal)) is { Length: > 0 } list ? list : "none";

    private Task WriteDiscoveryAsync(HttpContext context) => GoogleHttp.WriteAsync(context, StatusCodes.Status200OK, new JsonObject
    {
        ["issuer"] = GoogleIdTokenIssuer.Issuer,
        ["token_endpoint"] = address.Of(TokenEndpoint.Path),
        ["userinfo_endpoint"] = address.Of("/google/oauth2/v3/userinfo"),
        ["jwks_uri"] = address.Of("/google/oauth2/v3/certs"),
        ["response_types_supported"] = new JsonArray("id_token"),
        ["subject_types_supported"] = new JsonArray("public"),
        ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"),
        ["scopes_supported"] = new JsonArray("openid", "email", "profile"),
        ["claims_supported"] = new JsonArray("aud", "azp", "email", "email_verified", "exp", "iat", "iss", "sub"),
        ["grant_types_supported"] = new JsonArray("refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
    });

    // Where the signatures of signJwt and of service account keys are checked (Google publishes the same set for each account).
    private Task WriteServiceAccountKeysAsync(HttpContext context)
    {
        if (directory.FindServiceAccount((string)context.Request.RouteValues["account"]!) is { } account)
        {
            return WriteKeysAsync(context, account.PublicKeys);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static Task WriteKeysAsync(HttpContext context, IEnumerable<JsonWebKey> keys) =>
        GoogleHttp.WriteAsync(context, StatusCodes.Status200OK, new JsonObject { ["keys"] = new JsonArray([.. keys.Select(key => key.ToJson())]) });
}
