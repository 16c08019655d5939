using System.CommandLine;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>How long and how hard.</summary>
internal sealed record LoadOptions
{
    public required double Seconds { get; init; }

    public required double WarmUpSeconds { get; init; }

    public required int Connections { get; init; }

    /// <summary>Into how many slices the seconds of a row are cut, between which the other rows have theirs.</summary>
    public required int Turns { get; init; }

    /// <summary>Runs that are stored before the row with history is measured.</summary>
    public required int Stored { get; init; }

    /// <summary>The parts to measure; empty for all.</summary>
    public required IReadOnlyList<string> Only { get; init; }

    /// <summary>The storages to measure; empty for both.</summary>
    public required IReadOnlyList<string> Storages { get; init; }

    public bool WantsStorage(string storage) => Storages.Count == 0 || Storages.Contains(storage, StringComparer.OrdinalIgnoreCase);

    public bool Wants(string part) => Only.Count == 0 || Only.Contains(part);
}

/// <summary><c>load</c>: how many events per second the server takes, beside what answering and storing cost on the same machine at least.</summary>
internal static class LoadCommand
{
    public static RootCommand Create()
    {
        var seconds = new Option<double>("--seconds") { Description = "How long each row is measured.", DefaultValueFactory = _ => 8 };
        var warmUp = new Option<double>("--warm-up") { Description = "Seconds before that, which do not count.", DefaultValueFactory = _ => 6 };
        var connections = new Option<int>("--connections") { Description = "Connections of the client.", DefaultValueFactory = _ => 128 };
        var turns = new Option<int>("--turns") { Description = "Slices of those seconds; between them come those of the rows that a row is compared with.", DefaultValueFactory = _ => 4 };
        var stored = new Option<int>("--stored") { Description = "Stored runs of the rows with history.", DefaultValueFactory = _ => 1_000_000 };
        var only = new Option<string[]>("--only") { Description = "Measure these parts only.", AllowMultipleArgumentsPerToken = true };
        only.AcceptOnlyFromAmong(LoadRun.Parts);
        var storages = new Option<string[]>("--storage") { Description = "Measure with these storages only.", AllowMultipleArgumentsPerToken = true };
        storages.AcceptOnlyFromAmong(LoadRun.Storages);
        var command = new RootCommand("Measures the server under load.") { seconds, warmUp, connections, turns, stored, only, storages };
        command.SetAction(async (result, _) =>
        {
            var run = new LoadRun(new LoadOptions
            {
                Seconds = result.GetValue(seconds),
                WarmUpSeconds = result.GetValue(warmUp),
                Connections = result.GetValue(connections),
                Turns = result.GetValue(turns),
                Stored = result.GetValue(stored),
                Only = result.GetValue(only) ?? [],
                Storages = result.GetValue(storages) ?? [],
            });
            return await run.RunAsync() ? 0 : 1;
        });
        return command;
    }
}
