using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Management;

namespace FederationWorkflows.Server.Webhooks.Callers;

/// <summary>
/// Keeps a signed request from resuming runs twice, on whatever node: a run that waits at the same path again, in a loop, would take the same request
/// again. A claim is made before the resumption and settled after it; one whose server died in between is given up after a while, so that a sender
/// who was not answered can send again.
/// </summary>
internal sealed class ResumeClaims(IDocumentStore documents, TimeProvider timeProvider)
{
    private const string Kind = "webhook-delivery";

    private const int SweepSize = 200;

    /// <summary>Longer than any resumption takes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromMinutes(1);

    private long sweptAt;

    /// <summary>Claims a request.</summary>
    /// <param name="replayKey">What tells it from others.</param>
    /// <param name="window">How long it could be sent again.</param>
    /// <param name="runId">The run it is to resume.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null while the same request is about to resume a run: whether it will is not known yet.</returns>
    public async ValueTask<ResumeClaim?> ClaimAsync(string replayKey, TimeSpan window, string runId, CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        await SweepAsync(now, cancellationToken);
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(replayKey)));
        var claim = ToDocument(id, new Claim(runId, now + window, now + Patience), 0);
        if (await documents.FindAsync(Kind, id, cancellationToken) is { } stored)
        {
            var known = Read(stored);
            if (now < known.Until && known.PendingUntil is null)
            {
                return new ResumeClaim(null, known.RunId);
            }

            if (now < known.Until && now < known.PendingUntil)
            {
                return null;
            }

            claim = claim with { Revision = stored.Revision };
        }

        try
        {
            return new ResumeClaim(claim with { Revision = await documents.PutAsync(claim, cancellationToken) }, runId);
        }
        catch (DocumentConflictException)
        {
            return null;
        }
    }

    /// <summary>The request has resumed its run.</summary>
    public async ValueTask SettleAsync(Document claim) => await documents.PutAsync(ToDocument(claim.Id, Read(claim) with { PendingUntil = null }, claim.Revision), CancellationToken.None);

    /// <summary>The request has resumed nothing.</summary>
    public async ValueTask GiveUpAsync(Document claim) => await documents.DeleteAsync(Kind, claim.Id, claim.Revision, CancellationToken.None);

    private async ValueTask SweepAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var last = Interlocked.Read(ref sweptAt);
        if (now.UtcTicks - last < BetweenSweeps.Ticks || Interlocked.CompareExchange(ref sweptAt, now.UtcTicks, last) != last)
        {
            return;
        }

        string? after = null;
        while (true)
        {
            var page = await documents.ListAsync(Kind, after, SweepSize, cancellationToken);
            foreach (var document in page.Where(document => Read(document).Until <= now))
            {
                await documents.DeleteAsync(Kind, document.Id, document.Revision, cancellationToken);
            }

            if (page.Count < SweepSize)
            {
                return;
            }

            after = page[^1].Id;
        }
    }

    private static Document ToDocument(string id, Claim claim, long revision) => new(Kind, id, null, JsonSerializer.SerializeToUtf8Bytes(claim, ManagementApi.Json), revision);

    private static Claim Read(Document document) => JsonSerializer.Deserialize<Claim>(document.Json.Span, ManagementApi.Json) ?? throw new JsonException("A stored claim is JSON's null.");

    /// <param name="RunId">The run.</param>
    /// <param name="Until">When the same request cannot come again, UTC.</param>
    /// <param name="PendingUntil">Until when its resumption may be under way, UTC; null once it is done.</param>
    private sealed record Claim(string RunId, DateTimeOffset Until, DateTimeOffset? PendingUntil);
}

/// <summary>What a signed request may do.</summary>
/// <param name="Document">The claim, with which it may resume the run; null when the same request has resumed it.</param>
/// <param name="RunId">The run.</param>
internal sealed record ResumeClaim(Document? Document, string RunId);
