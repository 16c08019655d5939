using System.CommandLine;
using FederationWorkflows.Cli.Runs;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Definitions.Files;

namespace FederationWorkflows.Cli.Stories;

/// <summary><c>fedflow stories pull</c>: from the server into files.</summary>
internal sealed class PullStories(ServerConnection connection, KnownStories known, string folder, bool force)
{
    private readonly Dictionary<string, string> files = FilesIn(folder);

    public static Command Create()
    {
        var ids = new Argument<string[]>("story") { Description = "The definitionIds of the stories; all without one.", Arity = ArgumentArity.ZeroOrMore };
        var folder = new Option<string>("--folder") { Description = "The folder of the files.", DefaultValueFactory = _ => "workflows" };
        var force = new Option<bool>("--force") { Description = "Write over files that were changed since they were last pulled or pushed." };
        var server = ServerConnection.Option();
        var json = JsonOutput.Option();
        var command = new Command("pull", "Write the latest version of stories into files, one each. A story keeps the file it has. Exit code 1 when a file was changed meanwhile, or there is no such story.")
        {
            ids, folder, force, server, json,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var connection = ServerConnection.Open(result.GetValue(server));
            var into = result.GetValue(folder)!;
            var pull = new PullStories(connection, KnownStories.Of(into, connection.Address), into, result.GetValue(force));
            var wanted = result.GetValue(ids) is { Length: > 0 } named ? named : [.. (await ListStories.ReadAsync(connection, cancellationToken)).Select(story => story.Id)];
            var outcomes = new List<StoryOutcome>();
            foreach (var id in wanted.Distinct(StringComparer.Ordinal))
            {
                outcomes.Add(await pull.PullAsync(id, cancellationToken));
            }

            return StoryOutcome.Report(outcomes, result.GetValue(json));
        });
        return command;
    }

    private async Task<StoryOutcome> PullAsync(string id, CancellationToken cancellationToken)
    {
        if (await connection.FindAsync(StoriesCommand.ExportPathOf(id), cancellationToken) is not var (json, _))
        {
            return new StoryOutcome(null, id, "unknown", "There is no such story.");
        }

        var content = StoryContent.Utf8(json);
        var revision = StoryContent.RevisionOf(content);
        var isNew = !files.TryGetValue(id, out var file);
        file ??= Name(DefinitionParser.Parse(content).Name);
        var before = isNew ? [] : await StoryServices.ReadStoryAsync(file, cancellationToken);
        var own = isNew ? null : StoryContent.RevisionOf(before);
        if (own == revision || (own is not null && known.Find(id) == new Known(own, revision)))
        {
            known.Put(id, new Known(own, revision));
            return new StoryOutcome(file, id, "unchanged");
        }

        if (own is not null && own != known.Find(id)?.File && !force)
        {
            return new StoryOutcome(file, id, "conflict", "It differs from the server's, and not only by what was changed there since it was last pulled or pushed. Commit it, then pull with --force and compare; or push it.");
        }

        Write(file, StoryFile.Render(StoryContent.Reduce(content, StoryContent.PartsOf(before)), before));
        files[id] = file;
        known.Put(id, new Known(revision, revision));
        return new StoryOutcome(file, id, isNew ? "created" : "changed");
    }

    private static void Write(string file, byte[] content)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            FileReplacement.Write(file, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{file} cannot be written: {e.Message}");
        }
    }

    /// <summary>A name for a new file, of letters, digits and hyphens.</summary>
    private string Name(string story)
    {
        var plain = string.Concat(story.Select(letter => char.IsAsciiLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : '-'));
        plain = string.Join('-', plain.Split('-', StringSplitOptions.RemoveEmptyEntries));
        plain = plain.Length == 0 ? "story" : plain[..Math.Min(plain.Length, 100)];
        var file = Path.Combine(folder, $"{plain}.json");
        for (var number = 2; File.Exists(file); number++)
        {
            file = Path.Combine(folder, $"{plain}-{number}.json");
        }

        return file;
    }

    /// <summary>The stories of a folder, and their files. A file that is no story is none's.</summary>
    private static Dictionary<string, string> FilesIn(string folder)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] found = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json") : [];
        foreach (var file in found.Order(StringComparer.Ordinal))
        {
            try
            {
                var id = DefinitionParser.Parse(File.ReadAllBytes(file)).DefinitionId;
                if (!files.TryAdd(id, file))
                {
                    throw new CommandException($"{files[id]} and {file} hold the same story '{id}'. Delete one of them, or give its story another definitionId.");
                }
            }
            catch (Exception e) when (e is DefinitionException or IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine(Terminal.Plain($"{file} is left as it is, for it holds no story: {e.Message}"));
            }
        }

        return files;
    }
}
