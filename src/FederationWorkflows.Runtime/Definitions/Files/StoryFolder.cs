using System.Security.Claims;
using System.Security.Cryptography;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Runtime.Definitions.Files;

/// <summary>
/// Publishes the stories of a folder, and what changes in it. A broken file is reported once for what it holds, and its last good version
/// stays. A file that goes is reported, and its story stays. What is published by other means is written to the file it came from.
/// </summary>
public sealed partial class StoryFolder(DefinitionCatalog catalog, IDefinitionStore store, IOptions<StoryFolderOptions> options, ILogger<StoryFolder> logger) : IDisposable
{
    /// <summary>Begins the name under which versions that came from a file are stored, for a later start to tell them from those that people made.</summary>
    private const string FromFile = "file:";

    private readonly Dictionary<string, KnownFile> files = new(StringComparer.Ordinal);

    private readonly SemaphoreSlim gate = new(1, 1);

    private bool hasScanned;

    private string? missing;

    private string Folder => Path.GetFullPath(options.Value.Path!);

    /// <summary>Publishes every <c>*.json</c> of the folder whose content this node does not know yet, by name.</summary>
    /// <returns>What was published.</returns>
    /// <exception cref="StorageUnavailableException">What is left is taken over with the next call.</exception>
    public async ValueTask<IReadOnlyList<StoredDefinition>> ScanAsync(CancellationToken cancellationToken)
    {
        var published = new List<StoredDefinition>();
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (!Directory.Exists(Folder))
            {
                ReportMissing();
                return published;
            }

            missing = null;
            var paths = Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal).ToArray();
            ForgetOthers([.. paths.Select(path => Path.GetFileName(path))]);
            foreach (var path in paths)
            {
                if (await TakeAsync(path, cancellationToken) is { } version)
                {
                    published.Add(version);
                }
            }

