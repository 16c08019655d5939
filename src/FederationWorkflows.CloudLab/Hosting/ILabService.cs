using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab;

/// <summary>One cloud of the lab: it maps its routes. All clouds share one port.</summary>
internal interface ILabService
{
    void Map(IEndpointRouteBuilder routes);
}
