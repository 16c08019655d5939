using System.Runtime.CompilerServices;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>
/// All tests run in an environment full of what the AWS SDK takes by itself when it is let. Requests are compared exactly, so a client that took
/// any of it would fail its test.
/// </summary>
internal static class HostileSurroundings
{
    [ModuleInitializer]
    internal static void Set()
    {
        foreach (var (name, value) in new[]
        {
            ("AWS_ACCESS_KEY_ID", "AKIAAMBIENT000001"),
            ("AWS_SECRET_ACCESS_KEY", "ambient"),
            ("AWS_SESSION_TOKEN", "ambient"),
            ("AWS_REGION", "ap-south-1"),
            ("AWS_DEFAULT_REGION", "ap-south-1"),
            ("AWS_ENDPOINT_URL", "https://attacker.example"),
            ("AWS_ENDPOINT_URL_STS", "https://attacker.example"),
            ("AWS_ENDPOINT_URL_S3", "https://attacker.example"),
            ("AWS_USE_FIPS_ENDPOINT", "true"),
            ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
            ("AWS_MAX_ATTEMPTS", "9"),
            ("AWS_PROFILE", "ambient"),
            ("GCE_METADATA_HOST", null),
        })
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
