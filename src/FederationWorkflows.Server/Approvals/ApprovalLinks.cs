using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Activities.Tasks;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Hosting;
using FederationWorkflows.Server.Management;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Approvals;

/// <summary>Links by which one person decides one approval, once. Only the hash of a link's token is stored.</summary>
internal sealed class ApprovalLinks(IDocumentStore documents, TimeProvider timeProvider, IOptions<ServerOptions> options) : IApprovalLinks
{
    private const string Kind = "approval-link";

    private const int TokenBytes = 32;

    private const int SweepSize = 500;

    /// <summary>No link works longer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    /// <summary>How long a link works that does not say.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromDays(1);

    public ValueTask<Sensitive<string>> CreateAsync(string approvalId, Person person, DateTimeOffset? expiresAt, CancellationToken cancellationToken) =>
        CreateAsync(approvalId, person, createdBy: null, expiresAt, cancellationToken);

    /// <param name="approvalId">The approval.</param>
    /// <param name="person">Who is to decide.</param>
    /// <param name="createdBy">Who sees the link first; null for the story.</param>
    /// <param name="expiresAt">When it ends; a day from now when null, a week at most.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask<Sensitive<string>> CreateAsync(string approvalId, Person person, Person? createdBy, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        await SweepAsync(now, cancellationToken);
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        var until = expiresAt is { } asked && asked < now + Longest ? asked : expiresAt is null ? now + Default : now + Longest;
        var link = new ApprovalLink(approvalId, person, createdBy, until);
        await documents.PutAsync(new Document(Kind, HashOf(token), null, JsonSerializer.SerializeToUtf8Bytes(link, ManagementApi.Json), 0), cancellationToken);
        return Sensitive.Of($"{options.Value.PublicUrl?.TrimEnd('/')}/approvals/link/{token}");
    }

    /// <summary>The link of a token; null when there is none, it was used, or its time is over.</summary>
    public async ValueTask<ApprovalLink?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if (token.Length != Base64Url.GetEncodedLength(TokenBytes) || await documents.FindAsync(Kind, HashOf(token), cancellationToken) is not { } document)
        {
            return null;
        }

        var link = Read(document);
        return link.ExpiresAt > timeProvider.GetUtcNow() ? link : null;
    }

    /// <summary>It was used: it works no more. Before that the run has noted the decision, and would take no second one of the same person.</summary>
    public async ValueTask UseAsync(string token) => await documents.DeleteAsync(Kind, HashOf(token), null, CancellationToken.None);

    private async ValueTask SweepAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var document in await documents.ListAsync(Kind, null, SweepSize, cancellationToken))
        {
            if (Read(document).ExpiresAt <= now)
            {
                await documents.DeleteAsync(Kind, document.Id, document.Revision, cancellationToken);
            }
        }
    }

    private static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static ApprovalLink Read(Document document) =>
        JsonSerializer.Deserialize<ApprovalLink>(document.Json.Span, ManagementApi.Json) ?? throw new JsonException("A stored link is JSON's null.");
}

/// <summary>A link by which a person decides.</summary>
/// <param name="ApprovalId">What.</param>
/// <param name="Person">Who.</param>
/// <param name="CreatedBy">Who made it, and could have used it himself; null for the story.</param>
/// <param name="ExpiresAt">Until when, UTC.</param>
internal sealed record ApprovalLink(string ApprovalId, Person Person, Person? CreatedBy, DateTimeOffset ExpiresAt)
{
    /// <summary>The decision of who uses it.</summary>
    public ApprovalDecision Decide(DateTimeOffset at, bool isApproval, string? reason) => new(Person.Name, at, isApproval, reason, "link", CreatedBy?.Name, Person.Id, CreatedBy?.Id);
}
