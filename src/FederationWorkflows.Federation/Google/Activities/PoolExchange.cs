using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;

namespace FederationWorkflows.Federation.Google.Activities;

/// <summary>What the exchanges at a workload identity pool have in common; each takes another proof of identity.</summary>
public abstract class PoolExchange : CodeActivity<Sensitive<string>>
{
    private protected PoolExchange()
    {
    }

    /// <summary>The proof of identity.</summary>
    [Required]
    [Input(Description = "The proof of identity: the result of Aws.SignCallerIdentity, or an ID token of the provider's issuer.")]
    public Input<Sensitive<string>> SubjectToken { get; set; } = default!;

    /// <summary>The provider's full resource name.</summary>
    [Required]
    [Input(Description = "The provider: //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER.")]
    public Input<string> Provider { get; set; } = default!;

    /// <summary>The service account's email or numeric id; none for the federated token itself.</summary>
    [Input(Description = "The service account to become: its email or numeric id. Empty for a token of the federated identity itself.")]
    public Input<string>? ServiceAccount { get; set; }

    /// <summary>1 to 100 OAuth scopes.</summary>
    [Input(Description = "The OAuth scopes the token is for.", DefaultValue = new[] { GoogleScopes.CloudPlatform })]
    public Input<ICollection<string>>? Scopes { get; set; }

    /// <summary>1 second to 12 hours, with a service account only.</summary>
    [Input(Description = "How long a service account's token works, up to 1 hour unless an organization policy extends it.", DefaultValue = "01:00:00")]
    public Input<TimeSpan>? Lifetime { get; set; }

    /// <summary>When the token stops working.</summary>
    [Output(Description = "When the token stops working.")]
    public Output<DateTimeOffset>? ExpiresAt { get; set; }

    private protected abstract SubjectTokenType SubjectTokenType { get; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var account = context.Get(ServiceAccount);
        var request = new PoolTokenRequest
        {
            Provider = context.Get(Provider) ?? "",
            SubjectToken = context.Get(SubjectToken) ?? Sensitive.Of(""),
            SubjectTokenType = SubjectTokenType,
            Scopes = [.. context.Get(Scopes) ?? []],
            ServiceAccount = string.IsNullOrEmpty(account) ? null : account,
            Lifetime = context.Get(Lifetime),
        };
        var token = await ExchangeAsync(context, request);
        context.Set(ExpiresAt, token.ExpiresAt);
        context.GetRequiredService<TokenHolders>().Note(token, request.ServiceAccount);
        context.SetResult(token.Token);
    }

    private static async Task<GoogleAccessToken> ExchangeAsync(ActivityExecutionContext context, PoolTokenRequest request)
    {
        try
        {
            var pools = context.GetRequiredService<IWorkloadIdentityPools>();
            return await context.CallAsync(request.SubjectToken, current => pools.ExchangeAsync(request with { SubjectToken = current }, context.CancellationToken));
        }
        catch (FederationException refusal) when (refusal.Explanation is { } explanation)
        {
            // The message has what fails; the journal has every condition, also those that hold.
            context.JournalData["Trust"] = explanation.ToJournal();
            throw;
        }
    }
}
