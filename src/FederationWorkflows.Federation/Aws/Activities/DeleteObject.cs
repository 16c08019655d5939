using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Objects;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>Deletes an S3 object; one that is not there is deleted already. The result tells whether a bucket with versions only hides it now.</summary>
[Activity("Aws", "AWS", "Deletes an S3 object.")]
public sealed class DeleteObject : ObjectActivity<bool>
{
    /// <summary>The version to delete for good.</summary>
    [Input(Description = "The version to delete for good. Empty for the current object, which a bucket with versions only hides.", Order = 3)]
    public Input<string>? VersionId { get; set; }

    /// <summary>The ETag the object must still have.</summary>
    [Input(Description = "Delete it only while it has this ETag. Empty for whatever it is.", Order = 4)]
    public Input<string>? ETag { get; set; }

    /// <summary>The version that is gone, or the delete marker.</summary>
    [Output(Description = "The version that is gone, or the delete marker that hides the object.")]
    public Output<string>? DeletedVersionId { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var objects = context.GetRequiredService<IObjects>();
        var deleted = await CallAsync(context, Address(context, VersionId), address => objects.DeleteAsync(address, context.GetText(ETag), context.CancellationToken));
        context.Set(DeletedVersionId, deleted.VersionId);
        context.SetResult(deleted.IsDeleteMarker);
    }
}
