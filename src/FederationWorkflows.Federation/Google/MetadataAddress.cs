using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Google;

/// <summary>
/// Sends requests to the metadata server to where the host's configuration says that it is. Google's library takes an identity token only from the address that
/// it knows itself, so it is left in the belief that it asked there.
/// </summary>
internal sealed class MetadataAddress(IOptionsMonitor<FederationOptions> options) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (options.CurrentValue.Endpoints.GoogleMetadata is not { } address)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var known = request.RequestUri!;
        request.RequestUri = new Uri(new Uri(address.GetLeftPart(UriPartial.Authority)), known.PathAndQuery);
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        finally
        {
            request.RequestUri = known;
        }
    }
}
