using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;

namespace FederationWorkflows.Federation.Google.Activities;

/// <summary>Gets an access token of a connection's own identity. The result is the token.</summary>
[Activity("Google", "Google Cloud", "Gets an access token of a connection's identity.")]
public sealed class GetAccessToken : CodeActivity<Sensitive<string>>
{
    /// <summary>The name of a connection that an administrator defined.</summary>
    [Required]
    [NamesConnection]
    [Input(Description = "The name of a connection that an administrator defined.")]
    public Input<string> Connection { get; set; } = default!;

    /// <summary>1 to 100 OAuth scopes.</summary>
    [Input(Description = "The OAuth scopes the token is for.", DefaultValue = new[] { GoogleScopes.CloudPlatform })]
    public Input<ICollection<string>>? Scopes { get; set; }

    /// <summary>When the token stops working.</summary>
    [Output(Description = "When the token stops working.")]
    public Output<DateTimeOffset>? ExpiresAt { get; set; }

    /// <summary>The scopes that were granted.</summary>
    [Output(Description = "The scopes that were granted.")]
    public Output<string[]>? GrantedScopes { get; set; }

    /// <summary>The service account's email; null when the connection does not say.</summary>
    [Output(Description = "Whose token it is, where the connection says so.")]
    public Output<string>? Principal { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var token = await context.GetRequiredService<ITokenBroker>().GetAccessTokenAsync(
            context.Get(Connection) ?? "", [.. context.Get(Scopes) ?? []], ConnectionUser.Of(context), context.CancellationToken);
        context.Set(ExpiresAt, token.ExpiresAt);
        context.Set(GrantedScopes, [.. token.Scopes]);
        context.Set(Principal, token.Principal);
        context.GetRequiredService<TokenHolders>().Note(token);
        context.SetResult(token.Token);
    }
}
