using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Objects;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>Copies an S3 object, inside S3. The result is the copy's ETag. When the activity is repeated after a crash, it finds its copy, and makes none.</summary>
[Activity("Aws", "AWS", "Copies an S3 object, of any size, inside S3.")]
public sealed class CopyObject : ObjectActivity<string>
{
    /// <summary>The bucket to copy from; the same one when empty.</summary>
    [Input(Description = "The bucket to copy from. Empty for the bucket that is written.", Order = 3)]
    public Input<string>? SourceBucket { get; set; }

    /// <summary>The key to copy.</summary>
    [Required]
    [Input(Description = "The key of the object to copy.", Order = 4)]
    public Input<string> SourceKey { get; set; } = default!;

    /// <summary>The version to copy.</summary>
    [Input(Description = "The version to copy. Empty for the current one.", Category = Advanced, Order = 5)]
    public Input<string>? SourceVersionId { get; set; }

    /// <summary>The source bucket's region.</summary>
    [Input(Description = "The source bucket's region. Empty for that of the bucket that is written.", Category = Advanced, Order = 6)]
    public Input<string>? SourceRegion { get; set; }

    /// <summary>When it is written.</summary>
    [Input(Description = "IfAbsent writes only where there is no object, IfMatch only over the one with the ETag, Always over whatever is there.", DefaultValue = WriteCondition.IfAbsent, Order = 7)]
    public Input<WriteCondition>? Condition { get; set; }

    /// <summary>For the condition IfMatch.</summary>
    [Input(Description = "For IfMatch: the ETag of the object that may be replaced.", Order = 8)]
    public Input<string>? ETag { get; set; }

    /// <summary>The media type; the source's when empty.</summary>
    [Input(Description = "The media type. Empty for the source's.", Category = Advanced, Order = 9)]
    public Input<string>? ContentType { get; set; }

    /// <summary>The metadata; the source's when empty.</summary>
    [Input(Description = "Metadata: a text for each name. Empty for the source's.", Category = Advanced, UIHint = InputUIHints.JsonEditor, Order = 10)]
    public Input<IDictionary<string, object?>?>? ObjectMetadata { get; set; }

    /// <summary>The version that was written.</summary>
    [Output(Description = "The version that was written, in a bucket with versions.")]
    public Output<string>? VersionId { get; set; }

    /// <summary>The size in bytes.</summary>
    [Output(Description = "The size in bytes.")]
    public Output<long>? ContentLength { get; set; }

    /// <summary>Whether an earlier attempt had written it.</summary>
    [Output(Description = "Whether an earlier attempt of this activity had made the copy already.")]
    public Output<bool>? IsRepeat { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var target = Target(context, Condition, ETag, ContentType, ObjectMetadata);
        var source = new ObjectSource(context.GetText(SourceBucket) ?? target.Address.Bucket, context.Get(SourceKey) ?? "", context.GetText(SourceVersionId), context.GetText(SourceRegion));
        var writes = context.GetRequiredService<IObjectWrites>();
        var written = await CallAsync(
            context, target.Address, address => writes.CopyAsync(target with { Address = address }, source, Progress(context), context.CancellationToken));
        context.Set(VersionId, written.VersionId);
        context.Set(ContentLength, written.Size);
        context.Set(IsRepeat, written.IsRepeat);
        context.SetResult(written.ETag);
    }
}
