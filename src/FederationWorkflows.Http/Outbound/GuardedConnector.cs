using System.Net;
using System.Net.Sockets;

namespace FederationWorkflows.Http.Outbound;

/// <summary>
/// Connects for the HTTP client. A name is looked up once, all of its addresses are judged, and one of exactly these is connected to:
/// a name that changes its address after the check gains nothing (DNS rebinding).
/// </summary>
internal sealed class GuardedConnector(OutboundRules rules, IHostResolver resolver)
{
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endPoint = context.DnsEndPoint;
        var addresses = await FindAsync(endPoint.Host, cancellationToken);
        SocketException? failure = null;
        foreach (var address in addresses)
        {
#pragma warning disable CA2000 // The stream that is returned owns the socket.
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
#pragma warning restore CA2000
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, endPoint.Port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                failure = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>One refused address refuses the host: a public service has no internal ones, and the client could be made to try them in turn.</summary>
    private async Task<List<IPAddress>> FindAsync(string host, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await resolver.ResolveAsync(host, cancellationToken);
        return [.. addresses.Select(address => rules.Check(host, address)).Distinct()];
    }
}
