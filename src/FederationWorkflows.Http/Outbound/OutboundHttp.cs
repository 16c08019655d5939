using System.Net;
using System.Net.Security;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Http.Outbound;

/// <summary>
/// The only way out for HTTP requests whose URL a story can choose. Every address is checked against <see cref="OutboundPolicy"/> when it is connected to,
/// and again on each redirect. No proxy, no cookies, no HTTP/3.
/// Besides the client's own exceptions, requests fail with <see cref="OutboundRequestRefusedException"/> and <see cref="OutboundResponseTooLargeException"/>.
/// </summary>
public interface IOutboundHttp
{
    /// <summary>How long one request may take at most; see <see cref="OutboundPolicy.Timeout"/>. A handler does not enforce it, a client does.</summary>
    TimeSpan Timeout { get; }

    /// <summary>A guarded handler. All share their connections, so it is cheap, and disposing of it closes none. It sets no time limit for the whole request.</summary>
    HttpMessageHandler CreateHandler();

    /// <summary>A client over <see cref="CreateHandler"/> with the policy's time limit.</summary>
    HttpClient CreateClient();
}

/// <summary>The one guarded connection pool of the process.</summary>
internal sealed class OutboundHttp : IOutboundHttp, IDisposable
{
    /// <summary>Set to true on a request whose body holds a secret: a redirect to another origin is then refused rather than given the body.</summary>
    public static readonly HttpRequestOptionsKey<bool> ContentIsSensitive = new("FederationWorkflows.ContentIsSensitive");

    private readonly OutboundRules rules;

    private readonly SocketsHttpHandler sockets;

    private readonly RequestGuard guard;

    public OutboundHttp(IOptions<OutboundPolicy> policy, IHostResolver resolver)
    {
        rules = new OutboundRules(policy.Value);
        sockets = new SocketsHttpHandler
        {
            ConnectCallback = new GuardedConnector(rules, resolver).ConnectAsync,
            ConnectTimeout = rules.ConnectTimeout,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            MaxResponseHeadersLength = 64,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = new SslClientAuthenticationOptions { CertificateRevocationCheckMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck },

            // A story's request carries what the story says, and no trace of this host but where an administrator wants it: OutboundTelemetry sees to that.
            ActivityHeadersPropagator = null,
        };
#pragma warning disable CA2000 // The guard disposes of it.
        guard = new RequestGuard(rules, new OutboundTelemetry("story", rules.TraceContextHosts) { InnerHandler = sockets });
#pragma warning restore CA2000
    }

    public TimeSpan Timeout => rules.Timeout;

    public HttpMessageHandler CreateHandler() => new SharedHandler(guard);

#pragma warning disable CA2000 // The client disposes of its handler.
    public HttpClient CreateClient() => new(CreateHandler(), disposeHandler: true) { Timeout = rules.Timeout, MaxResponseContentBufferSize = rules.MaxResponseBytes };
#pragma warning restore CA2000

    public void Dispose()
    {
        guard.Dispose();
        sockets.Dispose();
    }

    private sealed class SharedHandler(HttpMessageHandler shared) : HttpMessageHandler
    {
        private readonly HttpMessageInvoker invoker = new(shared, disposeHandler: false);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => invoker.SendAsync(request, cancellationToken);

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => invoker.Send(request, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                invoker.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
