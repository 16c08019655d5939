using Google.Apis.Http;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>Sends what Google's library addresses to Google, and to the instance it runs on, to the lab, by host, as a deployment behind an endpoint override would.</summary>
internal sealed class LabHttpClientFactory(Uri lab) : HttpClientFactory
{
    protected override HttpMessageHandler CreateHandler(CreateHttpClientArgs args) => new Redirection(lab, base.CreateHandler(args));

    private sealed class Redirection(Uri lab, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var uri = request.RequestUri!;
            request.RequestUri = uri.Host switch
            {
                "oauth2.googleapis.com" => new Uri(lab, "/google/oauth2" + uri.PathAndQuery),
                "www.googleapis.com" => new Uri(lab, "/google" + uri.PathAndQuery),
                "iamcredentials.googleapis.com" => new Uri(lab, "/google/iamcredentials" + uri.PathAndQuery),
                "sts.googleapis.com" => new Uri(lab, "/google/sts" + uri.PathAndQuery),
                "169.254.169.254" => new Uri(lab, "/lab/imds" + uri.PathAndQuery),
                _ when uri.IsLoopback => uri,
                _ => throw new InvalidOperationException($"The library called {uri.GetLeftPart(UriPartial.Path)}, which the lab does not stand in for."),
            };
            return base.SendAsync(request, cancellationToken);
        }
    }
}
