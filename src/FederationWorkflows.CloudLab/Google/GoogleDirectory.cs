using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>
/// A world made ready for look-ups, with the keys and user credentials the lab generates for it. While the lab runs, service accounts can be added and roles on them
/// granted, and nothing else. Safe for use by several threads.
/// </summary>
internal sealed class GoogleDirectory
{
    // Google's own, unless it is asked for more (IAM documentation, "Quotas and limits").
    private const int MaximumAccounts = 100;

    private readonly Lock changing = new();
    private readonly FrozenDictionary<string, UserEntry> usersByEmail;
    private readonly FrozenDictionary<string, UserEntry> usersByClientId;
    private readonly FrozenSet<string> extendedLifetimes;
    private readonly IReadOnlyList<GoogleProject> projects;

    private volatile Accounts accounts;

    /// <exception cref="WorldFormatException">The world contradicts itself; see <see cref="GoogleWorldReader"/>.</exception>
    public GoogleDirectory(GoogleWorld world)
    {
        GoogleWorldReader.Require(world, "$.google");
        projects = world.Projects;
        accounts = new Accounts([.. world.Projects.SelectMany(project => project.ServiceAccounts.Select(account => new ServiceAccountEntry(account, project)))]);
        usersByEmail = world.Users.Select(user => new UserEntry(user)).ToFrozenDictionary(user => user.Email, StringComparer.OrdinalIgnoreCase);
        usersByClientId = usersByEmail.Values.ToFrozenDictionary(user => user.ClientId);
        Instance = world.Instance is { } instance
            ? new InstanceEntry(instance, world.Projects.Single(project => project.Id == instance.Project), accounts.ByEmail[instance.ServiceAccount])
            : null;
        extendedLifetimes = world.OrgPolicies.SelectMany(policy => policy.AllowedValues).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The instance that has a metadata server, if any.</summary>
    public InstanceEntry? Instance { get; }

    public IEnumerable<ServiceAccountEntry> ServiceAccounts => accounts.ByEmail.Values;

    /// <summary>A project by its id or number.</summary>
    public GoogleProject? FindProject(string idOrNumber) => projects.FirstOrDefault(project => project.Id == idOrNumber || project.Number == idOrNumber);

    public IEnumerable<UserEntry> Users => usersByEmail.Values;

    /// <summary>Also finds disabled accounts.</summary>
    public ServiceAccountEntry? FindServiceAccount(string emailOrUniqueId)
    {
        var known = accounts;
        return known.ByEmail.GetValueOrDefault(emailOrUniqueId) ?? known.ById.GetValueOrDefault(emailOrUniqueId);
    }

    public ServiceAccountEntry? FindByKeyId(string keyId) => accounts.ByKeyId.GetValueOrDefault(keyId);

    public UserEntry? FindUser(string email) => usersByEmail.GetValueOrDefault(email);

    public UserEntry? FindUserByClient(string clientId) => usersByClientId.GetValueOrDefault(clientId);

    /// <summary>Grants a role on a service account, which is made when it is not there; members that have the role keep it. False when no project is the account's.</summary>
    /// <exception cref="WorldFormatException">Google would not take it; nothing is changed.</exception>
    public bool Grant(string address, IamBinding binding)
    {
        GoogleWorldReader.Require(GoogleWorldReader.CheckPolicy(new IamPolicy { Bindings = [binding] }, "$"));
        lock (changing)
        {
            if (FindServiceAccount(address) is { } known)
            {
                known.Grant(binding);
                return true;
            }

            if (address.Split('@') is not [var name, var domain] || projects.FirstOrDefault(project => domain == $"{project.Id}.iam.gserviceaccount.com") is not { } home)
            {
                return false;
            }

            if (!GoogleWorldReader.IsAccountName(name))
            {
                throw new WorldFormatException("$", $"'{name}' is no service account name; use 6 to 30 lower-case letters, digits and hyphens, starting with a letter.");
            }

            var all = accounts.ByEmail.Values;
            if (all.Count(account => account.ProjectId == home.Id) >= MaximumAccounts)
            {
                throw new WorldFormatException("$", $"The project {home.Id} has {MaximumAccounts} service accounts, and the lab keeps no more: start another.");
            }

            var made = new ServiceAccountEntry(new GoogleServiceAccount { Name = name }, home);
            made.Grant(binding);
            accounts = new Accounts([.. all, made]);
            return true;
        }
    }

    public bool MayLiveTwelveHours(ServiceAccountEntry account) => extendedLifetimes.Contains(account.Email);

    /// <summary>A numeric id of Google's length that is always the same for the same address.</summary>
    internal static string DerivedId(string email)
    {
        var number = new BigInteger(SHA256.HashData(Encoding.UTF8.GetBytes(email)), isUnsigned: true);
        return "1" + (number % BigInteger.Pow(10, 20)).ToString("D20", CultureInfo.InvariantCulture);
    }

    private sealed class Accounts(IReadOnlyList<ServiceAccountEntry> all)
    {
        public FrozenDictionary<string, ServiceAccountEntry> ByEmail { get; } = all.ToFrozenDictionary(account => account.Email, StringComparer.OrdinalIgnoreCase);

        public FrozenDictionary<string, ServiceAccountEntry> ById { get; } = all.ToFrozenDictionary(account => account.UniqueId);

        public FrozenDictionary<string, ServiceAccountEntry> ByKeyId { get; } =
            all.SelectMany(account => account.KeyIds.Select(keyId => (KeyId: keyId, account))).ToFrozenDictionary(pair => pair.KeyId, pair => pair.account);
    }
}

/// <summary>An instance with what it refers to.</summary>
internal sealed class InstanceEntry(GoogleInstance instance, GoogleProject project, ServiceAccountEntry account)
{
    public ServiceAccountEntry Account => account;

