using System.Net;
using System.Runtime.ExceptionServices;

namespace FederationWorkflows.Http.Outbound;

/// <summary>Checks every hop of a request, follows redirects itself (RFC 9110, section 15.4), and bounds the answer.</summary>
internal sealed class RequestGuard(OutboundRules rules, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>
    /// What another origin still gets after a redirect. Everything else may be a secret that was meant for the first one only,
    /// whatever its header is called.
    /// </summary>
    private static readonly HashSet<string> HarmlessHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Cache-Control", "Expect", "If-Match", "If-Modified-Since", "If-None-Match",
        "If-Unmodified-Since", "Range", "User-Agent",
    };

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Outbound requests are sent asynchronously only.");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            rules.Check(request.RequestUri);

            // HTTP/3 would not go through the guarded connection.
            request.Version = request.Version > HttpVersion.Version20 ? HttpVersion.Version20 : request.Version;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
            var response = await SendHopAsync(request, cancellationToken);
            try
            {
                if (Target(request, response) is not { } target)
                {
                    return await BoundAsync(request, response, cancellationToken);
                }

                CheckRedirect(request, response, target, redirects);
                Rewrite(request, response.StatusCode, target);
            }
            catch
            {
                response.Dispose();
                throw;
            }

            response.Dispose();
        }
    }

    private async Task<HttpResponseMessage> SendHopAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            // The client wraps what the connection throws; a refusal is no connection error.
            for (var inner = e.InnerException; inner is not null; inner = inner.InnerException)
            {
                if (inner is OutboundRequestRefusedException)
                {
                    ExceptionDispatchInfo.Throw(inner);
                }
            }

            throw;
        }
    }

    private static Uri? Target(HttpRequestMessage request, HttpResponseMessage response)
    {
        var redirects = response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
        if (!redirects || response.Headers.Location is not { } location)
        {
            return null;
        }

        if (!Uri.TryCreate(request.RequestUri!, location, out var target))
        {
            return null;
        }

        return target.Fragment.Length == 0 && request.RequestUri!.Fragment.Length > 0 ? new UriBuilder(target) { Fragment = request.RequestUri.Fragment }.Uri : target;
    }

    private void CheckRedirect(HttpRequestMessage request, HttpResponseMessage response, Uri target, int redirects)
    {
        var source = request.RequestUri!;
        if (redirects >= rules.MaxRedirects)
        {
            var setting = OutboundRules.Setting(nameof(OutboundPolicy.MaxRedirects));
            throw new OutboundRequestRefusedException(source.IdnHost, null, $"it was redirected more than {rules.MaxRedirects} times", setting, $"Call the final URL, or raise {setting}.");
        }

        if (source.Scheme == Uri.UriSchemeHttps && target.Scheme == Uri.UriSchemeHttp)
        {
            throw new OutboundRequestRefusedException(target.IdnHost, null, $"'{source.IdnHost}' redirects from https to http, which is not encrypted", null, "Call a URL whose redirects stay on https.");
        }

        if (!BecomesGet(request.Method, response.StatusCode) && !IsSameOrigin(source, target) && request.Content is not null && request.Options.TryGetValue(OutboundHttp.ContentIsSensitive, out var sensitive) && sensitive)
        {
            throw new OutboundRequestRefusedException(target.IdnHost, null, $"'{source.IdnHost}' redirects there a body that holds a secret meant for it", null, "Call the final URL.");
        }
    }

    private static void Rewrite(HttpRequestMessage request, HttpStatusCode status, Uri target)
    {
        if (BecomesGet(request.Method, status))
        {
            request.Method = HttpMethod.Get;
            request.Content = null;
            request.Headers.TransferEncodingChunked = null;
            request.Headers.Remove("Idempotency-Key");
        }

        request.Headers.Host = null;
        if (!IsSameOrigin(request.RequestUri!, target))
        {
            foreach (var (name, _) in request.Headers.NonValidated.ToArray())
            {
                if (!HarmlessHeaders.Contains(name))
                {
                    request.Headers.Remove(name);
                }
            }
        }

        request.RequestUri = target;
    }

    private static bool BecomesGet(HttpMethod method, HttpStatusCode status) => status switch
    {
        HttpStatusCode.SeeOther => method != HttpMethod.Get && method != HttpMethod.Head,
        HttpStatusCode.MovedPermanently or HttpStatusCode.Found => method == HttpMethod.Post,
        _ => false,
    };

    private static bool IsSameOrigin(Uri a, Uri b) => a.Scheme == b.Scheme && a.Port == b.Port && string.Equals(a.IdnHost, b.IdnHost, StringComparison.OrdinalIgnoreCase);

    private async Task<HttpResponseMessage> BoundAsync(HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var host = request.RequestUri!.IdnHost;
        if (request.Method != HttpMethod.Head && response.Content.Headers.ContentLength > rules.MaxResponseBytes)
        {
            throw new OutboundResponseTooLargeException(host, rules.MaxResponseBytes);
        }

        var whole = response.Content;
        var bounded = new StreamContent(new BoundedStream(await whole.ReadAsStreamAsync(cancellationToken), rules.MaxResponseBytes, host));
        foreach (var (name, values) in whole.Headers.NonValidated)
        {
            bounded.Headers.TryAddWithoutValidation(name, values);
        }

        response.Content = bounded;
        return response;
    }
}
