using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Objects;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>
/// Writes an S3 object: from a value, or from a file of the host's folder. The result is the object's ETag. When the activity is repeated after a crash, it
/// finds what it had written, and writes nothing.
/// </summary>
[Activity("Aws", "AWS", "Writes an S3 object, from a value or from a file.")]
public sealed class PutObject : ObjectActivity<string>
{
    /// <summary>The content.</summary>
    [Input(Description = "The content: text as it is, bytes, or anything else as JSON.", UIHint = InputUIHints.MultiLine, Order = 3)]
    [TakesSensitive]
    public Input<object?>? Content { get; set; }

    /// <summary>Instead: the path of a file, below the host's folder.</summary>
    [Input(Description = "Instead of content: a file of the host's folder, of any size, such as INC-2041/image.bin.", Order = 4)]
    public Input<string>? File { get; set; }

    /// <summary>The media type.</summary>
    [Input(Description = "The media type. Empty for text/plain, application/json or application/octet-stream, by the content.", Order = 5)]
    public Input<string>? ContentType { get; set; }

    /// <summary>When it is written.</summary>
    [Input(Description = "IfAbsent writes only where there is no object, IfMatch only over the one with the ETag, Always over whatever is there.", DefaultValue = WriteCondition.IfAbsent, Order = 6)]
    public Input<WriteCondition>? Condition { get; set; }

    /// <summary>For the condition IfMatch.</summary>
    [Input(Description = "For IfMatch: the ETag of the object that may be replaced.", Order = 7)]
    public Input<string>? ETag { get; set; }

    /// <summary>The metadata.</summary>
    [Input(Description = "Metadata: a text for each name.", Category = Advanced, UIHint = InputUIHints.JsonEditor, Order = 8)]
    public Input<IDictionary<string, object?>?>? ObjectMetadata { get; set; }

    /// <summary>The version that was written.</summary>
    [Output(Description = "The version that was written, in a bucket with versions.")]
    public Output<string>? VersionId { get; set; }

    /// <summary>The size in bytes.</summary>
    [Output(Description = "The size in bytes.")]
    public Output<long>? ContentLength { get; set; }

    /// <summary>Whether an earlier attempt had written it.</summary>
    [Output(Description = "Whether an earlier attempt of this activity had written it already.")]
    public Output<bool>? IsRepeat { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var target = Target(context, Condition, ETag, ContentType, ObjectMetadata);
        var content = context.GetMasked(Content);
        var file = context.GetText(File);
        var writes = context.GetRequiredService<IObjectWrites>();
        Func<ObjectTarget, Task<WrittenObject>> write = (content, file) switch
        {
            (not null, null) => current => PutAsync(writes, current, content, context.CancellationToken),
            (null, not null) => current => writes.UploadAsync(current, file, Progress(context), context.CancellationToken),
            (null, null) => throw Wrong("neither content nor a file is given"),
            _ => throw Wrong("both content and a file are given"),
        };
        var written = await CallAsync(context, target.Address, address => write(target with { Address = address }));
        context.Set(VersionId, written.VersionId);
        context.Set(ContentLength, written.Size);
        context.Set(IsRepeat, written.IsRepeat);
        context.SetResult(written.ETag);
    }

    private static Task<WrittenObject> PutAsync(IObjectWrites writes, ObjectTarget target, object content, CancellationToken cancellationToken)
    {
        var clear = content is Sensitive sensitive ? InClear.Reveal(sensitive) : content;
        var (bytes, type) = clear switch
        {
            string text => (Encoding.UTF8.GetBytes(text), "text/plain; charset=utf-8"),
            byte[] given => (given, null),
            JsonElement { ValueKind: JsonValueKind.String } json => (Encoding.UTF8.GetBytes(json.GetString()!), "text/plain; charset=utf-8"),
            _ => (InClear.ToJson(clear), "application/json"),
        };
        return writes.PutAsync(target with { ContentType = target.ContentType ?? type }, bytes, cancellationToken);
    }

    private static FederationException Wrong(string detail) => Failure.Input(
        Cloud.Aws, "Amazon S3", "Aws.PutObject", detail, "Give content, which may be an empty text, or the path of a file.");
}
