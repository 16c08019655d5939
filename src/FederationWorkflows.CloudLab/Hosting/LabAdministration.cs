using System.Text.Json;
using FederationWorkflows.CloudLab.Aws;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab;

/// <summary>
/// Changes a running lab, under <c>/lab</c>: what an administrator of the clouds would do with their consoles, without signing in, as the lab is on this machine alone.
/// A role or an OIDC provider is put as the world file declares it and checked by the same rules; a wrong one changes nothing.
/// </summary>
internal sealed class LabAdministration(AwsLab aws, TimeProvider time) : ILabService
{
    private const int MaximumBody = 256 * 1024;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut("/lab/aws/accounts/{account}/roles/{name}", PutRoleAsync);
        routes.MapPut("/lab/aws/accounts/{account}/oidc-providers", PutProviderAsync);
    }

    private async Task PutRoleAsync(HttpContext http, string account, string name)
    {
        await ChangeAsync<AwsRole>(http, role =>
        {
            if (role.Name != name)
            {
                throw new WorldFormatException("$.name", $"The address is of the role {name}: give the same name.");
            }

            AwsWorldRules.Check(new AwsWorld { Accounts = [new AwsAccount { Id = account, Roles = [role] }] });
            return aws.Cloud.PutRole(account, role, time.GetUtcNow());
        });
    }

    private Task PutProviderAsync(HttpContext http, string account) => ChangeAsync<AwsOidcProvider>(http, provider =>
    {
        AwsWorldRules.Check(new AwsWorld { Accounts = [new AwsAccount { Id = account, OidcProviders = [provider] }] });
        return aws.Cloud.PutProvider(account, provider);
    });

    private static async Task ChangeAsync<T>(HttpContext http, Func<T, bool> change)
    {
        // A page in a browser of this machine can send here as well, but not with this type or to this name.
        if (!http.Request.HasJsonContentType() || http.Request.Host.Host is not ("127.0.0.1" or "localhost" or "[::1]"))
        {
            await AnswerAsync(http, StatusCodes.Status415UnsupportedMediaType, "Send application/json to 127.0.0.1.");
            return;
        }

        if (http.Request.ContentLength is null or > MaximumBody)
        {
            await AnswerAsync(http, StatusCodes.Status413PayloadTooLarge, $"Send at most {MaximumBody} bytes, with Content-Length.");
            return;
        }

        try
        {
            var value = await JsonSerializer.DeserializeAsync<T>(http.Request.Body, LabWorld.JsonOptions, http.RequestAborted)
                ?? throw new WorldFormatException("$", "Send a JSON object.");
            if (change(value))
            {
                http.Response.StatusCode = StatusCodes.Status204NoContent;
            }
            else
            {
                await AnswerAsync(http, StatusCodes.Status404NotFound, "The lab has no such account.");
            }
        }
        catch (Exception exception) when (exception is WorldFormatException or JsonException)
        {
            await AnswerAsync(http, StatusCodes.Status400BadRequest, exception.Message);
        }
    }

    private static Task AnswerAsync(HttpContext http, int status, string problem)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new { problem }, http.RequestAborted);
    }
}
