using FederationWorkflows.Cel.Functions;

namespace FederationWorkflows.Cel.Tests;

public sealed class FunctionPageTests
{
    [Fact]
    public void Every_function_of_the_language_is_on_the_page_of_expressions()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "FederationWorkflows.sln")))
        {
            folder = Path.GetDirectoryName(folder).ShouldNotBeNull("the tests run inside the repository");
        }

        var page = File.ReadAllText(Path.Combine(folder, "docs", "expressions.md"));
        StandardLibrary.All.Select(function => function.Name).Distinct().Where(name => !page.Contains(name + "(", StringComparison.Ordinal)).ShouldBeEmpty();
    }
}
