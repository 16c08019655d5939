using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.State;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Runs;

/// <summary>
/// A run as one JSON document: with its state, journal and the version of its story, to be kept elsewhere or to go on on another server. What is
/// sensitive in the state stays encrypted, and the document is sealed with the key ring: only a server with the same key ring takes it in, and only
/// as it was written. Whoever could change it would run a story of his own, in anybody's name.
/// </summary>
public sealed class RunArchive(
    IRunStore runs, IDefinitionStore store, DefinitionCatalog definitions, RunEnvironment environment, ISensitiveValueProtector protector, IEnumerable<IRunObserver> observers)
{
    /// <summary>The largest document that is taken in, in bytes.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>The longest journal that is written.</summary>
    public const int MaxJournal = 200_000;

    private const string Format = "federation-workflows/run/1";

    private const int PageSize = 1000;

    private static ReadOnlySpan<byte> SealName => ",\"seal\":\""u8;

    /// <summary>No other thing that is encrypted with the key ring begins so.</summary>
    private static ReadOnlySpan<byte> SealPurpose => "FederationWorkflows exported run\n"u8;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        MaxDepth = JsonValues.MaxDepth + 8,
    };

    /// <summary>Writes a run as it was last committed.</summary>
    /// <returns>UTF-8 JSON; null when there is no such run.</returns>
    /// <exception cref="RunArchiveException">The version of its story is gone, or its journal is too long.</exception>
    public async ValueTask<byte[]?> ExportAsync(string runId, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(runId, cancellationToken) is not { Identity: { } identity } summary || await runs.LoadAsync(runId, cancellationToken) is not { } state)
        {
            return null;
        }

        var version = await store.FindByRevisionAsync(identity.DefinitionId, identity.Revision, cancellationToken)
            ?? throw new RunArchiveException($"The version of story '{identity.DefinitionId}' that run {runId} belongs to was deleted: without it the run cannot be exported.");
        var journal = new List<JournalRecord>();
        while (true)
        {
            var page = await runs.GetJournalAsync(runId, new JournalQuery { Skip = journal.Count, Take = PageSize }, cancellationToken);
            journal.AddRange(page.Items);
            if (page.Items.Count < PageSize)
            {
                break;
            }

            if (journal.Count >= MaxJournal)
            {
                throw new RunArchiveException($"The journal of run {runId} has more than {MaxJournal} entries, and is too long to be exported.");
            }
        }

        var document = new Document(
            Format, summary, JsonValues.Parse(version.Json), state.ToDictionary(), journal, await runs.GetExecutionsAsync(runId, null, cancellationToken));
        return Seal(JsonSerializer.SerializeToUtf8Bytes(document, Json));
    }

    /// <summary>Takes a run in: it keeps its id and goes on from where it was exported. The version of its story is stored with it, if it is not known.</summary>
    /// <param name="utf8Json">What <see cref="ExportAsync"/> wrote.</param>
    /// <param name="caller">Who takes it in.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The run.</returns>
    /// <exception cref="RunArchiveException">It is no such document, or its secrets were encrypted with another key ring; nothing was stored.</exception>
    /// <exception cref="DefinitionException">This server cannot run its story; nothing was stored.</exception>
    /// <exception cref="StoryNotAllowedException">The caller may not use what its story uses; nothing was stored.</exception>
    /// <exception cref="RunExistsException">There is a run of its id.</exception>
    public async ValueTask<RunSummary> ImportAsync(ReadOnlyMemory<byte> utf8Json, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var document = Read(utf8Json);
        var definition = DefinitionParser.Parse(document.Definition);
        var identity = document.Run.Identity;
        if (definition.Revision != identity.Revision || definition.DefinitionId != identity.DefinitionId)
        {
            throw new RunArchiveException("The story in the document is not the one the run belongs to.");
        }

        if (await runs.FindAsync(identity.Id, cancellationToken) is not null)
        {
            throw new RunExistsException(identity.Id);
        }

        var workflow = await definitions.AddRevisionAsync(document.Definition, identity.Version, caller, cancellationToken);
        using var run = Load(workflow, document);
        run.Touch(caller.Hand());
        using var touched = run.TakeCommit();
        foreach (var part in touched.State)
        {
            if (part.Data is null)
            {
                document.State.Remove(part.Key);
            }
            else
            {
                document.State[part.Key] = part.Data;
            }
        }

        var now = environment.TimeProvider.GetUtcNow();
        var transaction = new RunTransaction
        {
            Summary = run.Summary with { UpdatedAt = document.Run.UpdatedAt, FinishedAt = document.Run.FinishedAt },
            Lease = new Lease("import", 1, now),
            IsNew = true,
            ReleasesLease = true,
            State = [.. document.State.Select(part => new StatePart(part.Key, part.Value))],
            Journal = document.Journal,
            Executions = document.Executions,
            NewBookmarks = [.. run.Bookmarks],
            RemovedBookmarks = [],
            NewTimers = [.. run.Timers],
            RemovedTimers = [],
        };
        await runs.CommitAsync(transaction, cancellationToken);
        foreach (var observer in observers)
        {
            observer.OnCommitted(transaction);
        }

        return transaction.Summary;
    }

    /// <summary>Adds the encrypted hash of all before it as the document's last property.</summary>
    internal byte[] Seal(ReadOnlySpan<byte> document) =>
        [.. document[..^1], .. SealName, .. Encoding.ASCII.GetBytes(Convert.ToBase64String(protector.Protect([.. SealPurpose, .. SHA256.HashData(document)]))), .. "\"}"u8];

    /// <summary>The document without its seal, once that is seen to be its own.</summary>
    private byte[] Open(ReadOnlySpan<byte> utf8Json)
    {
        utf8Json = utf8Json.TrimEnd("\r\n "u8);
        var start = utf8Json.LastIndexOf(SealName);
        if (start > 0 && utf8Json.EndsWith("\"}"u8))
        {
            byte[] document = [.. utf8Json[..start], (byte)'}'];
            try
            {
                var seal = protector.Unprotect(Convert.FromBase64String(Encoding.ASCII.GetString(utf8Json[(start + SealName.Length)..^2])));
                if (CryptographicOperations.FixedTimeEquals(seal, [.. SealPurpose, .. SHA256.HashData(document)]))
                {
                    return document;
                }
            }
            catch (Exception e) when (e is FormatException or CryptographicException)
            {
                // Not a seal of this key ring; told below.
            }
        }

        throw new RunArchiveException(
            "The document is no exported run whose seal this server knows: it was changed after it was exported, or exported by a server with another key ring. Only a server that shares the key ring takes a run in, and only as it was written.");
    }

    private Document Read(ReadOnlyMemory<byte> utf8Json)
    {
        if (utf8Json.Length > MaxBytes)
        {
            throw new RunArchiveException($"The document has {utf8Json.Length} bytes; at most {MaxBytes} are read.");
        }

        try
        {
            var document = JsonSerializer.Deserialize<Document>(Open(utf8Json.Span), Json);
            return document is { Format: Format, Run.Identity: not null, State: not null, Journal: not null, Executions: not null }
                ? document
                : throw new RunArchiveException($"The document is no exported run: its \"format\" must be \"{Format}\".");
        }
        catch (JsonException e)
        {
            throw new RunArchiveException($"The document is no exported run: {JsonValues.Describe(e)}.");
        }
    }

    private WorkflowRun Load(ExecutableWorkflow workflow, Document document)
    {
        WorkflowRun run;
        try
        {
            run = WorkflowRun.Load(workflow, document.State, environment);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever a stranger's document makes of it: nothing is stored yet.
            throw new RunArchiveException(e is CryptographicException
                ? "The run's secrets were encrypted with another key ring: only a server that shares the key ring of the one it was exported from can take it in."
                : $"The state in the document cannot be read: {e.Message}");
        }

        if (run.Id == document.Run.Identity.Id && run.Status == document.Run.Status && run.SubStatus == document.Run.SubStatus)
        {
            return run;
        }

        run.Dispose();
        throw new RunArchiveException("The state in the document is not the one of the run.");
    }

    private sealed record Document(
        string Format, RunSummary Run, JsonElement Definition, Dictionary<string, byte[]> State, IReadOnlyList<JournalRecord> Journal, IReadOnlyList<ActivityExecutionRecord> Executions);
}

/// <summary>A run cannot be exported, or a document not be taken in. The message says why.</summary>
public sealed class RunArchiveException(string message) : Exception(message);
