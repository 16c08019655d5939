using System.Security.Claims;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Server.Management.Definitions;

/// <summary>Saves what the designer and files bring.</summary>
internal sealed class DefinitionSaving(IDefinitionStore store, DefinitionCatalog catalog, WorkflowCompiler compiler) : IDisposable
{
    private readonly EditingPages pages = new();

    /// <summary>Held while a story is stored and its page is noted, so that the page's next save finds both.</summary>
    private readonly SemaphoreSlim storing = new(1, 1);

    public void Dispose() => storing.Dispose();

    /// <summary>
    /// Saves a definition as the latest version, errors in its activities and all, since half-finished stories are saved, too. To be published,
    /// it must be without errors; one that has some is not saved either, so that the author's copy stays the one the server knows.
    /// </summary>
    /// <param name="json">The definition; the object is changed.</param>
    /// <param name="publish">Publish it, too.</param>
    /// <param name="basis">What it is based on; null for what the definition itself says of that.</param>
    /// <param name="page">The page of the designer that saves it; null for none.</param>
    /// <param name="caller">Who saves it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="DefinitionException">It is no definition, or has errors and was to be published; nothing was changed.</exception>
    /// <exception cref="DefinitionConflictException">Somebody else changed it meanwhile; nothing was changed.</exception>
    public async ValueTask<SavedDefinition> SaveAsync(JsonObject json, bool publish, SavingBasis? basis, string? page, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        var model = DesignerModel.Of(json);
        if (model.DefinitionId is { } id)
        {
            if (await store.FindLatestAsync(id, cancellationToken) is { } before)
            {
                model.KeepUnknownOf(ManagementBody.Parse(before.Json));
            }
        }
        else
        {
            await NameAsync(model, cancellationToken);
        }

        var utf8 = model.ToUtf8();
        if (publish)
        {
            compiler.Compile(utf8).Require();
        }

        var saved = await StoreAsync(utf8, model.DefinitionId!, basis is null ? model.BasedOn : basis.Revision, page, caller, cancellationToken);
        return !publish ? new SavedDefinition(saved, WasPublished: false)
            : new SavedDefinition(await catalog.PublishVersionAsync(saved.Id, caller, cancellationToken) ?? throw new UnknownVersionException(saved.Id), saved.IsPublished);
    }

    private async ValueTask<StoredDefinition> StoreAsync(byte[] utf8, string definitionId, string? basedOn, string? page, ClaimsPrincipal caller, CancellationToken cancellationToken)
    {
        await storing.WaitAsync(cancellationToken);
        try
        {
            var saved = await catalog.SaveDraftAsync(utf8, pages.BasedOn(definitionId, page, basedOn), caller, cancellationToken);
            pages.Saved(definitionId, page, saved.Revision);
            return saved;
        }
        finally
        {
            storing.Release();
        }
    }

    /// <summary>Repeated, it gets the id it got before; sent anew when that is something else by now, another.</summary>
    private async ValueTask NameAsync(DesignerModel model, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            model.DefinitionId = null;
            model.DefinitionId = model.DeriveId(attempt);
            if (await store.FindLatestAsync(model.DefinitionId, cancellationToken) is not { } same || same.Revision == DefinitionParser.Parse(model.ToUtf8()).Revision)
            {
                return;
            }
        }
    }
}

/// <summary>What a definition is based on that is saved.</summary>
/// <param name="Revision">The revision that must be the latest, <see cref="DefinitionConditions.MustBeNew"/> for none; null: changes somebody else made meanwhile are knowingly replaced.</param>
internal sealed record SavingBasis(string? Revision)
{
    public static SavingBasis Anything { get; } = new((string?)null);
}

/// <summary>What was saved.</summary>
/// <param name="Definition">The version.</param>
/// <param name="WasPublished">It was to be published and was already.</param>
internal sealed record SavedDefinition(StoredDefinition Definition, bool WasPublished);

/// <summary>A version was deleted while somebody worked with it.</summary>
internal sealed class UnknownVersionException(string versionId) : Exception($"There is no version '{versionId}' of a story any more.");