    public string ProjectId => project.Id;

    public long ProjectNumber { get; } = long.Parse(project.Number, CultureInfo.InvariantCulture);

    public string Zone => instance.Zone;

    public string Name => instance.Name;

    public ulong Id { get; } = instance.Id is { } id ? ulong.Parse(id, CultureInfo.InvariantCulture) : DerivedId($"{project.Id}/{instance.Zone}/{instance.Name}");

    public IReadOnlyList<string> Scopes => instance.Scopes;

    public IReadOnlyList<string> Licenses => instance.Licenses;

    private static ulong DerivedId(string name) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name))) >> 1;
}

/// <summary>A service account with its keys.</summary>
internal sealed class ServiceAccountEntry
{
    // Google's own (IAM documentation, "Quotas and limits": principals in one allow policy).
    private const int MaximumMembers = 1500;

    private readonly GoogleServiceAccount account;
    private readonly GoogleProject project;
    private readonly List<ServiceAccountKeyEntry> keys;

    private volatile IamPolicy policy;

    public ServiceAccountEntry(GoogleServiceAccount account, GoogleProject project)
    {
        this.account = account;
        this.project = project;
        policy = account.IamPolicy;
        Email = account.AddressIn(project);
        UniqueId = account.UniqueId ?? GoogleDirectory.DerivedId(Email);
        Principal = GooglePrincipal.ServiceAccount(Email, UniqueId);
        keys = [.. account.Keys.Select(ServiceAccountKeyEntry.From), new ServiceAccountKeyEntry(SystemKey.KeyId, SystemKey, null, null)];
    }

    public string Email { get; }

    public string UniqueId { get; }

    public string ProjectId => project.Id;

    public string? DisplayName => account.DisplayName;

    public bool Disabled => account.Disabled;

    public GooglePrincipal Principal { get; }

    /// <summary>The Google-managed key: signs for <c>signJwt</c> and <c>signBlob</c>, and never leaves.</summary>
    public GoogleSigningKey SystemKey { get; } = new();

    public IEnumerable<string> KeyIds => keys.Select(key => key.KeyId);

    /// <summary>Every key, the Google-managed one last.</summary>
    public IReadOnlyList<ServiceAccountKeyEntry> Keys => keys;

