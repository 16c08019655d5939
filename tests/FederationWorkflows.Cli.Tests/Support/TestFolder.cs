namespace FederationWorkflows.Cli.Tests.Support;

/// <summary>A working directory of a test.</summary>
public abstract class TestFolder : IDisposable
{
    protected string Folder { get; } = Directory.CreateTempSubdirectory("fedflow-test-").FullName;

    protected string Write(string name, string content)
    {
        File.WriteAllText(Path.Combine(Folder, name), content);
        return name;
    }

    /// <summary>A story of a sequence of activities, given as JSON.</summary>
    protected string Story(string activities, string more = "") =>
        Write("story.json", $$$"""{"id":"s:1","definitionId":"s","name":"S","version":1,{{{more}}}"root":{"id":"all","type":"Elsa.Sequence","version":1,"activities":[{{{activities}}}]}}""");

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => Directory.Delete(Folder, recursive: true);
}
