using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Broker;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>What the activities about one S3 object have in common: whose rights, which object, where.</summary>
/// <typeparam name="T">The type of the result.</typeparam>
public abstract class ObjectActivity<T> : CodeActivity<T>
{
    private protected const string Advanced = "Advanced";

    /// <summary>Whose rights.</summary>
    [Required]
    [Input(Description = "The credentials: the result of an activity that gives some.", CanContainSecrets = true, Order = 0)]
    public Input<AwsCredentials> Credentials { get; set; } = default!;

    /// <summary>The bucket's name.</summary>
    [Required]
    [Input(Description = "The bucket's name.", Order = 1)]
    public Input<string> Bucket { get; set; } = default!;

    /// <summary>The object's key.</summary>
    [Required]
    [Input(Description = "The object's key, such as incidents/INC-2041/timeline.json.", Order = 2)]
    public Input<string> Key { get; set; } = default!;

    /// <summary>The bucket's region; the host's default when empty.</summary>
    [Input(Description = "The bucket's region. Empty for the host's default.", Order = 20)]
    public Input<string>? Region { get; set; }

    private protected ObjectAddress Address(ActivityExecutionContext context, Input<string>? versionId = null) => new()
    {
        Credentials = AwsInputs.RequireCredentials(context, context.Activity.Type, Credentials),
        Bucket = context.Get(Bucket) ?? "",
        Key = context.Get(Key) ?? "",
        VersionId = context.GetText(versionId),
        Region = context.Get(Region),
    };

    private protected ObjectTarget Target(ActivityExecutionContext context, Input<WriteCondition>? condition, Input<string>? etag, Input<string>? contentType, Input<IDictionary<string, object?>?>? metadata) => new()
    {
        Address = Address(context),
        Condition = context.Get(condition),
        ETag = context.GetText(etag),
        ContentType = context.GetText(contentType),
        Metadata = (context.Get(metadata) ?? new Dictionary<string, object?>()).ToDictionary(item => item.Key, item => (string?)ValueConversion.Convert(item.Value, typeof(string)) ?? ""),
        IdempotencyKey = context.IdempotencyKey,
    };

    /// <summary>Makes a call with the credentials of an address, or with others when these are refused as expired.</summary>
    private protected static Task<TAnswer> CallAsync<TAnswer>(ActivityExecutionContext context, ObjectAddress address, Func<ObjectAddress, Task<TAnswer>> call) =>
        context.CallAsync(address.Credentials, current => call(address with { Credentials = current }));

    private protected static IProgress<TransferProgress>? Progress(ActivityExecutionContext context) =>
        context.GetService<ITransferObserver>() is { } observer ? new Relay(context.Id, observer) : null;

    private sealed class Relay(string executionId, ITransferObserver observer) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => observer.OnMoved(executionId, value);
    }
}
