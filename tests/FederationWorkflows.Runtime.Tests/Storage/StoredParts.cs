using System.Text;

namespace FederationWorkflows.Runtime.Tests.Storage;

/// <summary>The parts of a run as a test compares them.</summary>
internal static class StoredParts
{
    public static string Text(this IReadOnlyDictionary<string, byte[]>? parts) =>
        string.Join(" ", parts.ShouldNotBeNull().OrderBy(part => part.Key, StringComparer.Ordinal).Select(part => $"{part.Key}={Encoding.UTF8.GetString(part.Value)}"));
}