    /// <summary>Every key whose signature counts as this account's, the Google-managed one included.</summary>
    public IEnumerable<JsonWebKey> PublicKeys => keys.Where(key => !key.Disabled).Select(key => key.PublicKey);

    /// <summary>The public key of this id, or none.</summary>
    public JsonWebKey? FindKey(string keyId) => keys.Find(key => key.KeyId == keyId && !key.Disabled)?.PublicKey;

    /// <summary>The first user-managed key whose private part the lab has; null when there is none.</summary>
    public GoogleSigningKey? DownloadableKey => keys.Select(key => key.KeyPair).FirstOrDefault(pair => pair is not null && pair != SystemKey);

    /// <summary>Grants a role on the account, beside what is granted. Not for several threads at a time.</summary>
    /// <exception cref="WorldFormatException">There would be too many members.</exception>
    public void Grant(IamBinding binding)
    {
        var before = policy.Bindings.FirstOrDefault(known => known.Role == binding.Role)?.Members ?? [];
        var granted = new IamPolicy
        {
            Bindings = [.. policy.Bindings.Where(known => known.Role != binding.Role), new IamBinding { Role = binding.Role, Members = [.. before.Union(binding.Members, StringComparer.Ordinal)] }],
        };
        policy = granted.Bindings.Sum(static known => known.Members.Count) <= MaximumMembers
            ? granted
            : throw new WorldFormatException("$.members", $"The policy of {Email} would have more than {MaximumMembers} members.");
    }

    /// <summary>Roles on the account and, inherited, on its project.</summary>
    public bool Grants(GooglePrincipal principal, string permission) =>
        policy.Grants(principal, permission) || project.IamPolicy.Grants(principal, permission);
}

/// <summary>A key of a service account: a pair the lab makes, or the public part of one that is kept elsewhere.</summary>
internal sealed record ServiceAccountKeyEntry(string KeyId, GoogleSigningKey? KeyPair, JsonWebKey? ForeignKey, GoogleServiceAccountKey? Declared)
{
    /// <summary>Google's own key of the account, which nobody has and which Google rotates.</summary>
    public bool IsSystemManaged => Declared is null;

    public bool Disabled => Declared?.Disabled == true;

    public JsonWebKey PublicKey => ForeignKey ?? KeyPair!.PublicKey;

    public static ServiceAccountKeyEntry From(GoogleServiceAccountKey key)
    {
        if (key.PublicKeyPem is null)
        {
            var pair = new GoogleSigningKey(key.Id);
            return new ServiceAccountKeyEntry(pair.KeyId, pair, null, key);
        }

        using var rsa = RSA.Create();
        rsa.ImportFromPem(key.PublicKeyPem);
        return new ServiceAccountKeyEntry(key.Id!, null, JsonWebKey.FromRsa(key.Id!, rsa), key);
    }
}

/// <summary>A person, with what a sign-in on their machine would have left there.</summary>
internal sealed class UserEntry(GoogleUser user)
{
    private const string Digits = "0123456789";
    private const string Lower = "abcdefghijklmnopqrstuvwxyz";
    private const string Base64UrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + Lower + Digits + "-_";

    public string Email => user.Email;

    public string UniqueId { get; } = user.UniqueId ?? GoogleDirectory.DerivedId(user.Email);

    public IReadOnlyList<string> Scopes => user.Scopes;

    public GooglePrincipal Principal => GooglePrincipal.User(Email, UniqueId);

    public string ClientId { get; } =
        $"{RandomNumberGenerator.GetString(Digits, 12)}-{RandomNumberGenerator.GetString(Lower + Digits, 32)}.apps.googleusercontent.com";

    public Sensitive<string> ClientSecret { get; } = Sensitive.Of("GOCSPX-" + RandomNumberGenerator.GetString(Base64UrlAlphabet, 28));

    public Sensitive<string> RefreshToken { get; } = Sensitive.Of("1//0" + RandomNumberGenerator.GetString(Base64UrlAlphabet, 99));
}
