using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;

namespace FederationWorkflows.Federation.Clusters.Activities;

/// <summary>
/// Reads the token of a Kubernetes service account that the cluster projects into the host's pod, for whoever trusts the cluster's issuer: an AWS role by
/// <c>Aws.AssumeRoleWithWebIdentity</c>, a workload identity pool by <c>Google.ExchangeIdToken</c>. The result is the token.
/// </summary>
[Activity("Kubernetes", "Kubernetes", "Reads the projected token of a Kubernetes service account.")]
public sealed class GetServiceAccountToken : CodeActivity<Sensitive<string>>
{
    /// <summary>The name of a connection of kind <c>projectedToken</c> that an administrator defined.</summary>
    [Required]
    [NamesConnection]
    [Input(Description = "The name of a connection of kind projectedToken that an administrator defined.")]
    public Input<string> Connection { get; set; } = default!;

    /// <summary>When the token expires.</summary>
    [Output(Description = "When the token expires.")]
    public Output<DateTimeOffset?>? ExpiresAt { get; set; }

    /// <summary><c>iss</c>: the cluster's issuer.</summary>
    [Output(Description = "iss: the cluster's issuer.")]
    public Output<string>? Issuer { get; set; }

    /// <summary><c>sub</c>: <c>system:serviceaccount:NAMESPACE:NAME</c>.</summary>
    [Output(Description = "sub: system:serviceaccount:NAMESPACE:NAME.")]
    public Output<string>? Subject { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var token = await context.GetRequiredService<ITokenBroker>().GetProjectedTokenAsync(context.Get(Connection) ?? "", ConnectionUser.Of(context), context.CancellationToken);
        context.Set(ExpiresAt, token.Claims.ExpiresAt);
        context.Set(Issuer, token.Claims.Issuer);
        context.Set(Subject, token.Claims.Subject);
        context.SetResult(token.Token);
    }
}
