using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Google.Activities;

/// <summary>Shows what an ID token says, <b>without verifying it</b>. The result is its payload, a JSON object with the claims by their own names.</summary>
[Activity("Google", "Google Cloud", "Shows the claims of an ID token, without verifying it.")]
public sealed class DecodeIdToken : CodeActivity<JsonElement>
{
    /// <summary>The token, at most 20000 characters.</summary>
    [Required]
    [Input(Description = "The ID token.")]
    public Input<Sensitive<string>> Token { get; set; } = default!;

    /// <summary><c>iss</c>.</summary>
    [Output(Description = "iss: who issued it.")]
    public Output<string>? Issuer { get; set; }

    /// <summary><c>aud</c>.</summary>
    [Output(Description = "aud: for whom.")]
    public Output<string[]>? Audience { get; set; }

    /// <summary><c>azp</c>.</summary>
    [Output(Description = "azp: the authorized party.")]
    public Output<string>? AuthorizedParty { get; set; }

    /// <summary><c>sub</c>.</summary>
    [Output(Description = "sub: of whom it speaks.")]
    public Output<string>? Subject { get; set; }

    /// <summary><c>email</c>.</summary>
    [Output(Description = "email.")]
    public Output<string>? Email { get; set; }

    /// <summary><c>iat</c>.</summary>
    [Output(Description = "iat: when it was issued.")]
    public Output<DateTimeOffset?>? IssuedAt { get; set; }

    /// <summary><c>exp</c>.</summary>
    [Output(Description = "exp: when it expires.")]
    public Output<DateTimeOffset?>? ExpiresAt { get; set; }

    /// <inheritdoc/>
    protected override void Execute(ActivityExecutionContext context)
    {
        var claims = IdTokenDecoder.DecodeUnverified(context.Get(Token)?.Reveal() ?? "");
        context.Set(Issuer, claims.Issuer);
        context.Set(Audience, [.. claims.Audience]);
        context.Set(AuthorizedParty, claims.AuthorizedParty);
        context.Set(Subject, claims.Subject);
        context.Set(Email, claims.Email);
        context.Set(IssuedAt, claims.IssuedAt);
        context.Set(ExpiresAt, claims.ExpiresAt);
        context.SetResult(claims.Payload);
    }
}
