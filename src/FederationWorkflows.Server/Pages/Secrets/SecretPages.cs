using System.Globalization;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Secrets;
using Microsoft.AspNetCore.Mvc;

namespace FederationWorkflows.Server.Pages.Secrets;

/// <summary>Secrets for people. A value that was typed is never shown again, not even when something else in the form was wrong.</summary>
internal static class SecretPages
{
    public static void MapSecretPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/secrets", ListAsync).Requires(Permissions.SecretsRead);
        pages.MapPost("/secrets", CreateAsync).Requires(Permissions.SecretsWrite).WritesAudit("secret.create");
        pages.MapGet("/secrets/{name}", ShowAsync).Requires(Permissions.SecretsRead);
        pages.MapPost("/secrets/{name}/rotate", RotateAsync).Requires(Permissions.SecretsWrite).WritesAudit("secret.rotate");
        pages.MapPost("/secrets/{name}/revoke", RevokeAsync).Requires(Permissions.SecretsWrite).WritesAudit("secret.revoke");
        pages.MapPost("/secrets/{name}/delete", DeleteAsync).Requires(Permissions.SecretsWrite).WritesAudit("secret.delete");
    }

    private static Task<IResult> ListAsync(HttpContext context, SecretStore secrets, SecretUses uses, TimeProvider timeProvider) => ListPageAsync(context, secrets, uses, timeProvider);

    private static Task<IResult> ShowAsync(string name, HttpContext context, SecretStore secrets, SecretUses uses, TimeProvider timeProvider) =>
        PageAsync(name, context, secrets, uses, timeProvider);

    private static async Task<IResult> CreateAsync(
        [FromForm] string? name, [FromForm] string? description, [FromForm] string? value, [FromForm] string? expiresAt, HttpContext context, SecretStore secrets, SecretUses uses, TimeProvider timeProvider)
    {
        try
        {
            await secrets.CreateAsync(new NewSecret(name?.Trim(), null, description, Lines(value), Time(expiresAt)), context);
            return PageResult.SeeOther(context, "secrets");
        }
        catch (SecretException e)
        {
            return await ListPageAsync(context, secrets, uses, timeProvider, e.Message, name, description);
        }
    }

    private static async Task<IResult> RotateAsync(
        string name, [FromForm] string? value, [FromForm] string? expiresAt, [FromForm] string? overlap, HttpContext context, SecretStore secrets, SecretUses uses, TimeProvider timeProvider)
    {
        try
        {
            TimeSpan? goesOn = string.IsNullOrEmpty(overlap) ? null
                : TimeSpan.TryParse(overlap, CultureInfo.InvariantCulture, out var span) ? span : throw new SecretException("The overlap is no duration.");
            await secrets.RotateAsync(name, new SecretRotation(Lines(value), Time(expiresAt), goesOn), context);
            return PageResult.SeeOther(context, $"secrets/{Uri.EscapeDataString(name)}");
        }
        catch (SecretException e)
        {
            return await PageAsync(name, context, secrets, uses, timeProvider, e.Message);
        }
    }

    private static async Task<IResult> RevokeAsync(string name, [FromForm] string? confirmed, HttpContext context, SecretStore secrets)
    {
        await secrets.RevokeAsync(name, context);
        return PageResult.SeeOther(context, $"secrets/{Uri.EscapeDataString(name)}");
    }

    private static async Task<IResult> DeleteAsync(string name, [FromForm] string? confirmed, HttpContext context, SecretStore secrets, SecretUses uses, TimeProvider timeProvider)
    {
        if ((await uses.FindAsync(context.RequestAborted))[name].Any(use => use.IsPublished))
        {
            return await PageAsync(name, context, secrets, uses, timeProvider, "Published stories name this secret, and would fail. Change them first.");
        }

        await secrets.DeleteAsync(name, context);
        return PageResult.SeeOther(context, "secrets");
    }

    private static async Task<IResult> ListPageAsync(
        HttpContext context, SecretStore secrets, SecretUses uses, TimeProvider timeProvider, string? problem = null, string? name = null, string? description = null)
    {
        var used = await uses.FindAsync(context.RequestAborted);
        var now = timeProvider.GetUtcNow();
        IReadOnlyList<SecretRow> rows = [.. (await secrets.ListAsync(context.RequestAborted)).Select(secret => new SecretRow(secret, used[secret.Name], now))];
        return PageResult.Of<SecretsPage>(
            context,
            new { Caller = context.User, Rows = rows, Problem = problem, NewName = name, NewDescription = description },
            problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }

    private static async Task<IResult> PageAsync(string name, HttpContext context, SecretStore secrets, SecretUses uses, TimeProvider timeProvider, string? problem = null)
    {
        if (await secrets.FindAsync(name, context.RequestAborted) is not { } secret)
        {
            return PageResult.Of<ProblemPage>(context, new { Caller = context.User, Heading = "No such secret", Detail = $"There is no secret '{name}'. It may have been deleted." }, StatusCodes.Status404NotFound);
        }

        var row = new SecretRow(secret, (await uses.FindAsync(context.RequestAborted))[name], timeProvider.GetUtcNow());
        return PageResult.Of<SecretPage>(context, new { Caller = context.User, Row = row, Problem = problem }, problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }

    /// <summary>Forms send line breaks as CR LF (HTML Standard, form submission); keys in PEM and signatures want them as they were typed.</summary>
    private static string? Lines(string? value) => value?.ReplaceLineEndings("\n");

    private static DateTimeOffset? Time(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time
        : throw new SecretException("The expiry is no date and time.");
}
