using System.Text;
using FederationWorkflows.Engine.State;

namespace FederationWorkflows.Engine.Tests;

public sealed class EphemeralProtectorTests
{
    [Fact]
    public void Many_runs_protect_their_secrets_at_once()
    {
        using var protector = new EphemeralProtector();

        Parallel.For(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, number =>
        {
            var secret = Encoding.UTF8.GetBytes($"secret {number}");
            protector.Unprotect(protector.Protect(secret)).ShouldBe(secret);
        });
    }
}
