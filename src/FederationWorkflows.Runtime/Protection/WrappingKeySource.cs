using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace FederationWorkflows.Runtime.Protection;

/// <summary>Where the key comes from that wraps the key ring: 32 random bytes, in base64. It is never stored beside what it protects.</summary>
public abstract record WrappingKeySource
{
    private const int KeyBytes = 32;

    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(30);

    private WrappingKeySource()
    {
    }

    /// <summary>From an environment variable.</summary>
    public static WrappingKeySource FromVariable(string name) => new Variable(name);

    /// <summary>From a file, e.g. a mounted secret.</summary>
    /// <param name="path">The file.</param>
    /// <param name="createIfMissing">Make it with a new key, readable for the server's user alone. For a single machine: several need the same key.</param>
    public static WrappingKeySource FromFile(string path, bool createIfMissing = false) => new KeyFile(Path.GetFullPath(path), createIfMissing);

    /// <summary>From what a program prints, e.g. a secret manager's client. It is started without a shell and has 30 seconds.</summary>
    public static WrappingKeySource FromCommand(string program, params IReadOnlyList<string> arguments) => new Command(program, arguments);

    /// <summary>Reads the key.</summary>
    /// <exception cref="KeyRingException">There is none, or it is not 32 bytes in base64.</exception>
    internal byte[] Read()
    {
        var text = ReadText().Trim();
        var key = new byte[KeyBytes];
        if (text.Length > 4 * KeyBytes || !Convert.TryFromBase64String(text, key, out var length) || length != KeyBytes)
        {
            throw new KeyRingException($"{Name} does not hold a key: 32 bytes in base64 are wanted. Make one with: openssl rand -base64 32");
        }

        return key;
    }

    /// <summary>The file it is read from; null when it is none.</summary>
    internal virtual string? FilePath => null;

    private protected abstract string Name { get; }

    private protected abstract string ReadText();

    private sealed record Variable(string VariableName) : WrappingKeySource
    {
        private protected override string Name => $"The environment variable {VariableName}";

        private protected override string ReadText() => Environment.GetEnvironmentVariable(VariableName)
            ?? throw new KeyRingException($"{Name} is not set. It must hold the key that wraps the key ring: 32 bytes in base64.");
    }

    private sealed record KeyFile(string Path, bool CreateIfMissing) : WrappingKeySource
    {
        internal override string FilePath => Path;

        private protected override string Name => $"The file {Path}";

        private protected override string ReadText()
        {
            try
            {
                if (CreateIfMissing && !File.Exists(Path))
                {
                    Create();
                }

                return File.ReadAllText(Path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new KeyRingException($"{Name}, which holds the key that wraps the key ring, cannot be read: {e.Message}", e);
            }
        }

        private void Create()
        {
            var directory = System.IO.Path.GetDirectoryName(Path)!;
            var file = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(directory);
            }
            else
            {
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var stream = new FileStream(Path, file);
            stream.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes)) + "\n"));
            stream.Flush(flushToDisk: true);
        }
    }

    private sealed record Command(string Program, IReadOnlyList<string> Arguments) : WrappingKeySource
    {
        private protected override string Name => $"What {Program} prints";

        private protected override string ReadText()
        {
            try
            {
                using var process = Process.Start(new ProcessStartInfo(Program, Arguments) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
                process.StandardInput.Close();
                var output = process.StandardOutput.ReadToEndAsync();
                if (!process.WaitForExit(CommandTimeout))
                {
                    process.Kill(entireProcessTree: true);
                    throw new KeyRingException($"{Program}, which is to print the key that wraps the key ring, did not end within {CommandTimeout.TotalSeconds} seconds.");
                }

                return process.ExitCode == 0
                    ? output.GetAwaiter().GetResult()
                    : throw new KeyRingException($"{Program}, which is to print the key that wraps the key ring, ended with code {process.ExitCode}.");
            }
            catch (Win32Exception e)
            {
                throw new KeyRingException($"{Program}, which is to print the key that wraps the key ring, cannot be started: {e.Message}", e);
            }
        }
    }
}

/// <summary>Sensitive values cannot be protected or read. The message says why and what to do.</summary>
public sealed class KeyRingException(string message, Exception? innerException = null) : Exception(message, innerException);
