namespace FederationWorkflows.Cli.Stories;

/// <summary>Files that are written beside their place first, so that nobody reads half of one.</summary>
internal static class FileReplacement
{
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var beside = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            File.WriteAllBytes(beside, content);
            File.Move(beside, path, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }
}
