using System.Net.Sockets;
using FederationWorkflows.Federation.Connections;
using Google.Apis.Auth.OAuth2;
using Google.Apis.Http;

namespace FederationWorkflows.Federation.Google;

/// <summary>
/// Tokens of the service account attached to this machine, by Google's library ("About VM metadata"). GCE_METADATA_HOST in the environment of the host
/// moves it, as in Google's own clients, and <see cref="MetadataAddress"/> does before that.
/// </summary>
internal sealed class MetadataServer(GoogleHttp http, TimeProvider time)
{
    /// <summary>The pauses between attempts while it starts: together as long as GKE needs for a new pod.</summary>
    private static readonly TimeSpan[] StartUp = [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(400), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)];

    public async Task<GoogleAccessToken> AccessTokenAsync(MetadataServerConnection connection, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        var call = Call(connection, "token");
        GoogleInputs.RequireScopes(call, scopes);
        var token = await RunAsync(
            connection,
            call,
            async (factory, limited) =>
            {
                var credential = Credential(factory, scopes);
                _ = await credential.RequestAccessTokenAsync(limited);
                return credential.Token;
            },
            cancellationToken);
        return call.AccessToken(token, scopes, principal: null);
    }

    public async Task<GoogleIdToken> IdTokenAsync(MetadataServerConnection connection, string audience, MetadataTokenFormat format, CancellationToken cancellationToken)
    {
        var call = Call(connection, "identity");
        GoogleInputs.RequireAudience(call, audience);
        var token = await RunAsync(
            connection,
            call,
            async (factory, limited) =>
            {
                var wanted = OidcTokenOptions.FromTargetAudience(audience).WithTokenFormat(format switch
                {
                    MetadataTokenFormat.Standard => OidcTokenFormat.Standard,
                    MetadataTokenFormat.FullWithLicenses => OidcTokenFormat.FullWithLicences,
                    _ => OidcTokenFormat.Full,
                });
                var source = await Credential(factory, scopes: null).GetOidcTokenAsync(wanted, limited);
                return await source.GetAccessTokenAsync(limited);
            },
            cancellationToken);
        return call.IdToken(token);
    }

    private static GoogleCall Call(MetadataServerConnection connection, string api) => new(GoogleCall.MetadataServer, api) { Caller = $"connection '{connection.Name}'" };

    private async Task<T> RunAsync<T>(
        MetadataServerConnection connection, GoogleCall call, Func<global::Google.Apis.Http.IHttpClientFactory, CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await http.RunAsync(call, action, cancellationToken, FederationHttpClients.GoogleMetadata);
            }
            catch (FederationException exception) when (attempt < StartUp.Length && IsStarting(exception))
            {
                await Task.Delay(StartUp[attempt], time, cancellationToken);
            }
            catch (FederationException exception) when (IsAbsent(exception))
            {
                throw Absent(connection, call, exception);
            }
        }
    }

    // In the first seconds of a pod GKE's metadata server refuses connections, or does not know the pod yet. Off Google Cloud nothing is there to refuse.
    private static bool IsStarting(FederationException exception) => exception switch
    {
        { Side: FailureSide.Cloud } => exception.HttpStatus is 404 or 429 or >= 500,
        { InnerException.InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } => true,
        _ => false,
    };

    // No connection came about. One that breaks, or over which no answer comes in time, leads to somebody.
    private static bool IsAbsent(FederationException exception) =>
        exception is { Code: FailureCodes.NetworkFailure, InnerException: HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } };

    // Nothing answers there unless this is Google Cloud: trying again is of no use, setting up credentials is.
    private static FederationException Absent(MetadataServerConnection connection, GoogleCall call, FederationException exception) => new(
        new Failure
        {
            Cloud = Cloud.Google,
            Side = FailureSide.Network,
            Service = call.Service,
            Api = call.Api,
            Code = exception.Code,
            Detail = exception.Detail,
            Advice = connection.IsByDefault
                ? $"{call.Caller} uses Application Default Credentials and found no file ({ApplicationDefault.FileVariable}, gcloud auth application-default login): "
                    + "give one, or run on Google Cloud with a service account attached."
                : $"{call.Caller} is of kind {ConnectionKinds.MetadataServer}: run this host on Google Cloud with a service account attached, or give the connection another kind.",
        },
        exception.InnerException);

    private ComputeCredential Credential(global::Google.Apis.Http.IHttpClientFactory factory, IReadOnlyList<string>? scopes) => new(new ComputeCredential.Initializer
    {
        HttpClientFactory = factory,
        Scopes = scopes,
        Clock = new TokenEndpoint.Clock(time),
        DefaultExponentialBackOffPolicy = ExponentialBackOffPolicy.None,
    });
}
