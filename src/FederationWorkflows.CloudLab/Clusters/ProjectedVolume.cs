using FederationWorkflows.Engine;

namespace FederationWorkflows.CloudLab.Clusters;

/// <summary>
/// The part of the kubelet that keeps a service account's token in a pod's file system (Kubernetes documentation, "ServiceAccount token volume projection").
/// </summary>
internal sealed class ProjectedVolume : IDisposable
{
    /// <summary>How much of a token's life is over when another one takes its place.</summary>
    private const double Rotation = 0.8;

    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("cloudlab-token-");
    private readonly Func<Sensitive<string>> token;
    private readonly TimeSpan lifetime;
    private readonly ITimer timer;
    private bool isDisposed;

    public ProjectedVolume(Func<Sensitive<string>> token, TimeSpan lifetime, TimeProvider time)
    {
        this.token = token;
        this.lifetime = lifetime;
        Path = System.IO.Path.Combine(folder.FullName, "token");
        try
        {
            Write();
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }

        timer = time.CreateTimer(_ => Rotate(), null, lifetime * Rotation, Timeout.InfiniteTimeSpan);
    }

    public string Path { get; }

    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            timer.Dispose();
            folder.Delete(recursive: true);
        }
    }

    private void Rotate()
    {
        lock (gate)
        {
            if (isDisposed)
            {
                return;
            }

            var next = lifetime * Rotation;
            try
            {
                Write();
            }
            catch (IOException)
            {
                // The one that is there has a fifth of its life left.
                next = Again;
            }

            timer.Change(next, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Whoever reads it sees the old one or the new one, never a part.</summary>
    private void Write()
    {
        var fresh = Path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(fresh, options))
        {
            writer.Write(token().Reveal());
        }

        File.Move(fresh, Path, overwrite: true);
    }
}
