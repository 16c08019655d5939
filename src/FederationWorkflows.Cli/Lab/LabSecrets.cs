using System.Security.Cryptography;
using FederationWorkflows.CloudLab;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Cli.Lab;

/// <summary>The secrets that the shipped stories name, for work with a lab: addresses of its sinks for those who are told, and a key for signed alerts.</summary>
internal sealed class LabSecrets : ISecretSource
{
    /// <summary>What alerts are signed with.</summary>
    public const string SigningKey = "alert-signing-key";

    private static readonly string[] Told = ["incident-chat", "inventory-chat", "security-reports"];

    public LabSecrets(CloudLabServer lab)
    {
        Values = Told.ToDictionary(name => name, name => new Uri(lab.BaseAddress, $"lab/sink/{name}").ToString());
        Values[SigningKey] = RandomNumberGenerator.GetHexString(32, lowercase: true);
    }

    /// <summary>The values by name; none of them opens anything but the lab.</summary>
    public Dictionary<string, string> Values { get; }

    public ValueTask<Sensitive<string>?> GetAsync(string name, CancellationToken cancellationToken) => new(Values.TryGetValue(name, out var value) ? Sensitive.Of(value) : null);
}
