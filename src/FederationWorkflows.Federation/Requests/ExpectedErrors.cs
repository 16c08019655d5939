using System.Globalization;

namespace FederationWorkflows.Federation.Requests;

/// <summary>Refusals that a story handles itself: by the cloud's code (<c>AccessDenied</c>), by HTTP status (<c>404</c>) or by its class (<c>4xx</c>).</summary>
internal sealed class ExpectedErrors(IEnumerable<string>? expected)
{
    private readonly HashSet<string> names = new(expected ?? [], StringComparer.OrdinalIgnoreCase);

    public bool Cover(FederationException error) =>
        error is { Side: FailureSide.Cloud, HttpStatus: { } status }
        && (names.Contains(error.Code) || names.Contains(status.ToString(CultureInfo.InvariantCulture)) || names.Contains($"{status / 100}xx"));
}
