using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab;

/// <summary>One cloud's part of the lab: it adds its endpoints to the lab's port.</summary>
internal interface ILabService
{
    /// <summary>Adds the service's endpoints, each under a path prefix of its own.</summary>
    void Map(IEndpointRouteBuilder routes);
}
