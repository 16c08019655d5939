using FederationWorkflows.CloudLab.Aws.Iam;
using FederationWorkflows.CloudLab.Aws.S3;
using FederationWorkflows.CloudLab.Aws.Signing;
using FederationWorkflows.CloudLab.Aws.Sts;
using FederationWorkflows.CloudLab.Aws.Workloads;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>AWS at one address: the query APIs at /, S3 in path style everywhere else. Routes of other services are more specific and win.</summary>
internal sealed class AwsLab : ILabService
{
    private readonly CloudLabOptions options;
    private readonly EventLog events;
    private readonly QueryApi queryApi;
    private readonly S3Service s3;

    public AwsLab(CloudLabOptions options, IOidcKeySource keySource, EventLog events)
    {
        this.options = options;
        this.events = events;
        Cloud = new AwsCloud(options.World.Aws, options.TimeProvider.GetUtcNow());
        var verifier = new SigV4Verifier(Cloud.Keys);
        queryApi = new QueryApi(new StsService(Cloud, new OidcTokenValidator(keySource, options.TimeProvider)), new IamService(Cloud), verifier);
        s3 = new S3Service(Cloud.Buckets, verifier, options.MaximumObjectSize);
    }

    public AwsCloud Cloud { get; }

    public void Map(IEndpointRouteBuilder routes)
    {
        new WorkloadCredentials(options, Cloud, events).Map(routes);
        routes.Map("/{**path}", HandleAsync).WithOrder(int.MaxValue);
    }

    private async Task HandleAsync(HttpContext http)
    {
        var call = new AwsCall(http, options.TimeProvider.GetUtcNow());
        try
        {
            await (QueryApi.Handles(call) ? queryApi.HandleAsync(call, http.RequestAborted) : s3.HandleAsync(call, http.RequestAborted));
            events.Record(call.ToEvent(null));
        }
        catch (AwsException exception)
        {
            // The service has answered already, in its own form.
            events.Record(call.ToEvent(exception));
        }
    }
}
