using System.Globalization;

namespace FederationWorkflows.CloudLab.Aws.S3.Storage;

/// <summary>
/// Where the bytes of objects lie: small ones in memory, as long as there is room for them, all others in files of a folder that is the lab's own and goes with it.
/// All together are bounded. Safe for use by several threads.
/// </summary>
internal sealed class Spool(long maximumBytes, string? parentFolder) : IDisposable
{
    /// <summary>What is no longer than this may stay in memory.</summary>
    public const int SmallContent = 64 * 1024;

    private const long MaximumMemory = 64 * 1024 * 1024;

    private readonly Lock gate = new();
    private DirectoryInfo? folder;
    private long bytes;
    private long memory;
    private long files;
    private bool isClosed;

    /// <summary>How many bytes are kept.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Sets bytes aside before they are written; false when there is no room.</summary>
    public bool TryReserve(long count)
    {
        lock (gate)
        {
            if (bytes + count > maximumBytes)
            {
                return false;
            }

            bytes += count;
            return true;
        }
    }

    public void GiveBack(long count)
    {
        lock (gate)
        {
            bytes -= count;
        }
    }

    public bool TryKeepInMemory(int count)
    {
        lock (gate)
        {
            if (memory + count > MaximumMemory)
            {
                return false;
            }

            memory += count;
            return true;
        }
    }

    public void GiveBackMemory(int count)
    {
        lock (gate)
        {
            memory -= count;
        }
    }

    /// <summary>The path of a file that is not there yet, in the lab's folder, which only this user can read.</summary>
    public string NewFile()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isClosed, this);
            folder ??= Create();
            return Path.Combine(folder.FullName, (++files).ToString(CultureInfo.InvariantCulture));
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isClosed = true;
            folder?.Delete(recursive: true);
            folder = null;
        }
    }

    private DirectoryInfo Create()
    {
        if (parentFolder is null)
        {
            return Directory.CreateTempSubdirectory("cloudlab-");
        }

        var path = Path.Combine(parentFolder, $"cloudlab-{Guid.NewGuid():N}");
        return OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(path)
            : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
