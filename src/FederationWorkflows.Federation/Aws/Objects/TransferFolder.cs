using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;

namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>
/// The one folder whose files stories may touch. A path leads nowhere else: no <c>..</c>, no root, and no link on the way - stories cannot make links, but
/// what else lies in the folder is not known here.
/// </summary>
internal sealed class TransferFolder(IOptionsMonitor<FederationOptions> options)
{
    private const string Setting = $"{FederationOptions.Section}:{nameof(FederationOptions.Objects)}:{nameof(ObjectOptions.Folder)}";
    private const int MaxPath = 1024;

    private ObjectOptions Options => options.CurrentValue.Objects;

    public long MaxFileBytes => Options.MaxFileBytes;

    /// <summary>A file to read, and its length.</summary>
    public (SafeFileHandle Handle, long Length) OpenForReading(OutboundCall call, string file)
    {
        var path = Resolve(call, file);
        try
        {
            if (Directory.Exists(path))
            {
                throw call.Input($"the file '{Shown(file)}' is a folder", "Name a file in it.");
            }

            var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.Asynchronous);
            try
            {
                var length = RandomAccess.GetLength(handle);
                return length <= MaxFileBytes ? (handle, length) : throw TooLarge(call, $"the file '{Shown(file)}' has {length} bytes");
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unusable(call, file, exception);
        }
    }

    /// <summary>A file that grows beside its place until all of it is there. What an attempt that was cut off left there is begun anew.</summary>
    public IncomingFile Create(OutboundCall call, string file)
    {
        var path = Resolve(call, file);
        try
        {
            if (Directory.Exists(path))
            {
                throw call.Input($"the file '{Shown(file)}' is a folder", "Name a file in it.");
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var mark = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)).AsSpan(0, 8));
            var growing = Resolve(call, string.Join('/', [.. file.Split('/')[..^1], $".{mark}.part"]));

            return new IncomingFile(growing, path, exception => Unusable(call, file, exception));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unusable(call, file, exception);
        }
    }

    public FederationException TooLarge(OutboundCall call, string what) => call.Input(
        what, $"At most {MaxFileBytes} are taken ({FederationOptions.Section}:{nameof(FederationOptions.Objects)}:{nameof(ObjectOptions.MaxFileBytes)}).");

    private string Resolve(OutboundCall call, string file)
    {
        if (Options.Folder is not { Length: > 0 } folder)
        {
            throw call.Input("this host has no folder for files", $"An administrator names one in {Setting}; without it no story touches files.");
        }

        var segments = file.Split('/');
        if (file.Length is 0 or > MaxPath || segments.Any(IsNoName))
        {
            throw call.Input(
                $"the file '{Shown(file)}' is no path below the folder",
                $"Give names with / between them, without a leading /, without . and .., backslashes, colons and control characters, of at most {MaxPath} characters.");
        }

        var path = Path.GetFullPath(folder);
        foreach (var segment in segments)
        {
            path = Path.Combine(path, segment);
            if (new FileInfo(path).LinkTarget is not null)
            {
                throw call.Input($"the file '{Shown(file)}' leads over a link", "Name the file where it is; links in the folder are not followed.");
            }
        }

        return path;
    }

    private static bool IsNoName(string segment) =>
        segment is "" or "." or ".." || segment.Any(static character => char.IsControl(character) || character is '\\' or ':') || segment.Length > 255;

    private static FederationException Unusable(OutboundCall call, string file, Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => call.Input($"there is no file '{Shown(file)}' in the folder", "Check its path, which begins below the folder."),
        UnauthorizedAccessException => call.Input($"this host may not touch the file '{Shown(file)}'", $"Give the user that this host runs as the right to it, in the folder of {Setting}."),
        _ => call.Input($"the file '{Shown(file)}' cannot be used: {exception.GetType().Name}", $"Check the folder of {Setting}: is there room, and is the name one that it takes?"),
    };

    private static string Shown(string file) => CloudText.Message(file);
}

/// <summary>A file on its way. It is in its place after <see cref="Complete"/>; without that nothing is left of it.</summary>
internal sealed class IncomingFile(string growing, string path, Func<Exception, FederationException> unusable) : IAsyncDisposable
{
    private readonly FileStream stream = new(growing, Access());

    private bool isComplete;

    /// <summary>How much of it is there.</summary>
    public long Length => stream.Position;

    /// <summary>Writes on.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(bytes, cancellationToken);
        }
        catch (IOException exception)
        {
            throw unusable(exception);
        }
    }

    /// <summary>Puts the file in its place, over one that was there.</summary>
    public void Complete()
    {
        try
        {
            stream.Flush(flushToDisk: true);
            stream.Dispose();
            File.Move(growing, path, overwrite: true);
            isComplete = true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw unusable(exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        if (!isComplete)
        {
            File.Delete(growing);
        }
    }

    /// <summary>Nobody else writes it meanwhile: that is what sharing none means. Nobody but this host's user reads it.</summary>
    private static FileStreamOptions Access()
    {
        var access = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            access.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return access;
    }
}
