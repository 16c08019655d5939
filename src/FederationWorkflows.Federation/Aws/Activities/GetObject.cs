using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Objects;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>How the content of an object becomes a value.</summary>
public enum ObjectFormat
{
    /// <summary>JSON where the media type says so and it is, text where it is UTF-8, else bytes.</summary>
    Auto,

    /// <summary>Text, which must be UTF-8.</summary>
    Text,

    /// <summary>JSON, which it must be.</summary>
    Json,

    /// <summary>Bytes.</summary>
    Bytes,
}

/// <summary>Reads an S3 object. The result is its content; when it goes into a file, the file's path.</summary>
[Activity("Aws", "AWS", "Reads an S3 object: small ones as a value, large ones into a file.")]
public sealed class GetObject : ObjectActivity<object?>
{
    /// <summary>How the content becomes a value.</summary>
    [Input(Description = "How the content becomes a value. Auto goes by media type and content.", DefaultValue = ObjectFormat.Auto, Order = 3)]
    public Input<ObjectFormat>? Format { get; set; }

    /// <summary>Instead: the path of a file, below the host's folder.</summary>
    [Input(Description = "Write the content into this file of the host's folder instead, such as INC-2041/image.bin. One that is there is replaced.", Order = 4)]
    public Input<string>? File { get; set; }

    /// <summary>A version of the object.</summary>
    [Input(Description = "A version of the object. Empty for the current one.", Category = Advanced, Order = 5)]
    public Input<string>? VersionId { get; set; }

    /// <summary>The media type.</summary>
    [Output(Description = "The media type.")]
    public Output<string>? ContentType { get; set; }

    /// <summary>The size in bytes.</summary>
    [Output(Description = "The size in bytes.")]
    public Output<long>? ContentLength { get; set; }

    /// <summary>The ETag.</summary>
    [Output(Description = "The ETag, for a write that must not change another's.")]
    public Output<string>? ETag { get; set; }

    /// <summary>When it was written.</summary>
    [Output(Description = "When it was written.")]
    public Output<DateTimeOffset?>? LastModified { get; set; }

    /// <summary>The version.</summary>
    [Output(Description = "The version that was read, in a bucket with versions.")]
    public Output<string>? ReadVersionId { get; set; }

    /// <summary>The metadata.</summary>
    [Output(Description = "The metadata that whoever wrote it gave it.")]
    public Output<IDictionary<string, object?>>? ObjectMetadata { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var address = Address(context, VersionId);
        var objects = context.GetRequiredService<IObjects>();
        if (context.GetText(File) is { } file)
        {
            Show(context, await CallAsync(context, address, current => objects.DownloadAsync(current, file, Progress(context), context.CancellationToken)), file);
            return;
        }

        var read = await CallAsync(context, address, current => objects.ReadAsync(current, context.CancellationToken));
        Show(context, read.Facts, Parse(context.Get(Format), read));
    }

    private void Show(ActivityExecutionContext context, ObjectFacts facts, object? result)
    {
        context.Set(ContentType, facts.ContentType);
        context.Set(ContentLength, facts.Size);
        context.Set(ETag, facts.ETag);
        context.Set(LastModified, facts.LastModified);
        context.Set(ReadVersionId, facts.VersionId);
        context.Set(ObjectMetadata, facts.Metadata.ToDictionary(item => item.Key, item => (object?)item.Value));
        context.SetResult(result);
    }

    private static object? Parse(ObjectFormat format, ObjectContent read)
    {
        var content = read.Content;
        return format switch
        {
            ObjectFormat.Bytes => content.ToArray(),
            ObjectFormat.Json => Json(content),
            ObjectFormat.Text => Utf8.IsValid(content.Span) ? Encoding.UTF8.GetString(content.Span) : throw Wrong("the object is not valid UTF-8", "Choose the format Bytes, or download it into a file."),
            _ when IsJson(read.Facts.ContentType) && TryJson(content, out var json) => json,
            _ => Utf8.IsValid(content.Span) && content.Span.IndexOf((byte)0) < 0 ? Encoding.UTF8.GetString(content.Span) : content.ToArray(),
        };
    }

    private static object? Json(ReadOnlyMemory<byte> content)
    {
        try
        {
            return JsonValues.Unwrap(JsonValues.Parse(content));
        }
        catch (JsonException exception)
        {
            throw Wrong(
                $"the object is not JSON: {CloudText.Message(JsonValues.Describe(exception))} (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1})",
                "Choose the format Text, or correct the object.");
        }
    }

    private static bool TryJson(ReadOnlyMemory<byte> content, out object? json)
    {
        try
        {
            json = JsonValues.Unwrap(JsonValues.Parse(content));
            return true;
        }
        catch (JsonException)
        {
            // Only the media type says that it is JSON: what it is, is what counts.
            json = null;
            return false;
        }
    }

    private static bool IsJson(string? contentType) =>
        contentType?.Split(';')[0].Trim() is { } type && (type.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    private static FederationException Wrong(string detail, string advice) => Failure.Input(Cloud.Aws, "Amazon S3", "Aws.GetObject", detail, advice);
}
