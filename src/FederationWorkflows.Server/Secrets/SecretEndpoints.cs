using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management;
using FederationWorkflows.Server.Management.Contract;

namespace FederationWorkflows.Server.Secrets;

/// <summary>Secrets as Elsa Server's API has them, for the designer's picker and for programs. No answer has a value in it.</summary>
internal static class SecretEndpoints
{
    private const string TypeName = "text";

    private const string StoreName = "encrypted";

    public static void MapSecrets(this IEndpointRouteBuilder api)
    {
        api.MapGet("/secrets/descriptors", Descriptors).Answers<SecretKinds>().Requires(Permissions.SecretsRead);
        api.MapPost("/secrets/picker", PickAsync).Answers<SecretChoice>().Requires(Permissions.SecretsRead);
        api.MapGet("/secrets", ListAsync).Answers<Paged<SecretFacts>>().Requires(Permissions.SecretsRead);
        api.MapPost("/secrets", CreateAsync).Answers<SecretFacts>().Requires(Permissions.SecretsWrite).WritesAudit("secret.create");
        api.MapGet("/secrets/{name}", FindAsync).Answers<SecretFacts>().Requires(Permissions.SecretsRead);
        api.MapDelete("/secrets/{name}", DeleteAsync).Answers(StatusCodes.Status204NoContent).Requires(Permissions.SecretsWrite).WritesAudit("secret.delete");
        api.MapPost("/secrets/{name}/rotate", RotateAsync).Answers<SecretFacts>().Requires(Permissions.SecretsWrite).WritesAudit("secret.rotate");
        api.MapPost("/secrets/{name}/revoke", RevokeAsync).Answers<SecretFacts>().Requires(Permissions.SecretsWrite).WritesAudit("secret.revoke");
    }

    public static void MapSecretUses(this IEndpointRouteBuilder api) => api.MapGet("/secrets/{name}/uses", UsesAsync).Answers<Listed<SecretUse>>().Requires(Permissions.SecretsRead);

    private static IResult Descriptors() => Results.Json(
        new
        {
            Types = new[] { new { Name = TypeName, DisplayName = "Text", Description = "A password, token or key, as text.", EditorHint = "text", SupportedStoreNames = new[] { StoreName } } },
            Stores = new[] { new { Name = StoreName, DisplayName = "Encrypted", Description = "Encrypted with this server's key ring.", Capabilities = "Read, Write, Delete, Versioned", IsReadOnly = false } },
        },
        ManagementApi.Json);

    private static async Task<IResult> PickAsync(PickerRequest request, HttpContext context, SecretStore secrets, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        var fits = request is not { TypeNames: { Count: > 0 } types } || types.Contains(TypeName);
        fits &= request is not { StoreNames: { Count: > 0 } stores } || stores.Contains(StoreName);
        var items = (fits ? await secrets.ListAsync(cancellationToken) : [])
            .Where(secret => !request.ActiveOnly || secret.StatusAt(now) == "Active")
            .Where(secret => string.IsNullOrEmpty(request.Search) || secret.Name.Contains(request.Search, StringComparison.OrdinalIgnoreCase) || secret.DisplayName?.Contains(request.Search, StringComparison.OrdinalIgnoreCase) is true);
        return Results.Json(new { Items = items.Select(secret => Shape(secret, now)), CanCreateInline = context.User.May(Permissions.SecretsWrite) }, ManagementApi.Json);
    }

    private static async Task<IResult> ListAsync(SecretStore secrets, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var all = await secrets.ListAsync(cancellationToken);
        return Results.Json(new { Items = all.Select(secret => Shape(secret, timeProvider.GetUtcNow())), TotalCount = all.Count }, ManagementApi.Json);
    }

