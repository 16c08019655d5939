using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FederationWorkflows.Engine.Stories;

/// <summary>Ids of runs that are started by something with an id of its own, so that starting twice is starting once.</summary>
public static class RunIds
{
    /// <summary>The id of the run that these parts start: 32 hexadecimal digits, the same for the same parts.</summary>
    public static string Of(params string[] parts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(parts)))[..16]);
}
