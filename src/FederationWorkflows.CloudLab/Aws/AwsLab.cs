using FederationWorkflows.CloudLab.Aws.Iam;
using FederationWorkflows.CloudLab.Aws.S3;
using FederationWorkflows.CloudLab.Aws.S3.Storage;
using FederationWorkflows.CloudLab.Aws.Signing;
using FederationWorkflows.CloudLab.Aws.Sts;
using FederationWorkflows.CloudLab.Aws.Workloads;
using FederationWorkflows.CloudLab.Faults;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>AWS at one address: the query APIs at /, S3 in path style everywhere else. Routes of other services are more specific and win.</summary>
internal sealed class AwsLab : ILabService, IDisposable
{
    private readonly CloudLabOptions options;
    private readonly EventLog events;
    private readonly QueryApi queryApi;
    private readonly S3Service s3;
    private readonly Spool spool;

    public AwsLab(CloudLabOptions options, IOidcKeySource keySource, EventLog events, AwsFaults faults)
    {
        this.options = options;
        this.events = events;
        spool = new Spool(options.MaximumStorage, options.StorageFolder);
        Cloud = new AwsCloud(options.World.Aws, spool, options.TimeProvider.GetUtcNow());
        var verifier = new SigV4Verifier(Cloud.Keys);
        queryApi = new QueryApi(new StsService(Cloud, new OidcTokenValidator(keySource, options.TimeProvider)), new IamService(Cloud), verifier, faults);
        s3 = new S3Service(Cloud.Buckets, verifier, faults, options.MaximumObjectSize);
    }

    public AwsCloud Cloud { get; }

    public void Map(IEndpointRouteBuilder routes)
    {
        new WorkloadCredentials(options, Cloud, events).Map(routes);
        routes.Map("/{**path}", HandleAsync).WithOrder(int.MaxValue);
    }

    public void Dispose() => spool.Dispose();

    private async Task HandleAsync(HttpContext http)
    {
        var call = new AwsCall(http, options.TimeProvider.GetUtcNow());
        try
        {
            await (QueryApi.Handles(call) ? queryApi.HandleAsync(call, http.RequestAborted) : s3.HandleAsync(call, http.RequestAborted));
            events.Record(call.ToEvent());
        }
        catch (AwsException exception)
        {
            // The service has answered already, in its own form.
            events.Record(call.ToEvent(exception.Code, exception.Message, exception.Explanation));
        }
        catch (ConnectionCutException)
        {
            events.Record(call.ToEvent("ConnectionCut", null, AwsFaults.Explanation));
            http.Abort();
        }
        finally
        {
            call.Ending?.Dispose();
        }
    }
}
