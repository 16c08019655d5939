using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Text.Json;
using System.Text;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>Definitions as files (Elsa contract: export and import).</summary>
internal static class DefinitionFileEndpoints
{
    /// <summary>Stories in one archive, either way.</summary>
    private const int MaxFiles = 1000;

    /// <summary>All stories that are taken in at once: they are in memory together until the first is saved.</summary>
    private const int MaxTotalBytes = 64 * 1024 * 1024;

    private static readonly JsonSerializerOptions Indented = new(ManagementApi.Json) { WriteIndented = true, MaxDepth = Engine.JsonValues.MaxDepth + 8, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void MapDefinitionFiles(this IEndpointRouteBuilder api)
    {
        api.MapGet("/workflow-definitions/{definitionId}/export", ExportAsync).Answers<Story>().Requires(Permissions.StoriesRead);
        api.MapPost("/bulk-actions/export/workflow-definitions", ExportSeveralAsync).AnswersFile("application/zip").Requires(Permissions.StoriesRead);
        api.MapPost("/workflow-definitions/import", ImportAsync).Answers<Story>().Requires(Permissions.StoriesWrite).AuditedStories("story.import");
        api.MapPost("/workflow-definitions/import-files", ImportFilesAsync).Answers<HowMany>().DisableAntiforgery().Requires(Permissions.StoriesWrite).AuditedStories("story.import");
    }

    private static async Task<IResult> ExportAsync(string definitionId, string? versionOptions, HttpContext context, IDefinitionStore store, DefinitionView view, CancellationToken cancellationToken) =>
        await store.FindAsync(definitionId, versionOptions, cancellationToken) is { } found
            ? DefinitionConditions.NotModified(context, found) ?? Results.File(Write(found, view), "application/json", FileName(found))
            : DefinitionListEndpoints.NoStory(definitionId);

    private static async Task<IResult> ExportSeveralAsync(ExportRequest request, IDefinitionStore store, DefinitionView view, CancellationToken cancellationToken)
    {
        if (request.Ids is not { Count: > 0 and <= MaxFiles } ids)
        {
            throw ManagementBody.Wrong("wrong-count", $"Name from 1 to {MaxFiles} versions in \"ids\".", "$.ids");
        }

        using var content = new MemoryStream();
        using (var archive = new ZipArchive(content, ZipArchiveMode.Create, leaveOpen: true))
        {
            var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (var id in ids.Distinct(StringComparer.Ordinal))
            {
                if (await store.FindVersionAsync(id, cancellationToken) is { } found)
                {
                    var name = FileName(found);
                    for (var number = 2; !names.Add(name); number++)
                    {
                        name = $"{number}-{FileName(found)}";
                    }

                    await using var entry = await archive.CreateEntry(name).OpenAsync(cancellationToken);
                    await entry.WriteAsync(Write(found, view), cancellationToken);
                }
            }
        }

        return Results.File(content.ToArray(), "application/zip", "workflow-definitions.zip");
    }

    /// <summary>With If-Match, or If-None-Match: *, only if the latest version is that one, or there is none.</summary>
    private static async Task<IResult> ImportAsync(HttpContext context, DefinitionSaving saving, IDefinitionStore store, DefinitionView view, CancellationToken cancellationToken)
    {
        var json = await ManagementBody.ReadObjectAsync(context, cancellationToken);
        var definitionId = ActivityTree.Text(json, "definitionId");
        var latest = definitionId is null ? null : await store.FindLatestAsync(definitionId, cancellationToken);
        if (!DefinitionConditions.Holds(context, latest, out var basedOn))
        {
            return DefinitionConditions.Failed(definitionId, latest);
        }

        if (definitionId is not null)
        {
            await context.Stories().WatchAsync(definitionId, cancellationToken);
        }

        try
        {
            var saved = (await saving.SaveAsync(json, publish: false, new SavingBasis(basedOn), page: null, context.User, cancellationToken)).Definition;
            context.Stories().Made(saved.DefinitionId);
            return ManagementApi.Answer(view.Full(saved, context.User));
        }
        catch (DefinitionConflictException e) when (basedOn is not null)
        {
            return DefinitionConditions.Failed(definitionId, e.Latest);
        }
    }

    /// <summary>JSON files and archives of them, in a form. They are read before the first is saved, so that one that is no story keeps all out.</summary>
    private static async Task<IResult> ImportFilesAsync(HttpContext context, DefinitionSaving saving, CancellationToken cancellationToken)
    {
        if (!context.Request.HasFormContentType)
        {
            throw ManagementBody.Wrong("no-files", "Send the stories as files of a form (multipart/form-data).");
        }

        var stories = new Stories();
        foreach (var file in (await context.Request.ReadFormAsync(cancellationToken)).Files)
        {
            await using var stream = file.OpenReadStream();
            if (file.FileName.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
            {
                await ReadArchiveAsync(stream, file.FileName, stories, cancellationToken);
            }
            else
            {
                await stories.ReadAsync(stream, file.FileName, cancellationToken);
            }
        }

        foreach (var story in stories.Items)
        {
            if (ActivityTree.Text(story, "definitionId") is { Length: > 0 } known)
            {
                await context.Stories().WatchAsync(known, cancellationToken);
            }

            context.Stories().Made((await saving.SaveAsync(story, publish: false, SavingBasis.Anything, page: null, context.User, cancellationToken)).Definition.DefinitionId);
        }

        return Results.Json(new { stories.Items.Count }, ManagementApi.Json);
    }

    private static async ValueTask ReadArchiveAsync(Stream stream, string name, Stories stories, CancellationToken cancellationToken)
    {
        try
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read);
            foreach (var entry in archive.Entries.Where(entry => entry.FullName.EndsWith(".json", StringComparison.OrdinalIgnoreCase)))
            {
                await using var content = await entry.OpenAsync(cancellationToken);
                await stories.ReadAsync(content, entry.FullName, cancellationToken);
            }
        }
        catch (InvalidDataException)
        {
            throw ManagementBody.Wrong("invalid-zip", $"{name} is not a zip archive.");
        }
    }

