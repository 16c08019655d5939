using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>Tells who some AWS credentials are.</summary>
[Activity("Aws", "AWS", "Tells who some AWS credentials are.")]
public sealed class GetCallerIdentity : CodeActivity<CallerIdentity>
{
    /// <summary>The credentials in question.</summary>
    [Required]
    [Input(Description = "The credentials: the result of an activity that assumes a role.", CanContainSecrets = true)]
    public Input<AwsCredentials> Credentials { get; set; } = default!;

    /// <summary>The region to ask in; the host's default when empty.</summary>
    [Input(Description = "The region to ask in. Empty for the host's default.")]
    public Input<string>? Region { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var credentials = AwsInputs.RequireCredentials(context, "Aws.GetCallerIdentity", Credentials);
        var aws = context.GetRequiredService<IAwsFederation>();
        context.SetResult(await context.CallAsync(credentials, current => aws.GetCallerIdentityAsync(current, context.Get(Region), context.CancellationToken)));
    }
}
