using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Broker;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>Lists the objects of an S3 bucket. The result is the objects, in the order of their keys.</summary>
[Activity("Aws", "AWS", "Lists the objects of an S3 bucket.")]
public sealed class ListObjects : CodeActivity<ListedObject[]>
{
    /// <summary>Whose rights.</summary>
    [Required]
    [Input(Description = "The credentials: the result of an activity that gives some.", CanContainSecrets = true)]
    public Input<AwsCredentials> Credentials { get; set; } = default!;

    /// <summary>The bucket's name.</summary>
    [Required]
    [Input(Description = "The bucket's name.")]
    public Input<string> Bucket { get; set; } = default!;

    /// <summary>What the keys begin with.</summary>
    [Input(Description = "What the keys begin with. Empty for all.")]
    public Input<string>? Prefix { get; set; }

    /// <summary>What separates folders in keys.</summary>
    [Input(Description = "Usually /: keys that have it after the prefix are summed up in the output prefixes. Empty for none.")]
    public Input<string>? Delimiter { get; set; }

    /// <summary>The key after which the list begins.</summary>
    [Input(Description = "The key after which the list begins. Empty for the first.")]
    public Input<string>? StartAfter { get; set; }

    /// <summary>1 to 10000.</summary>
    [Input(Description = "How many to list at most, up to 10000.", DefaultValue = 1000)]
    public Input<int>? Limit { get; set; }

    /// <summary>The bucket's region; the host's default when empty.</summary>
    [Input(Description = "The bucket's region. Empty for the host's default.")]
    public Input<string>? Region { get; set; }

    /// <summary>What stands for several keys when a delimiter is given.</summary>
    [Output(Description = "What stands for several keys when a delimiter is given.")]
    public Output<string[]>? Prefixes { get; set; }

    /// <summary>Whether there are more than were listed.</summary>
    [Output(Description = "Whether there are more than were listed.")]
    public Output<bool>? IsTruncated { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var query = new ObjectQuery
        {
            Credentials = AwsInputs.RequireCredentials(context, "Aws.ListObjects", Credentials),
            Bucket = context.Get(Bucket) ?? "",
            Prefix = context.Get(Prefix),
            Delimiter = context.Get(Delimiter) is { Length: > 0 } delimiter ? delimiter : null,
            StartAfter = context.Get(StartAfter) is { Length: > 0 } key ? key : null,
            Limit = context.Get(Limit),
            Region = context.Get(Region),
        };
        var objects = context.GetRequiredService<IObjects>();
        var list = await context.CallAsync(query.Credentials, current => objects.ListAsync(query with { Credentials = current }, context.CancellationToken));
        context.Set(Prefixes, [.. list.Prefixes]);
        context.Set(IsTruncated, list.IsTruncated);
        context.SetResult(list.Objects.ToArray());
    }
}
