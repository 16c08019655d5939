using FederationWorkflows.Engine;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>A key requests are signed with: a user's, or a session's until it expires.</summary>
/// <param name="id"><c>AKIA...</c> of a user, <c>ASIA...</c> of a session.</param>
/// <param name="secret">The secret access key.</param>
/// <param name="created">When it was made.</param>
/// <param name="caller">Whose it is, as of now.</param>
internal sealed class AccessKey(string id, Sensitive<string> secret, DateTimeOffset created, Func<AwsCaller> caller)
{
    private volatile bool isActive = true;
    private volatile AwsAccessKeyUse? lastUse;

    public string Id => id;

    public Sensitive<string> Secret => secret;

    public DateTimeOffset Created => created;

    public Sensitive<string>? SessionToken { get; init; }

    public DateTimeOffset? Expires { get; init; }

    /// <summary>False: it is answered as if it did not exist, from the next call on.</summary>
    public bool IsActive
    {
        get => isActive;
        set => isActive = value;
    }

    public AwsAccessKeyUse? LastUse
    {
        get => lastUse;
        set => lastUse = value;
    }

    /// <summary>Whose it is, with the tags that user or role has at this moment.</summary>
    public AwsCaller Caller() => caller();
}