            hasScanned = true;
        }
        finally
        {
            gate.Release();
        }

        return published;
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();

    /// <summary>Writes the published version of a story to the file it came from, unless that holds it, or was changed by somebody else meanwhile.</summary>
    internal async ValueTask WriteBackAsync(string definitionId, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            var (name, known) = files.FirstOrDefault(file => file.Value.DefinitionId == definitionId && !file.Value.IsSecond);
            if (known is null || await store.FindPublishedAsync(definitionId, cancellationToken) is not { } version
                || version.Revision == known.Revision || version.CreatedBy.StartsWith(FromFile, StringComparison.Ordinal))
            {
                return;
            }

            try
            {
                var path = Path.Combine(Folder, name);
                var before = await File.ReadAllBytesAsync(path, cancellationToken);
                if (HashOf(before) == known.Hash)
                {
                    var text = StoryFile.Render(DefinitionParser.Parse(version.Json), before);
                    await ReplaceAsync(path, text, cancellationToken);
                    files[name] = known with { Hash = HashOf(text), Revision = version.Revision };
                    LogWritten(version.DefinitionId, version.Version, name);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogNotWritten(version.DefinitionId, version.Version, name, e.Message);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private static string HashOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static ClaimsPrincipal CallerOf(string name) => new(new ClaimsIdentity([new Claim(ClaimTypes.Name, FromFile + name)], "file"));

    /// <summary>A reader of the file sees all of the old text or all of the new.</summary>
    private static async Task ReplaceAsync(string path, byte[] text, CancellationToken cancellationToken)
    {
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        var temporary = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}.tmp");
        try
        {
            await using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 4096, FileOptions.Asynchronous))
            {
                await stream.WriteAsync(text, cancellationToken);
                await stream.FlushAsync(cancellationToken);
                RandomAccess.FlushToDisk(stream.SafeFileHandle);
            }

            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
            }

            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private void ReportMissing()
    {
        if (missing != Folder)
        {
            missing = Folder;
            LogNoFolder(Folder);
        }
    }

    private void ForgetOthers(HashSet<string> present)
    {
        foreach (var (name, gone) in files.Where(file => !present.Contains(file.Key)).ToArray())
        {
            files.Remove(name);
            if (gone is { DefinitionId: { } definitionId, IsSecond: false })
            {
                LogGone(name, definitionId);

                // Another file of the same story, which was refused, may have its turn.
                foreach (var (other, second) in files.Where(file => file.Value.IsSecond && file.Value.DefinitionId == definitionId).ToArray())
                {
                    files[other] = second with { Hash = "" };
                }
            }
        }
    }

    /// <summary>Takes a file over if it is not known with this content. What cannot be stored now stays unknown.</summary>
    private async ValueTask<StoredDefinition?> TakeAsync(string path, CancellationToken cancellationToken)
    {
        var name = Path.GetFileName(path);
        var known = files.GetValueOrDefault(name);
        var hash = "";
        try
        {
            var length = new FileInfo(path).Length;
            hash = length <= DefinitionParser.MaxBytes ? "" : $"{length} bytes";
            if (hash.Length > 0)
            {
                throw new IOException($"it is larger than {DefinitionParser.MaxBytes} bytes");
            }

            var content = await File.ReadAllBytesAsync(path, cancellationToken);
            hash = HashOf(content);
            if (known?.Hash == hash)
            {
                return null;
            }

            var definition = DefinitionParser.Parse(content);
            var id = definition.DefinitionId;
            var first = files.FirstOrDefault(file => file.Key != name && file.Value.DefinitionId == id && !file.Value.IsSecond).Key;
            if (first is not null)
            {
                files[name] = new KnownFile(hash, id, null, IsSecond: true);
                LogBroken(name, $"{first} has a story of the same definitionId '{id}'. Give one of them another.");
                return null;
            }

            var version = await PublishAsync(name, content, definition, cancellationToken);
            files[name] = new KnownFile(hash, id, definition.Revision, IsSecond: false);
            return version;
        }
        catch (Exception e) when (e is DefinitionException or IOException or UnauthorizedAccessException)
        {
            hash = hash.Length > 0 ? hash : e.Message;
            if (known?.Hash != hash)
            {
                // It is still the file of the story it held before.
                files[name] = (known ?? new KnownFile("", null, null, false)) with { Hash = hash };
                LogBroken(name, e.Message);
            }

            return null;
        }
    }

    private async ValueTask<StoredDefinition?> PublishAsync(string name, byte[] content, WorkflowDefinition definition, CancellationToken cancellationToken)
    {
        var id = definition.DefinitionId;
        var current = await store.FindPublishedAsync(id, cancellationToken);
        if (current?.Revision == definition.Revision)
        {
            return null;
        }

        // A start sees a content, not a change. If the store knows it, and it is not what is published, then people decided otherwise after it.
        if (!hasScanned && await store.FindByRevisionAsync(id, definition.Revision, cancellationToken) is { } older)
        {
            if (current is null)
            {
                LogRetracted(name, id);
                return null;
            }

            if (!current.CreatedBy.StartsWith(FromFile, StringComparison.Ordinal))
            {
                LogOlder(name, older.Version, id, current.Version, current.CreatedBy);
                return null;
            }
        }

        return await catalog.PublishAsync(content, CallerOf(name), cancellationToken);
    }

    [LoggerMessage(LogLevel.Error, "Story {File} was not published: {Problems}")]
    private partial void LogBroken(string file, string problems);

    [LoggerMessage(LogLevel.Warning, "Story file {File} is gone; its story {DefinitionId} stays published until it is retracted")]
    private partial void LogGone(string file, string definitionId);

    [LoggerMessage(LogLevel.Warning, "Story file {File} holds version {Older} of {DefinitionId}; version {Current} by {Author} stays published. Change the file, or publish the version you want")]
    private partial void LogOlder(string file, int older, string definitionId, int current, string author);

    [LoggerMessage(LogLevel.Information, "Story file {File} is not published: {DefinitionId} was retracted. Change the file, or publish the story, to have it back")]
    private partial void LogRetracted(string file, string definitionId);

    [LoggerMessage(LogLevel.Information, "Story {DefinitionId} version {Version} was written to {File}")]
    private partial void LogWritten(string definitionId, int version, string file);

    [LoggerMessage(LogLevel.Warning, "Story {DefinitionId} version {Version} is published, but could not be written to {File}: {Reason}")]
    private partial void LogNotWritten(string definitionId, int version, string file, string reason);

    [LoggerMessage(LogLevel.Warning, "The folder of stories {Folder} does not exist; set Server:Stories to one that does")]
    private partial void LogNoFolder(string folder);

    /// <summary>A file as it was last seen.</summary>
    /// <param name="Hash">What it held; a text of another kind where that could not be read.</param>
    /// <param name="DefinitionId">The story in it; null when it never held one.</param>
    /// <param name="Revision">That story's content; null when it was not taken over.</param>
    /// <param name="IsSecond">Another file is the one of that story.</param>
    private sealed record KnownFile(string Hash, string? DefinitionId, string? Revision, bool IsSecond);
}
