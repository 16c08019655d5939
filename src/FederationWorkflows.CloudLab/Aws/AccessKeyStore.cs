using System.Security.Cryptography;
using FederationWorkflows.Engine;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>Issues keys and finds them again. Sessions are bounded in number: the oldest goes first.</summary>
internal sealed class AccessKeyStore
{
    private const int MaximumSessions = 10_000;
    private const string IdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    private readonly Lock gate = new();
    private readonly Dictionary<string, AccessKey> keys = new(StringComparer.Ordinal);
    private readonly Queue<string> sessions = new();

    /// <summary>An identifier in IAM's form ("IAM identifiers": unique identifiers): a prefix that says what it names, then 16 or 17 letters and digits.</summary>
    public static string NewId(string prefix, int length = 17) => prefix + RandomNumberGenerator.GetString(IdAlphabet, length);

    public AccessKey AddUserKey(AwsCaller user, string? id, string? secret)
    {
        var key = new AccessKey(id ?? NewId("AKIA", 16), Sensitive.Of(secret ?? NewSecret()), null, null, user);
        lock (gate)
        {
            return keys.TryAdd(key.Id, key) ? key : throw new WorldFormatException("$.aws", $"The access key {key.Id} is declared twice.");
        }
    }

    public AccessKey AddSession(AwsCaller session, DateTimeOffset expires)
    {
        var token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(192));
        var key = new AccessKey(NewId("ASIA", 16), Sensitive.Of(NewSecret()), Sensitive.Of(token), expires, session);
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

    private static string NewSecret() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(30));
}
