using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;
using FederationWorkflows.Server.Access.Sessions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OAuth;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Access.Oidc;

/// <summary>
/// The code flow (RFC 6749, PKCE of RFC 7636) is ASP.NET Core's; this adds what makes it OpenID Connect Core 1.0: where to ask is discovered, the
/// answer holds an ID token, and that is checked (section 3.1.3.7) before anybody is believed to be somebody.
/// </summary>
internal sealed class OidcHandler(
    IOptionsMonitor<OAuthOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    OidcProvider provider,
    OidcUsers users,
    IOptions<OidcOptions> oidc) : OAuthHandler<OAuthOptions>(options, logger, encoder)
{
    private const string Nonce = "nonce";

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        await DiscoverAsync();
        properties.Items[Nonce] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        await base.HandleChallengeAsync(properties);
    }

    protected override string BuildChallengeUrl(AuthenticationProperties properties, string redirectUri) =>
        QueryHelpers.AddQueryString(base.BuildChallengeUrl(properties, redirectUri), Nonce, properties.Items[Nonce]!);

    /// <summary>Until this is true the request may be anybody's, and costs neither the provider nor the audit log anything.</summary>
    protected override bool ValidateCorrelationId(AuthenticationProperties properties)
    {
        var isOurs = base.ValidateCorrelationId(properties);
        if (isOurs)
        {
            Context.Features.Set(new StartedSignIn());
        }

        return isOurs;
    }

    protected override async Task<OAuthTokenResponse> ExchangeCodeAsync(OAuthCodeExchangeContext context)
    {
        await DiscoverAsync();
        return await base.ExchangeCodeAsync(context);
    }

    protected override async Task<AuthenticationTicket> CreateTicketAsync(ClaimsIdentity identity, AuthenticationProperties properties, OAuthTokenResponse tokens)
    {
        var token = tokens.Response?.RootElement is { } answer && answer.TryGetProperty("id_token", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
        if (token is null)
        {
            throw new AuthenticationFailureException("The provider's answer holds no ID token.");
        }

        var claims = await CheckAsync(new Sensitive<string>(token), properties.Items[Nonce] ?? "");
        var user = await users.SignInAsync(Context, claims);
        return new AuthenticationTicket(SessionCookie.Ticket(user), SessionCookie.Begin(Context, properties), Scheme.Name);
    }

    /// <summary>Elsewhere it is not known at the start, and the provider may move.</summary>
    private async Task DiscoverAsync()
    {
        var metadata = await provider.GetAsync(Context.RequestAborted);
        Options.AuthorizationEndpoint = metadata.AuthorizationEndpoint;
        Options.TokenEndpoint = metadata.TokenEndpoint;
    }

    private async Task<OidcClaims> CheckAsync(Sensitive<string> token, string nonce)
    {
        var validator = new OidcTokenValidator(provider, TimeProvider);
        var validation = await validator.ValidateAsync(token, Context.RequestAborted);
        if (validation.Failure?.Error == OidcTokenError.UnknownKey && provider.Forget())
        {
            validation = await validator.ValidateAsync(token, Context.RequestAborted);
        }

        if (!validation.IsValid)
        {
            throw new AuthenticationFailureException($"The provider's ID token does not count: {validation.Failure.Message}");
        }

        var claims = validation.Claims;
        var client = oidc.Value.ClientId!;
        var said = claims.Values(Nonce) is [var one] ? one : "";
        var problem =
            claims.Issuer != oidc.Value.Issuer ? "it is another issuer's"
            : !claims.Audiences.Contains(client, StringComparer.Ordinal) ? "it is for another client"
            : claims.Audiences.Count > 1 && claims.AuthorizedParty is null ? "it is for several clients and does not say which asked for it"
            : claims.AuthorizedParty is { } party && party != client ? "another client asked for it"
            : nonce.Length == 0 || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(said), Encoding.UTF8.GetBytes(nonce)) ? "it was not made for this sign-in"
            : null;
        return problem is null ? claims : throw new AuthenticationFailureException($"The provider's ID token does not count: {problem}.");
    }
}

/// <summary>The provider's answer belongs to a sign-in that this browser began here.</summary>
internal sealed record StartedSignIn;