    private static byte[] Write(StoredDefinition stored, DefinitionView view) => Encoding.UTF8.GetBytes(view.Export(stored).ToJsonString(Indented));

    /// <summary>Letters, digits and hyphens: the designer takes the name from the header as it stands.</summary>
    private static string FileName(StoredDefinition stored)
    {
        var name = string.Concat(stored.FindName().Select(letter => char.IsAsciiLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : '-'));
        name = string.Join('-', name.Split('-', StringSplitOptions.RemoveEmptyEntries));
        return $"{(name.Length == 0 ? "story" : name)}.json";
    }

    private sealed record ExportRequest(IReadOnlyList<string>? Ids);

    /// <summary>Stories that were read and not saved yet. What an archive says of its entries' sizes is not to be trusted.</summary>
    private sealed class Stories
    {
        private int total;

        public List<JsonObject> Items { get; } = [];

        public async ValueTask ReadAsync(Stream stream, string name, CancellationToken cancellationToken)
        {
            if (Items.Count == MaxFiles)
            {
                throw ManagementBody.Wrong("too-many", $"At most {MaxFiles} stories are taken at once.");
            }

            var buffer = new byte[DefinitionParser.MaxBytes + 1];
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            if (length == buffer.Length)
            {
                throw ManagementBody.Wrong("too-large", $"{name} has more than {DefinitionParser.MaxBytes} bytes.");
            }

            total += length;
            if (total > MaxTotalBytes)
            {
                throw ManagementBody.Wrong("too-large", $"The stories have more than {MaxTotalBytes} bytes together. Import them in several calls.");
            }

            var json = ManagementBody.Parse(buffer.AsMemory(0, length));
            Items.Add(json["root"] is JsonObject ? json : throw ManagementBody.Wrong("missing-root", $"{name} is no story: it has no \"root\".", "$.root"));
        }
    }
}
