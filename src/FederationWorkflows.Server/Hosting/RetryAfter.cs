using System.Globalization;

namespace FederationWorkflows.Server.Hosting;

/// <summary>Tells who was turned away when to come again (RFC 9110, 10.2.3).</summary>
internal static class RetryAfter
{
    /// <summary>In whole seconds, rounded up.</summary>
    public static void TellRetryAfter(this HttpResponse response, TimeSpan wait) => response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
}
