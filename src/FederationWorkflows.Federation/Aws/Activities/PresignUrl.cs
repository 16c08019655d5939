using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Objects;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>Makes a URL with which whoever has it may read or write one S3 object. The result is that URL, which is a secret.</summary>
[Activity("Aws", "AWS", "Makes a URL that lets whoever has it read or write one S3 object.")]
public sealed class PresignUrl : ObjectActivity<Sensitive<string>>
{
    /// <summary>What the URL allows.</summary>
    [Input(Description = "What the URL allows.", DefaultValue = PresignedOperation.Get, Order = 3)]
    public Input<PresignedOperation>? Operation { get; set; }

    /// <summary>1 second to 7 days.</summary>
    [Input(Description = "How long the URL works, up to 7 days and no longer than the credentials.", DefaultValue = "00:15:00", Order = 4)]
    public Input<TimeSpan>? Lifetime { get; set; }

    /// <summary>For writing: the media type.</summary>
    [Input(Description = "For writing: the media type that must be sent. Empty for any.", Order = 5)]
    public Input<string>? ContentType { get; set; }

    /// <summary>For reading: a version.</summary>
    [Input(Description = "For reading: a version of the object. Empty for the current one.", Category = Advanced, Order = 6)]
    public Input<string>? VersionId { get; set; }

    /// <summary>When the URL stops working.</summary>
    [Output(Description = "When the URL stops working.")]
    public Output<DateTimeOffset>? ExpiresAt { get; set; }

    /// <inheritdoc/>
    protected override void Execute(ActivityExecutionContext context)
    {
        var url = context.GetRequiredService<IObjects>().Presign(new PresignRequest
        {
            Address = Address(context, VersionId),
            Operation = context.Get(Operation),
            Lifetime = context.Get(Lifetime),
            ContentType = context.GetText(ContentType),
        });
        context.Set(ExpiresAt, url.ExpiresAt);
        context.SetResult(url.Url);
    }
}
