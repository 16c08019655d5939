using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;

namespace FederationWorkflows.Federation.Google.Activities;

/// <summary>
/// Mints an OpenID Connect ID token for an audience, in one of two ways: of <see cref="ServiceAccount"/>, authorized by <see cref="SourceToken"/>;
/// or of the identity of <see cref="Connection"/> itself (service account key or metadata server). The result is the token.
/// </summary>
[Activity("Google", "Google Cloud", "Mints an ID token of a service account for an audience.")]
public sealed class MintIdToken : CodeActivity<Sensitive<string>>
{
    /// <summary>The <c>aud</c> of the token: 1 to 2048 characters.</summary>
    [Required]
    [Input(Description = "The aud of the token: what the trust policy on the other side expects.")]
    public Input<string> Audience { get; set; } = default!;

    /// <summary>The service account's email or numeric id; needs <see cref="SourceToken"/>.</summary>
    [Input(Description = "The service account the token speaks of: its email or numeric id. Needs a source token.")]
    public Input<string>? ServiceAccount { get; set; }

    /// <summary>The access token that authorizes the call.</summary>
    [Input(Description = "The access token of an identity that may mint ID tokens of the service account (or of the service account itself).")]
    public Input<Sensitive<string>>? SourceToken { get; set; }

    /// <summary>Instead of service account and source token: the connection whose own identity the token speaks of.</summary>
    [NamesConnection]
    [Input(Description = "Instead of service account and source token: a connection with a service account key, or on Google Cloud the host's own identity.")]
    public Input<string>? Connection { get; set; }

    /// <summary>The service accounts between caller and service account, in order; at most 10.</summary>
    [Input(Description = "Service accounts between the two, in order: each must be allowed to impersonate the next.")]
    public Input<ICollection<string>>? Delegates { get; set; }

    /// <summary>Whether the token has <c>email</c> and <c>email_verified</c>. Google decides it for a connection's own identity.</summary>
    [Input(Description = "Put email and email_verified into the token.", DefaultValue = true)]
    public Input<bool>? IncludeEmail { get; set; }

    /// <summary>Whether <c>azp</c> is the service account's email instead of its numeric id. Google decides it for a connection's own identity.</summary>
    [Input(Description = "Make azp the service account's email instead of its numeric id.")]
    public Input<bool>? UseEmailAzp { get; set; }

    /// <summary>When the token expires.</summary>
    [Output(Description = "When the token expires.")]
    public Output<DateTimeOffset?>? ExpiresAt { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var token = await MintAsync(context);
        context.Set(ExpiresAt, token.Claims.ExpiresAt);
        context.SetResult(token.Token);
    }

    private ValueTask<GoogleIdToken> MintAsync(ActivityExecutionContext context)
    {
        var audience = context.Get(Audience) ?? "";
        var serviceAccount = context.Get(ServiceAccount);
        var sourceToken = context.Get(SourceToken);
        var connection = context.Get(Connection);
        return (HasText(connection), HasText(serviceAccount), HasText(sourceToken?.Reveal())) switch
        {
            (true, false, false) => context.GetRequiredService<ITokenBroker>().GetIdTokenAsync(connection!, audience, ConnectionUser.Of(context), context.CancellationToken),
            (false, true, true) => new(MintAsync(
                context,
                new IdTokenRequest
                {
                    ServiceAccount = serviceAccount!,
                    SourceToken = sourceToken!,
                    Delegates = [.. context.Get(Delegates) ?? []],
                    Audience = audience,
                    IncludeEmail = context.Get(IncludeEmail),
                    UseEmailAzp = context.Get(UseEmailAzp) ? true : null,
                })),
            (true, _, _) => throw Wrong("a connection is given together with a service account or a source token"),
            (_, false, false) => throw Wrong("neither a connection nor a service account is given"),
            (_, true, false) => throw Wrong("the service account has no source token"),
            (_, false, true) => throw Wrong("the source token has no service account"),
        };
    }

    private static Task<GoogleIdToken> MintAsync(ActivityExecutionContext context, IdTokenRequest request)
    {
        var accounts = context.GetRequiredService<IServiceAccountCredentials>();
        return context.CallAsync(request.SourceToken, current => accounts.GenerateIdTokenAsync(request with { SourceToken = current }, context.CancellationToken));
    }

    private static bool HasText(string? text) => !string.IsNullOrEmpty(text);

    private static FederationException Wrong(string detail) => Failure.Input(
        Cloud.Google, GoogleCall.IamCredentials, "Google.MintIdToken", detail, "Give either serviceAccount and sourceToken, or connection alone to mint for its own identity.");
}
