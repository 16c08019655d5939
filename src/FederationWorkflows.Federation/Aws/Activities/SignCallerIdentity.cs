using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>
/// Signs a request for sts:GetCallerIdentity without sending it: the proof of an AWS identity that a workload identity pool's AWS provider takes. The result is that
/// subject token; it is good for minutes, so exchange it in the next step.
/// </summary>
[Activity("Aws", "AWS", "Proves an AWS identity to a Google workload identity pool: a signed request that Google sends to AWS.")]
public sealed class SignCallerIdentity : CodeActivity<Sensitive<string>>
{
    /// <summary>Whose identity.</summary>
    [Required]
    [Input(Description = "The credentials: the result of an activity that gives AWS credentials.", CanContainSecrets = true)]
    public Input<AwsCredentials> Credentials { get; set; } = default!;

    /// <summary>The provider's full resource name.</summary>
    [Required]
    [Input(Description = "The provider the proof is for: //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER.")]
    public Input<string> Provider { get; set; } = default!;

    /// <summary>The region whose STS Google asks; the host's default when empty.</summary>
    [Input(Description = "The region whose STS Google asks. Empty for the host's default.")]
    public Input<string>? Region { get; set; }

    /// <inheritdoc/>
    protected override ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var credentials = AwsInputs.RequireCredentials(context, "Aws.SignCallerIdentity", Credentials);
        context.SetResult(context.GetRequiredService<ICallerIdentityTokens>().Sign(credentials, context.Get(Provider) ?? "", context.Get(Region)));
        return ValueTask.CompletedTask;
    }
}
