using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;

namespace FederationWorkflows.Federation.Google.Activities;

/// <summary>Becomes a service account: exchanges an access token for one of the service account. The result is that token.</summary>
[Activity("Google", "Google Cloud", "Exchanges an access token for one of a service account.")]
public sealed class ImpersonateServiceAccount : CodeActivity<Sensitive<string>>
{
    /// <summary>The access token that authorizes the call.</summary>
    [Required]
    [Input(Description = "The access token of an identity that may impersonate the service account.")]
    public Input<Sensitive<string>> SourceToken { get; set; } = default!;

    /// <summary>The service account's email or numeric id.</summary>
    [Required]
    [Input(Description = "The service account to become: its email or numeric id.")]
    public Input<string> ServiceAccount { get; set; } = default!;

    /// <summary>The service accounts between the two, in order; at most 10.</summary>
    [Input(Description = "Service accounts between the two, in order: each must be allowed to impersonate the next.")]
    public Input<ICollection<string>>? Delegates { get; set; }

    /// <summary>1 to 100 OAuth scopes.</summary>
    [Input(Description = "The OAuth scopes the token is for.", DefaultValue = new[] { GoogleScopes.CloudPlatform })]
    public Input<ICollection<string>>? Scopes { get; set; }

    /// <summary>1 second to 12 hours; beyond 1 hour only where an organization policy allows it.</summary>
    [Input(Description = "How long the token works, up to 1 hour unless an organization policy extends it.", DefaultValue = "01:00:00")]
    public Input<TimeSpan>? Lifetime { get; set; }

    /// <summary>When the token stops working.</summary>
    [Output(Description = "When the token stops working.")]
    public Output<DateTimeOffset>? ExpiresAt { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var request = new AccessTokenRequest
        {
            ServiceAccount = context.Get(ServiceAccount) ?? "",
            SourceToken = context.Get(SourceToken) ?? Sensitive.Of(""),
            Delegates = [.. context.Get(Delegates) ?? []],
            Scopes = [.. context.Get(Scopes) ?? []],
            Lifetime = context.Get(Lifetime),
        };
        var accounts = context.GetRequiredService<IServiceAccountCredentials>();
        var token = await context.CallAsync(request.SourceToken, current => accounts.GenerateAccessTokenAsync(request with { SourceToken = current }, context.CancellationToken));
        context.Set(ExpiresAt, token.ExpiresAt);
        context.GetRequiredService<TokenHolders>().Note(token, request.ServiceAccount);
        context.SetResult(token.Token);
    }
}
