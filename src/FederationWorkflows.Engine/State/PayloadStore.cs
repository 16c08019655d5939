using System.Globalization;
using System.Security.Cryptography;

namespace FederationWorkflows.Engine.State;

/// <summary>Large values of one run, stored once under the hash of their content for as long as some part of the state refers to them.</summary>
internal class PayloadStore
{
    private const string Prefix = "p/";

    private readonly Dictionary<string, int> references = [];

    private readonly Dictionary<string, List<string>> byPart = [];

    private readonly Dictionary<string, byte[]> added = [];

    private readonly IReadOnlyDictionary<string, byte[]> loaded;

    private List<string>? current;

    public PayloadStore(IReadOnlyDictionary<string, byte[]> loaded)
    {
        this.loaded = loaded;
    }

    /// <summary>Keeps nothing apart.</summary>
    public static PayloadStore Inline { get; } = new InlineStore();

    /// <summary>Everything added until the next call belongs to this part; what it referred to before is let go.</summary>
    /// <returns>The payloads nothing refers to any more, after the part has been written again.</returns>
    public void Begin(string part, List<string> released)
    {
        if (byPart.Remove(part, out var before))
        {
            foreach (var key in before)
            {
                if (--references[key] == 0)
                {
                    released.Add(key);
                }
            }
        }

        current = byPart[part] = [];
    }

    /// <summary>The part is gone.</summary>
    public void End(string part, List<string> released)
    {
        Begin(part, released);
        byPart.Remove(part);
    }

    public virtual string Add(byte[] content)
    {
        var key = Prefix + Convert.ToHexStringLower(SHA256.HashData(content));
        if (references.TryGetValue(key, out var count))
        {
            references[key] = count + 1;
        }
        else
        {
            references[key] = 1;
            added[key] = content;
        }

        current!.Add(key);
        return key;
    }

    public virtual byte[] Get(string key) =>
        loaded.TryGetValue(key, out var content) ? content : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"The saved run refers to the payload {key}, which is not stored."));

    /// <summary>Takes over what a loaded part refers to.</summary>
    public void Adopt(string part, IEnumerable<string> keys)
    {
        var list = keys.ToList();
        byPart[part] = list;
        foreach (var key in list)
        {
            references[key] = references.GetValueOrDefault(key) + 1;
        }
    }

    /// <summary>The changes since the last call.</summary>
    public void Drain(List<string> released, List<Execution.StatePart> parts)
    {
        foreach (var (key, content) in added)
        {
            parts.Add(new Execution.StatePart(key, content));
        }

        added.Clear();
        foreach (var key in released.Where(key => references.GetValueOrDefault(key) == 0 && references.Remove(key)))
        {
            parts.Add(new Execution.StatePart(key, null));
        }
    }

    private sealed class InlineStore() : PayloadStore(new Dictionary<string, byte[]>())
    {
        public override string Add(byte[] content) => Convert.ToBase64String(content);

        public override byte[] Get(string key) => Convert.FromBase64String(key);
    }
}
