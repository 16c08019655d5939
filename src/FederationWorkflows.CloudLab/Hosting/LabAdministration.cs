using System.Text.Json;
using FederationWorkflows.CloudLab.Aws;
using FederationWorkflows.CloudLab.Google;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab;

/// <summary>
/// Changes a running lab, under <c>/lab</c>: what an administrator of the clouds would do with their consoles, without signing in, as the lab is on this machine alone.
/// Roles, OIDC providers, providers of pools and grants are put as the world file declares them and checked by the same rules; a wrong one changes nothing.
/// </summary>
internal sealed class LabAdministration(AwsLab aws, GoogleLab? google, TimeProvider time) : ILabService
{
    private const int MaximumBody = 256 * 1024;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut("/lab/aws/accounts/{account}/roles/{name}", PutRoleAsync);
        routes.MapPut("/lab/aws/accounts/{account}/oidc-providers", PutProviderAsync);
        if (google is not null)
        {
            routes.MapPut("/lab/google/projects/{project}/workloadIdentityPools/{pool}/providers/{name}", (HttpContext http, string project, string pool, string name) =>
                PutPoolProviderAsync(http, google, project, pool, name));
            routes.MapPut("/lab/google/serviceAccounts/{address}/bindings", (HttpContext http, string address) => ChangeAsync(
                http, "project of that service account", json => google.Grant(address, GoogleWorldReader.ReadPart<IamBinding>(json, "$"))));
        }
    }

    private Task PutProviderAsync(HttpContext http, string account) => ChangeAsync(http, "account", json =>
    {
        var provider = json.Deserialize<AwsOidcProvider>(LabWorld.JsonOptions) ?? throw new WorldFormatException("$", "Send a JSON object.");
        AwsWorldRules.Check(new AwsWorld { Accounts = [new AwsAccount { Id = account, OidcProviders = [provider] }] });
        return aws.Cloud.PutProvider(account, provider);
    });

    private Task PutRoleAsync(HttpContext http, string account, string name) => ChangeAsync(http, "account", json =>
    {
        var role = json.Deserialize<AwsRole>(LabWorld.JsonOptions) ?? throw new WorldFormatException("$", "Send a JSON object.");
        RequireName("role", "name", name, role.Name);
        AwsWorldRules.Check(new AwsWorld { Accounts = [new AwsAccount { Id = account, Roles = [role] }] });
        return aws.Cloud.PutRole(account, role, time.GetUtcNow());
    });

    private static Task PutPoolProviderAsync(HttpContext http, GoogleLab google, string project, string pool, string name) => ChangeAsync(http, "project", json =>
    {
        var provider = GoogleWorldReader.ReadPart<WorkloadIdentityPoolProvider>(json, "$");
        RequireName("provider", "id", name, provider.Id);
        return google.PutProvider(project, pool, provider);
    });

    private static void RequireName(string what, string member, string addressed, string given)
    {
        if (addressed != given)
        {
            throw new WorldFormatException($"$.{member}", $"The address is of the {what} {addressed}: give the same {member}.");
        }
    }

    private static async Task ChangeAsync(HttpContext http, string home, Func<JsonElement, bool> change)
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
            if (change(await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body, LabWorld.JsonOptions, http.RequestAborted)))
            {
                http.Response.StatusCode = StatusCodes.Status204NoContent;
            }
            else
            {
                await AnswerAsync(http, StatusCodes.Status404NotFound, $"The lab has no such {home}.");
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
