using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Access.Oidc;

/// <summary>An OpenID Connect provider that people may sign in with: configuration section <c>SignIn:Oidc</c>. Without an authority there is none.</summary>
public sealed class OidcOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "SignIn:Oidc";

    /// <summary>The provider's issuer, an https URL (http on this machine only); its configuration is read from <c>/.well-known/openid-configuration</c> below it.</summary>
    public Uri? Authority { get; set; }

    /// <summary>What people see on the button.</summary>
    public string Name { get; set; } = "single sign-on";

    /// <summary>The id the provider gave this server. Its redirect address there is <c>/sign-in/provider/callback</c> of this server.</summary>
    public string? ClientId { get; set; }

    /// <summary>The secret that belongs to the id.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>A file that holds the secret, instead.</summary>
    public string? ClientSecretFile { get; set; }

    /// <summary>What is asked for beside <c>openid</c>.</summary>
    public IList<string> Scopes { get; } = [];

    /// <summary>The claim that becomes the user's name.</summary>
    public string NameClaim { get; set; } = "email";

    /// <summary>The claim whose values give roles.</summary>
    public string RoleClaim { get; set; } = "groups";

    /// <summary>For each role the values of the claim that give it.</summary>
    public IDictionary<string, IList<string>> Roles { get; } = new Dictionary<string, IList<string>>(StringComparer.Ordinal);

    /// <summary>Roles of everybody the provider vouches for. Who has none by either way is not let in.</summary>
    public IList<string> DefaultRoles { get; } = [];

    /// <summary>Only people whose verified e-mail address is in one of these domains; all when there is none.</summary>
    public IList<string> AllowedDomains { get; } = [];

    internal bool IsConfigured => Authority is not null;

    /// <summary>The issuer as it names itself: without the slash that <see cref="Uri"/> adds to a mere host.</summary>
    internal string Issuer => Authority!.OriginalString;

    internal static bool IsSafe(Uri address) => address.IsAbsoluteUri && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback));

    internal string ReadSecret() => ClientSecretFile is { Length: > 0 } file ? File.ReadAllText(file).Trim() : ClientSecret ?? "";
}

/// <summary>Checks the section when the server starts.</summary>
internal sealed class OidcOptionsValidator : IValidateOptions<OidcOptions>
{
    public ValidateOptionsResult Validate(string? name, OidcOptions options)
    {
        if (!options.IsConfigured)
        {
            return ValidateOptionsResult.Success;
        }

        var unknown = options.Roles.Keys.Concat(options.DefaultRoles).FirstOrDefault(role => !Access.Roles.All.Contains(role, StringComparer.Ordinal));
        var problem =
            !OidcOptions.IsSafe(options.Authority!) ? "SignIn:Oidc:Authority must be an https URL; http is accepted on this machine only."
            : string.IsNullOrEmpty(options.ClientId) ? "SignIn:Oidc:ClientId is missing."
            : string.IsNullOrEmpty(options.ClientSecret) && string.IsNullOrEmpty(options.ClientSecretFile) ? "SignIn:Oidc:ClientSecret or SignIn:Oidc:ClientSecretFile is missing."
            : !string.IsNullOrEmpty(options.ClientSecretFile) && !File.Exists(options.ClientSecretFile) ? $"SignIn:Oidc:ClientSecretFile: there is no file {options.ClientSecretFile}."
            : unknown is not null ? $"SignIn:Oidc: there is no role '{unknown}'. Use: {string.Join(", ", Access.Roles.All)}."
            : options.Roles.Count == 0 && options.DefaultRoles.Count == 0 ? "SignIn:Oidc gives nobody a role: set Roles:<role> to values of the claim, or DefaultRoles."
            : null;
        return problem is null ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problem);
    }
}
