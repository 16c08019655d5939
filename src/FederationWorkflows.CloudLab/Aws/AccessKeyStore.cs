using System.Security.Cryptography;
using FederationWorkflows.CloudLab.Aws.Iam;
using FederationWorkflows.Engine;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>Issues keys and finds them again. Sessions are bounded in number: the oldest goes first. Safe for use by several threads.</summary>
internal sealed class AccessKeyStore
{
    /// <summary>IAM User Guide, "IAM and AWS STS quotas".</summary>
    public const int MaximumKeysOfUser = 2;

    private const int MaximumSessions = 10_000;
    private const string IdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    private readonly Lock gate = new();
    private readonly Dictionary<string, AccessKey> keys = new(StringComparer.Ordinal);
    private readonly Dictionary<LabUser, List<AccessKey>> userKeys = [];
    private readonly Queue<string> sessions = new();

    /// <summary>An identifier in IAM's form ("IAM identifiers": unique identifiers): a prefix that says what it names, then 16 or 17 letters and digits.</summary>
    public static string NewId(string prefix, int length = 17) => prefix + RandomNumberGenerator.GetString(IdAlphabet, length);

    /// <summary>Adds a key of a user; null when the user has as many as a user may have.</summary>
    public AccessKey? AddUserKey(LabUser user, AwsAccessKey declared, DateTimeOffset now)
    {
        var key = new AccessKey(declared.Id ?? NewId("AKIA", 16), Sensitive.Of(declared.Secret ?? NewSecret()), declared.CreateDate ?? now, user.AsCaller)
        {
            IsActive = declared.Status == "Active",
            LastUse = declared.LastUsed,
        };
        lock (gate)
        {
            var own = KeysOf(user);
            if (own.Count == MaximumKeysOfUser)
            {
                return null;
            }

            own.Add(key);
            return keys.TryAdd(key.Id, key) ? key : throw new WorldFormatException("$.aws", $"The access key {key.Id} is declared twice.");
        }
    }

    public AccessKey AddSession(Func<AwsCaller> session, DateTimeOffset now, DateTimeOffset expires)
    {
        var token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(192));
        var key = new AccessKey(NewId("ASIA", 16), Sensitive.Of(NewSecret()), now, session) { SessionToken = Sensitive.Of(token), Expires = expires };
        lock (gate)
        {
            if (sessions.Count == MaximumSessions)
            {
                keys.Remove(sessions.Dequeue());
            }

            sessions.Enqueue(key.Id);
            keys.Add(key.Id, key);
        }

        return key;
    }

    public AccessKey? Find(string id)
    {
        lock (gate)
        {
            return keys.GetValueOrDefault(id);
        }
    }

    /// <summary>The keys of a user, inactive ones too, in the order they were made.</summary>
    public IReadOnlyList<AccessKey> Of(LabUser user)
    {
        lock (gate)
        {
            return [.. KeysOf(user)];
        }
    }

    /// <summary>False when the user has no such key.</summary>
    public bool Remove(LabUser user, string id)
    {
        lock (gate)
        {
            return KeysOf(user).RemoveAll(key => key.Id == id) > 0 && keys.Remove(id);
        }
    }

    private static string NewSecret() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(30));

    private List<AccessKey> KeysOf(LabUser user)
    {
        if (!userKeys.TryGetValue(user, out var own))
        {
            userKeys.Add(user, own = []);
        }

        return own;
    }
}
