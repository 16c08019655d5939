using System.Net;

namespace FederationWorkflows.Http.Outbound;

/// <summary>Finds the addresses of a host.</summary>
internal interface IHostResolver
{
    /// <summary>The addresses of a name; never none.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name has no address, or could not be looked up.</exception>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken);
}

/// <summary>The system's name service.</summary>
internal sealed class SystemHostResolver : IHostResolver
{
    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken);
}
