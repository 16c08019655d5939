using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FederationWorkflows.Cli.CredentialProcess;

/// <summary>
/// The credentials that were obtained last, one file for each way of obtaining them, encrypted with AES-256-GCM under a key in the user's configuration directory.
/// A copy of the cache alone (a backup, a container layer, a support bundle) opens nothing; whoever can read this user's files reads both and gets them anyway.
/// Built for speed: this is all that a warm <c>fedflow credential-process</c> does.
/// </summary>
internal sealed class CredentialCache
{
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int KeySize = 32;
    private const int MaximumSize = 64 * 1024;

    private static readonly TimeSpan LongestWindow = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LeastLife = TimeSpan.FromMinutes(1);

    private readonly string file;
    private readonly byte[] context;

    /// <param name="identity">What tells these credentials from all others: everything they depend on.</param>
    public CredentialCache(string identity)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)));
        file = Path.Combine(Folder, hash);
        context = Encoding.ASCII.GetBytes("fedflow credentials 1 " + hash);
    }

    /// <summary>Where the cache is: <c>~/.cache/federationworkflows</c>, or as <c>XDG_CACHE_HOME</c> says.</summary>
    public static string Folder { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
        : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".cache"),
        "federationworkflows");

    /// <summary>Where its key is: <c>~/.config/federationworkflows/credential-cache.key</c>, or as <c>XDG_CONFIG_HOME</c> says.</summary>
    public static string KeyFile { get; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "federationworkflows", "credential-cache.key");

    /// <summary>What is in the cache and works for another minute; null when nothing is, or it cannot be read, which is no more than that.</summary>
    public CachedCredentials? Read(DateTimeOffset now)
    {
        try
        {
            if (!File.Exists(file) || ReadKey() is not { } key)
            {
                return null;
            }

            var sealedBytes = File.ReadAllBytes(file);
            if (sealedBytes.Length is <= NonceSize + TagSize or > MaximumSize)
            {
                return null;
            }

            var plain = new byte[sealedBytes.Length - NonceSize - TagSize];
            using var cipher = new AesGcm(key, TagSize);
            cipher.Decrypt(sealedBytes.AsSpan(0, NonceSize), sealedBytes.AsSpan(NonceSize + TagSize), sealedBytes.AsSpan(NonceSize, TagSize), plain, context);
            var cached = CachedCredentials.Read(plain);
            return cached is not null && now < cached.Expiration - LeastLife ? cached : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Keeps credentials in the place of those before.</summary>
    /// <exception cref="CommandException">The cache cannot be written.</exception>
    public void Write(CachedCredentials credentials)
    {
        try
        {
            var plain = credentials.ToBytes();
            var sealedBytes = new byte[NonceSize + TagSize + plain.Length];
            RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, NonceSize));
            using (var cipher = new AesGcm(ReadKey() ?? MakeKey(), TagSize))
            {
                cipher.Encrypt(sealedBytes.AsSpan(0, NonceSize), plain, sealedBytes.AsSpan(NonceSize + TagSize), sealedBytes.AsSpan(NonceSize, TagSize), context);
            }

            PrivateFile.Replace(file, sealedBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The cache of credentials cannot be written: {e.Message}");
        }
    }

    /// <summary>
    /// Waits for its turn to renew the credentials: of all processes of this user one does, the others then find what it left.
    /// </summary>
    /// <param name="patience">How long to wait; none to try once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The lock, to be disposed of; null when another process still had it in the end.</returns>
    public async Task<IDisposable?> LockAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        PrivateFile.MakeFolder(Folder);
        var until = TimeProvider.System.GetTimestamp() + (long)(patience.TotalSeconds * TimeProvider.System.TimestampFrequency);
        while (true)
        {
            try
            {
                return new FileStream(file + ".lock", PrivateFile.Options(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException) when (TimeProvider.System.GetTimestamp() < until)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(25), cancellationToken);
            }
            catch (IOException)
            {
                return null;
            }
            catch (UnauthorizedAccessException e)
            {
                throw new CommandException($"The cache of credentials cannot be locked: {e.Message}");
            }
        }
    }

    /// <summary>Whether it is time for new ones: a quarter of an hour before the end, or a quarter of their life.</summary>
    public static bool IsDue(CachedCredentials credentials, DateTimeOffset now)
    {
        var quarter = (credentials.Expiration - credentials.Obtained) / 4;
        return now >= credentials.Expiration - (quarter < LongestWindow ? quarter : LongestWindow);
    }

    private static byte[]? ReadKey()
    {
        if (!File.Exists(KeyFile))
        {
            return null;
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(KeyFile) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
        {
            throw new CommandException($"Others than you can read or change {KeyFile}: chmod 600 it, or delete it to have a new one made.");
        }

        var key = File.ReadAllBytes(KeyFile);
        return key.Length == KeySize ? key : null;
    }

    private static byte[] MakeKey()
    {
        var key = RandomNumberGenerator.GetBytes(KeySize);
        PrivateFile.MakeFolder(Path.GetDirectoryName(KeyFile)!);
        try
        {
            if (File.Exists(KeyFile))
            {
                // One of another length is none.
                File.Delete(KeyFile);
            }

            using var stream = new FileStream(KeyFile, PrivateFile.Options(FileMode.CreateNew, FileAccess.Write, FileShare.None));
            stream.Write(key);
            return key;
        }
        catch (IOException) when (File.Exists(KeyFile))
        {
            // Another process was faster; once it has written its key, that is the one.
            using var stream = new FileStream(KeyFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var theirs = new byte[KeySize];
            return stream.ReadAtLeast(theirs, KeySize, throwOnEndOfStream: false) == KeySize ? theirs : key;
        }
    }
}

/// <summary>Files that this user alone can read.</summary>
internal static class PrivateFile
{
    public static FileStreamOptions Options(FileMode mode, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }

    public static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Writes beside the file first, then in its place: nobody sees half of it, or all of it with another mode.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        MakeFolder(Path.GetDirectoryName(path)!);
        var beside = $"{path}.{Environment.ProcessId}";
        try
        {
            using (var stream = new FileStream(beside, Options(FileMode.Create, FileAccess.Write, FileShare.None)))
            {
                stream.Write(content);
            }

            File.Move(beside, path, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }
    }
}
