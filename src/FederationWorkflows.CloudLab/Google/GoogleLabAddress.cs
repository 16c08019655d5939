using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>Where the lab listens: asked of the server each time, because a port is known only once the server has taken it.</summary>
internal sealed class GoogleLabAddress
{
    private IServer? server;

    public void Follow(IServer running) => server = running;

    /// <summary>The absolute URL of a path that begins with a slash.</summary>
    /// <exception cref="InvalidOperationException">The lab does not run.</exception>
    public string Of(string path) =>
        server?.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } address
            ? address.TrimEnd('/') + path
            : throw new InvalidOperationException("The lab has no address before it is started.");
}
