using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace FederationWorkflows.CloudLab;

/// <summary>Of an endpoint that takes only some of the requests its route matches; the next endpoint gets the others. Two clouds can so share a path.</summary>
internal sealed record RequestCondition(Func<HttpRequest, bool> Holds);

/// <summary>Makes routing heed <see cref="RequestCondition"/>.</summary>
internal sealed class RequestConditionPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    public override int Order => 0;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(static endpoint => ConditionOf(endpoint) is not null);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i) && ConditionOf(candidates[i].Endpoint) is { } condition && !condition.Holds(httpContext.Request))
            {
                candidates.SetValidity(i, false);
            }
        }

        return Task.CompletedTask;
    }

    private static RequestCondition? ConditionOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<RequestCondition>();
}
