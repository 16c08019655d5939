using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.Cli.Lab;
using FederationWorkflows.Federation.Setup;

namespace FederationWorkflows.Cli.Setup;

/// <summary>Applies a set-up to a running CloudLab by its administration.</summary>
internal static class LabSetup
{
    /// <summary>The address of a lab, which is on this machine.</summary>
    /// <exception cref="CommandException">It is not.</exception>
    public static Uri Address(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.IsLoopback && address.Scheme == Uri.UriSchemeHttp
            ? address
            : throw new CommandException($"'{Terminal.Plain(text)}' is no CloudLab: give the http address on this machine that fedflow lab prints.");

    public static Task ApplyAsync(Uri lab, GoogleToAws setup, CancellationToken cancellationToken) =>
        PutRoleAsync(lab, setup.AccountId, setup.RoleName, setup.MaxSessionDuration, setup.TrustPolicy(), setup.PermissionsPolicy(), cancellationToken);

    public static async Task ApplyAsync(Uri lab, ClusterToAws setup, CancellationToken cancellationToken)
    {
        await PutAsync(lab, $"lab/aws/accounts/{setup.AccountId}/oidc-providers", new JsonObject { ["url"] = setup.Issuer, ["clientIds"] = new JsonArray(setup.Audience) }, cancellationToken);
        await PutRoleAsync(lab, setup.AccountId, setup.RoleName, setup.MaxSessionDuration, setup.TrustPolicy(), setup.PermissionsPolicy(), cancellationToken);
    }

    private static Task PutRoleAsync(Uri lab, string account, string role, int maxSessionDuration, JsonObject trust, JsonObject permissions, CancellationToken cancellationToken) => PutAsync(
        lab,
        $"lab/aws/accounts/{account}/roles/{Uri.EscapeDataString(role)}",
        new JsonObject
        {
            ["name"] = role,
            ["maxSessionDuration"] = maxSessionDuration,
            ["trustPolicy"] = trust,
            ["policies"] = new JsonArray(new JsonObject { ["name"] = "federated-access", ["document"] = permissions }),
        },
        cancellationToken);

    public static async Task ApplyAsync(Uri lab, AwsToGoogle setup, CancellationToken cancellationToken)
    {
        var provider = setup.Provider();
        provider.Remove("name");
        provider["id"] = setup.ProviderId;
        await PutAsync(lab, $"lab/google/projects/{setup.ProjectNumber}/workloadIdentityPools/{setup.PoolId}/providers/{setup.ProviderId}", provider, cancellationToken);
        await PutAsync(
            lab,
            $"lab/google/serviceAccounts/{Uri.EscapeDataString(setup.ServiceAccount)}/bindings",
            new JsonObject { ["role"] = AwsToGoogle.GrantedRole, ["members"] = new JsonArray(setup.Member) },
            cancellationToken);
    }

    /// <summary>The same set-up's credential configuration for clients of that lab.</summary>
    public static SetupFile CredentialConfiguration(Uri lab, AwsToGoogle setup) => new("credential-config.lab.json", setup.CredentialConfiguration(LabSession.Endpoints(lab)));

    private static async Task PutAsync(Uri lab, string path, JsonObject content, CancellationToken cancellationToken)
    {
        // The lab is on this machine: a proxy of the environment could not reach it.
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var client = new HttpClient(handler);
        try
        {
            using var body = new StringContent(content.ToJsonString(), Encoding.UTF8, "application/json");
            using var answer = await client.PutAsync(new Uri(lab, path), body, cancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                throw new CommandException($"The CloudLab at {lab} refused it: {Terminal.Plain(await answer.Content.ReadAsStringAsync(cancellationToken))}");
            }
        }
        catch (HttpRequestException e)
        {
            throw new CommandException($"No CloudLab answers at {lab}: {e.Message}");
        }
    }
}
