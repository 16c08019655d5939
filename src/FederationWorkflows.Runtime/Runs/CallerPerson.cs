using System.Security.Claims;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>Who a caller is to a run.</summary>
internal static class CallerPerson
{
    /// <summary>His name, and the id that the host gives him in the claim <see cref="ClaimTypes.NameIdentifier"/>; null for who has no name.</summary>
    public static Person? ToPerson(this ClaimsPrincipal caller) => caller.Identity?.Name is { } name ? new(name, caller.FindFirstValue(ClaimTypes.NameIdentifier)) : null;
}
