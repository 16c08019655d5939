using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;

namespace FederationWorkflows.Federation.Google.Activities;

/// <summary>
/// Gets an identity token of the machine, pod or function that the host runs on, for an audience, from Google Cloud's metadata server. No key is involved, and
/// nobody else can get it. The result is the token.
/// </summary>
[Activity("Google", "Google Cloud", "Gets an ID token of the machine or pod that this server runs on, from the metadata server.")]
public sealed class GetMetadataIdentityToken : CodeActivity<Sensitive<string>>
{
    /// <summary>The name of a connection that an administrator defined: of kind <c>metadataServer</c>, or <c>applicationDefault</c> on Google Cloud without a credential file.</summary>
    [Required]
    [NamesConnection]
    [Input(Description = "The name of a connection of kind metadataServer that an administrator defined.")]
    public Input<string> Connection { get; set; } = default!;

    /// <summary>The <c>aud</c> of the token: 1 to 2048 characters.</summary>
    [Required]
    [Input(Description = "The aud of the token: what the trust policy on the other side expects.")]
    public Input<string> Audience { get; set; } = default!;

    /// <summary>What the token tells of the machine.</summary>
    [Input(
        Description = "Standard speaks of the service account only; Full also has its email and, on Compute Engine, project, zone, name, id and age of the instance; FullWithLicenses also its license codes.",
        DefaultValue = MetadataTokenFormat.Full)]
    public Input<MetadataTokenFormat>? Format { get; set; }

    /// <summary>When the token expires.</summary>
    [Output(Description = "When the token expires.")]
    public Output<DateTimeOffset?>? ExpiresAt { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var token = await context.GetRequiredService<ITokenBroker>().GetMetadataIdTokenAsync(
            context.Get(Connection) ?? "", context.Get(Audience) ?? "", context.Get(Format), ConnectionUser.Of(context), context.CancellationToken);
        context.Set(ExpiresAt, token.Claims.ExpiresAt);
        context.SetResult(token.Token);
    }
}
