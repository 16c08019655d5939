using System.Security.Claims;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Runtime.Definitions;

/// <summary>Publishes the stories of a folder. A broken file is reported and leaves the others, and its own last good version, alone.</summary>
public sealed partial class StoryFolder(DefinitionCatalog catalog, ILogger<StoryFolder> logger)
{
    /// <summary>Publishes every <c>*.json</c> of the folder, by name.</summary>
    /// <returns>What was published.</returns>
    public async ValueTask<IReadOnlyList<StoredDefinition>> ImportAsync(string folder, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var published = new List<StoredDefinition>();
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            try
            {
                if (new FileInfo(file).Length > DefinitionParser.MaxBytes)
                {
                    LogTooLarge(file, DefinitionParser.MaxBytes);
                    continue;
                }

                var content = await File.ReadAllBytesAsync(file, cancellationToken);
                var definitionId = DefinitionParser.Parse(content).DefinitionId;
                if (!files.TryAdd(definitionId, Path.GetFileName(file)))
                {
                    LogBroken(file, $"{files[definitionId]} has a story of the same definitionId '{definitionId}'. Give one of them another.");
                    continue;
                }

                published.Add(await catalog.PublishAsync(content, caller, cancellationToken));
                LogPublished(Path.GetFileName(file), published[^1].DefinitionId, published[^1].Version);
            }
            catch (DefinitionException e)
            {
                LogBroken(file, e.Message);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogBroken(file, e.Message);
            }
        }

        return published;
    }

    [LoggerMessage(LogLevel.Information, "Story {File} is published as {DefinitionId} version {Version}")]
    private partial void LogPublished(string file, string definitionId, int version);

    [LoggerMessage(LogLevel.Error, "Story {File} was not published: {Problems}")]
    private partial void LogBroken(string file, string problems);

    [LoggerMessage(LogLevel.Error, "Story {File} was not published: it is larger than {MaxBytes} bytes")]
    private partial void LogTooLarge(string file, int maxBytes);
}