    private static async Task<IResult> CreateAsync(CreateRequest request, HttpContext context, SecretStore secrets, TimeProvider timeProvider)
    {
        var wrong = request.TypeName is not (null or "" or TypeName) ? $"There is no type '{request.TypeName}' of secrets; the only one is '{TypeName}'."
            : request.StoreName is not (null or "" or StoreName) ? $"There is no store '{request.StoreName}' of secrets; the only one is '{StoreName}'."
            : !string.IsNullOrEmpty(request.Scope) ? "Secrets have no scopes here: every story can name every secret. Leave \"scope\" out."
            : !string.IsNullOrEmpty(request.ConfigurationKey) ? "Secrets are not read from the configuration. Give the value itself."
            : null;
        if (wrong is not null)
        {
            return ManagementApi.Wrong(wrong);
        }

        try
        {
            var secret = await secrets.CreateAsync(new NewSecret(request.Name, request.DisplayName, request.Description, request.Value, request.ExpiresAt), context);
            return Results.Json(Shape(secret, timeProvider.GetUtcNow()), ManagementApi.Json);
        }
        catch (SecretException e)
        {
            return Refused(e);
        }
    }

    private static async Task<IResult> FindAsync(string name, SecretStore secrets, TimeProvider timeProvider, CancellationToken cancellationToken) =>
        Answer(name, await secrets.FindAsync(name, cancellationToken), timeProvider);

    private static async Task<IResult> RotateAsync(string name, SecretRotation request, HttpContext context, SecretStore secrets, TimeProvider timeProvider)
    {
        try
        {
            return Answer(name, await secrets.RotateAsync(name, request, context), timeProvider);
        }
        catch (SecretException e)
        {
            return Refused(e);
        }
    }

    private static async Task<IResult> RevokeAsync(string name, HttpContext context, SecretStore secrets, TimeProvider timeProvider) =>
        Answer(name, await secrets.RevokeAsync(name, context), timeProvider);

    /// <summary>Published stories would fail at the next run: who means it says so with <c>force</c>.</summary>
    private static async Task<IResult> DeleteAsync(string name, bool? force, HttpContext context, SecretStore secrets, SecretUses uses)
    {
        if (force is not true)
        {
            var stories = (await uses.FindAsync(context.RequestAborted))[name].Where(use => use.IsPublished).Select(use => use.Name).Distinct().ToArray();
            if (stories.Length > 0)
            {
                return Results.Problem($"Published stories name this secret: {string.Join(", ", stories)}. Change them first, or delete it all the same with ?force=true.", statusCode: StatusCodes.Status409Conflict);
            }
        }

        return await secrets.DeleteAsync(name, context) ? Results.NoContent() : None(name);
    }

    private static async Task<IResult> UsesAsync(string name, SecretUses uses, CancellationToken cancellationToken) =>
        Results.Json(new { Items = (await uses.FindAsync(cancellationToken))[name] }, ManagementApi.Json);

    private static IResult Answer(string name, SecretRecord? secret, TimeProvider timeProvider) => secret is null ? None(name) : Results.Json(Shape(secret, timeProvider.GetUtcNow()), ManagementApi.Json);

    private static IResult None(string name) => Results.Problem($"There is no secret '{name}'.", statusCode: StatusCodes.Status404NotFound);

    private static IResult Refused(SecretException e) => Results.Problem(e.Message, statusCode: e.IsConflict ? StatusCodes.Status409Conflict : StatusCodes.Status400BadRequest);

    /// <summary>Elsa contract: Secret.</summary>
    private static object Shape(SecretRecord secret, DateTimeOffset now) => new
    {
        Id = secret.Name,
        secret.Name,
        DisplayName = secret.DisplayName ?? secret.Name,
        Description = secret.Description ?? "",
        TypeName,
        StoreName,
        Scope = (string?)null,
        Status = secret.StatusAt(now),
        CurrentVersion = secret.Current.Number,
        secret.CreatedAt,
        secret.CreatedBy,
        secret.UpdatedAt,
        secret.ExpiresAt,
        secret.RevokedAt,
        Versions = secret.Versions.Select(version => new { version.Number, version.CreatedAt, version.CreatedBy, version.VerifiesUntil }),
    };

    private sealed record PickerRequest(string? Search, IReadOnlyList<string>? TypeNames, IReadOnlyList<string>? StoreNames, string? Scope, bool ActiveOnly = true);

    private sealed record CreateRequest(
        string? Name, string? DisplayName, string? Description, string? TypeName, string? StoreName, string? Scope, string? Value, string? ConfigurationKey, DateTimeOffset? ExpiresAt);
}
