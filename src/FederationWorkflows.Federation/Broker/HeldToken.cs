using System.Security.Cryptography;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Clusters;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Broker;

/// <summary>A token that is kept, open while it is used and sealed while it is not. Immutable: sealing makes another one.</summary>
internal sealed class HeldToken
{
    private readonly object token;

    private readonly byte[][]? secrets;

    private HeldToken(object token, string mark, byte[][]? secrets, long refreshAt, long goodUntil)
    {
        this.token = token;
        Mark = mark;
        this.secrets = secrets;
        RefreshAt = refreshAt;
        GoodUntil = goodUntil;
    }

    /// <summary>A token that was just received.</summary>
    /// <param name="token">A Google access token, a Google ID token, a cluster's token, or AWS credentials.</param>
    /// <param name="expiresAt">When it stops working.</param>
    /// <param name="now">The time it was received.</param>
    /// <param name="random">From 0 to below 1: spreads the refreshing of tokens that were received together.</param>
    public static HeldToken Of(object token, DateTimeOffset expiresAt, DateTimeOffset now, double random)
    {
        var lifetime = Math.Max(0, (expiresAt - now).Ticks);

        // Whoever gets it has at least the last sixth of its life, up to 5 minutes; a new one is looked for in the last third.
        var left = Math.Min(TimeSpan.FromMinutes(5).Ticks, lifetime / 6);
        var refresh = (long)(lifetime * (0.6 + (0.1 * random)));
        return new HeldToken(token, TokenMark.Of(token), null, now.UtcTicks + refresh, now.UtcTicks + lifetime - left);
    }

    /// <summary>Its <see cref="TokenMark"/>.</summary>
    public string Mark { get; }

    /// <summary>From then on another one is looked for while this one is handed out. UTC ticks.</summary>
    public long RefreshAt { get; }

    /// <summary>From then on it is handed out no more. UTC ticks.</summary>
    public long GoodUntil { get; }

    public bool IsSealed => secrets is not null;

    /// <summary>The token; only while it is open.</summary>
    public object Token => token;

    public HeldToken Seal(MemorySeal seal) => IsSealed ? this : token switch
    {
        GoogleAccessToken access => Sealed(access with { Token = Empty }, seal.Seal(access.Token.Reveal())),
        GoogleIdToken id => Sealed(id with { Token = Empty }, seal.Seal(id.Token.Reveal())),
        ProjectedToken projected => Sealed(projected with { Token = Empty }, seal.Seal(projected.Token.Reveal())),
        AwsCredentials { SessionToken: { } session } aws => Sealed(
            aws with { SecretAccessKey = Empty, SessionToken = Empty }, seal.Seal(aws.SecretAccessKey.Reveal()), seal.Seal(session.Reveal())),
        AwsCredentials aws => Sealed(aws with { SecretAccessKey = Empty }, seal.Seal(aws.SecretAccessKey.Reveal())),
        _ => throw new NotSupportedException($"A {token.GetType().Name} is no token that is kept."),
    };

    public HeldToken Open(MemorySeal seal)
    {
        if (secrets is null)
        {
            return this;
        }

        object opened = token switch
        {
            GoogleAccessToken access => access with { Token = Secret(seal, 0) },
            GoogleIdToken id => id with { Token = Secret(seal, 0) },
            ProjectedToken projected => projected with { Token = Secret(seal, 0) },
            AwsCredentials { SessionToken: not null } aws => aws with { SecretAccessKey = Secret(seal, 0), SessionToken = Secret(seal, 1) },
            AwsCredentials aws => aws with { SecretAccessKey = Secret(seal, 0) },
            _ => throw new NotSupportedException($"A {token.GetType().Name} is no token that is kept."),
        };
        return new HeldToken(opened, Mark, null, RefreshAt, GoodUntil);
    }

    /// <summary>The same, but another one is looked for at another time.</summary>
    public HeldToken RefreshedAt(long ticks) => new(token, Mark, secrets, ticks, GoodUntil);

    /// <summary>Overwrites what is sealed. Texts that were handed out are their holders' to forget.</summary>
    public void Wipe()
    {
        foreach (var secret in secrets ?? [])
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static Sensitive<string> Empty { get; } = Sensitive.Of("");

    private HeldToken Sealed(object skeleton, params byte[][] contents) => new(skeleton, Mark, contents, RefreshAt, GoodUntil);

    private Sensitive<string> Secret(MemorySeal seal, int index) => Sensitive.Of(seal.Open(secrets![index]));
}
