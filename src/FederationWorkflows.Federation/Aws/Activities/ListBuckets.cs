using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>Lists the S3 buckets of an account. The result is the buckets.</summary>
[Activity("Aws", "AWS", "Lists the S3 buckets of an account.")]
public sealed class ListBuckets : CodeActivity<Bucket[]>
{
    /// <summary>Whose buckets.</summary>
    [Required]
    [Input(Description = "The credentials: the result of an activity that assumes a role.", CanContainSecrets = true)]
    public Input<AwsCredentials> Credentials { get; set; } = default!;

    /// <summary>The region to ask in; the host's default when empty.</summary>
    [Input(Description = "The region to ask in. Empty for the host's default. Buckets of all regions are listed.")]
    public Input<string>? Region { get; set; }

    /// <summary>1 to 10000.</summary>
    [Input(Description = "How many buckets to list at most, up to 10000.", DefaultValue = 10_000)]
    public Input<int>? Limit { get; set; }

    /// <summary>Whether the account has more buckets than were listed.</summary>
    [Output(Description = "Whether the account has more buckets than were listed.")]
    public Output<bool>? IsTruncated { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var credentials = AwsInputs.RequireCredentials(context, "Aws.ListBuckets", Credentials);
        var buckets = context.GetRequiredService<IBuckets>();
        var list = await context.CallAsync(credentials, current => buckets.ListAsync(current, context.Get(Region), context.Get(Limit), context.CancellationToken));
        context.Set(IsTruncated, list.IsTruncated);
        context.SetResult(list.Buckets.ToArray());
    }
}
