using System.CommandLine;
using System.Net.Http.Headers;
using FederationWorkflows.Cli.Runs;
using FederationWorkflows.Cli.Validate;
using FederationWorkflows.Engine.Definitions;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Cli.Stories;

/// <summary><c>fedflow stories push</c>: from files to the server. Nothing is sent before every file was found right, and no story changed at the server meanwhile.</summary>
internal sealed class PushStories(ServerConnection connection, bool publish, bool force)
{
    private readonly Dictionary<string, KnownStories> folders = new(StringComparer.Ordinal);

    public static Command Create()
    {
        var paths = new Argument<string[]>("path") { Description = "Story files, or folders of them.", Arity = ArgumentArity.OneOrMore };
        var publish = new Option<bool>("--publish") { Description = "Publish them, too." };
        var force = new Option<bool>("--force") { Description = "The files count, whatever was changed at the server meanwhile." };
        var server = ServerConnection.Option();
        var json = JsonOutput.Option();
        var command = new Command("push", "Check stories, then store them as the latest versions at the server. Exit code 1 when one has errors or was changed at the server since it was last pulled or pushed: then none is sent.")
        {
            paths, publish, force, server, json,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var connection = ServerConnection.Open(result.GetValue(server));
            var push = new PushStories(connection, result.GetValue(publish), result.GetValue(force));
            return StoryOutcome.Report(await push.RunAsync(FilesOf(result.GetRequiredValue(paths)), result.GetValue(json), cancellationToken), result.GetValue(json));
        });
        return command;
    }

    private async Task<IReadOnlyList<StoryOutcome>> RunAsync(IReadOnlyList<string> files, bool json, CancellationToken cancellationToken)
    {
        var stories = await CheckAsync(files, json, cancellationToken);
        if (Wrong(stories) is { Count: > 0 } wrong)
        {
            return wrong;
        }

        var plans = new List<Plan>();
        foreach (var story in stories)
        {
            plans.Add(await PlanAsync(story, cancellationToken));
        }

        if (plans.Where(plan => plan.IsConflict && !force).ToList() is { Count: > 0 } conflicts)
        {
            return
            [
                .. conflicts.Select(plan => new StoryOutcome(plan.Story.File, plan.Id, "conflict",
                    "The server's latest version is not the one this file was last pulled or pushed as, so nothing was sent. Commit the file, pull with --force, and bring both together; or push with --force to replace what is there.")),
            ];
        }

        var outcomes = new List<StoryOutcome>();
        foreach (var plan in plans)
        {
            outcomes.Add(await SendAsync(plan, cancellationToken));
        }

        return outcomes;
    }

    private static async Task<List<CheckedStory>> CheckAsync(IReadOnlyList<string> files, bool json, CancellationToken cancellationToken)
    {
        await using var services = await StoryServices.BuildAsync(new Dictionary<string, string?>(), _ => { }, cancellationToken);
        var compiler = services.GetRequiredService<WorkflowCompiler>();
        var stories = new List<CheckedStory>();
        foreach (var file in files)
        {
            var story = await CheckedStory.ReadAsync(compiler, file, cancellationToken);
            stories.Add(story);
            foreach (var line in json ? [] : story.Lines)
            {
                await Console.Error.WriteLineAsync(Terminal.Plain(line));
            }
        }

        return stories;
    }

    private static List<StoryOutcome> Wrong(List<CheckedStory> stories)
    {
        var wrong = stories.Where(story => !story.IsValid)
            .Select(story => new StoryOutcome(story.File, null, "invalid", $"It has errors, so nothing was sent: {string.Join(' ', story.Problems.Where(problem => problem.Severity == ProblemSeverity.Error).Select(problem => $"{problem.Path}: {problem.Message}"))}"))
            .ToList();
        foreach (var story in stories.Where(story => story.Definition is { } definition && !definition.Json.TryGetProperty("definitionId", out _)))
        {
            wrong.Add(new StoryOutcome(story.File, null, "invalid", "It has no \"definitionId\", so that the server would take it for a new story each time; nothing was sent. Give it one."));
        }

        foreach (var same in stories.Where(story => story.Definition is not null).GroupBy(story => story.Definition!.DefinitionId, StringComparer.Ordinal).Where(same => same.Count() > 1))
        {
            wrong.Add(new StoryOutcome(same.Last().File, same.Key, "invalid", $"{same.First().File} holds the same story, so nothing was sent. Give one of them another definitionId."));
        }

        return wrong;
    }

    private async Task<Plan> PlanAsync(CheckedStory story, CancellationToken cancellationToken)
    {
        var id = story.Definition!.DefinitionId;
        var folder = Path.GetDirectoryName(Path.GetFullPath(story.File))!;
        if (!folders.TryGetValue(folder, out var known))
        {
            folders[folder] = known = KnownStories.Of(folder, connection.Address);
        }

        var own = StoryContent.RevisionOf(story.Content);
        if (await connection.FindAsync(StoriesCommand.ExportPathOf(id), cancellationToken) is not var (json, tag))
        {
            return new Plan(story, id, known, own, null, null, IsPublished: false);
        }

        var isPublished = json.TryGetProperty("isPublished", out var flag) && flag.ValueKind == System.Text.Json.JsonValueKind.True;
        return new Plan(story, id, known, own, StoryContent.RevisionOf(StoryContent.Utf8(json)), tag, isPublished);
    }

    private async Task<StoryOutcome> SendAsync(Plan plan, CancellationToken cancellationToken)
    {
        try
        {
            var isUnchanged = plan.IsUnchanged;
            if (isUnchanged)
            {
                plan.Known.Put(plan.Id, new Known(plan.Own, plan.Theirs!));
            }
            else
            {
                using var content = new ReadOnlyMemoryContent(plan.Story.Content);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

                // Also with --force: what is replaced is what was there when the files were looked at.
                var condition = plan.Tag is { } tag ? ("If-Match", tag) : plan.Theirs is null ? ("If-None-Match", "*") : ((string, string)?)null;
                await connection.PostAsync("elsa/api/workflow-definitions/import", content, condition, cancellationToken);
                await NoteAsync(plan, cancellationToken);
            }

            var result = isUnchanged ? "unchanged" : plan.Theirs is null ? "created" : "changed";
            if (publish && !(isUnchanged && plan.IsPublished))
            {
                await StoriesCommand.PublishAsync(connection, plan.Id, cancellationToken);
                result = isUnchanged ? "published" : $"{result}, published";
            }

            return new StoryOutcome(plan.Story.File, plan.Id, result);
        }
        catch (ServerRefusedException e)
        {
            return new StoryOutcome(plan.Story.File, plan.Id, "refused", e.Message);
        }
    }

    /// <summary>The server keeps parts of a story that a file does not have, so that what it holds now is asked for.</summary>
    private async Task NoteAsync(Plan plan, CancellationToken cancellationToken)
    {
        if (await connection.FindAsync(StoriesCommand.ExportPathOf(plan.Id), cancellationToken) is var (json, _))
        {
            plan.Known.Put(plan.Id, new Known(plan.Own, StoryContent.RevisionOf(StoryContent.Utf8(json))));
        }
    }

    private static List<string> FilesOf(string[] paths)
    {
        var files = new List<string>();
        foreach (var path in paths)
        {
            if (!Directory.Exists(path))
            {
                files.Add(path);
            }
            else if (Directory.GetFiles(path, "*.json") is { Length: > 0 } found)
            {
                files.AddRange(found.Order(StringComparer.Ordinal));
            }
            else
            {
                throw new CommandException($"The folder {path} holds no story: there is no *.json in it.");
            }
        }

        return [.. files.DistinctBy(Path.GetFullPath, StringComparer.Ordinal)];
    }

    /// <summary>A file and what the server has of its story.</summary>
    /// <param name="Story">The file.</param>
    /// <param name="Id">The story's definitionId.</param>
    /// <param name="Known">What the file's folder knows.</param>
    /// <param name="Own">The revision of the file.</param>
    /// <param name="Theirs">The revision of the server's latest version; null when it has none.</param>
    /// <param name="Tag">The ETag of that.</param>
    /// <param name="IsPublished">That version is published.</param>
    private sealed record Plan(CheckedStory Story, string Id, KnownStories Known, string Own, string? Theirs, string? Tag, bool IsPublished)
    {
        public bool IsUnchanged => Theirs is not null && (Own == Theirs || Known.Find(Id) == new Cli.Stories.Known(Own, Theirs));

        public bool IsConflict => Theirs is not null && !IsUnchanged && Known.Find(Id)?.Server != Theirs;
    }
}
