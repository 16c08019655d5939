using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace FederationWorkflows.Engine.Tests.Support;

/// <summary>Runs a test straight, and with the run made anew from its saved state after every activity.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BothWaysAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([new TheoryDataRow<bool>(false), new TheoryDataRow<bool>(true)]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
