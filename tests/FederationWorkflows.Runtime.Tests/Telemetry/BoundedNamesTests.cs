using FederationWorkflows.Runtime.Telemetry;

namespace FederationWorkflows.Runtime.Tests.Telemetry;

public sealed class BoundedNamesTests
{
    [Fact]
    public void Names_beyond_a_limit_share_one()
    {
        var names = new BoundedNames(2);

        new[] { "a", "b", "c", "a", "d" }.Select(names.Bound).ShouldBe(["a", "b", "(other)", "a", "(other)"]);
    }
}
