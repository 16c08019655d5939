namespace FederationWorkflows.Cli.Tests.Support;

/// <summary>The working tree that these tests are of.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "FederationWorkflows.sln")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }
}
