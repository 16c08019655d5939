using System.Security.Claims;
using System.Text.Json;
using FederationWorkflows.CloudLab;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.EndToEnd;

/// <summary>Many runs on one role, against the CloudLab.</summary>
public sealed class TokenBurstTests
{
    private const int Runs = 1000;

    private const string Story = "gcp-to-aws-list-buckets";

    private static readonly ClaimsPrincipal Ann = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "ann"), new Claim(ClaimTypes.Role, "administrator")], "test"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_runs_on_one_role_make_one_call_to_STS_and_it_is_in_the_audit_log_as_the_cloud_saw_it()
    {
        await using var federated = await Federated.StartAsync(LabWorld.Default, UseRole, AddRole);
        var runtime = federated.Services.GetRequiredService<WorkflowRuntime>();

        var handles = await Task.WhenAll(Enumerable.Range(0, Runs).Select(_ => runtime.StartAsync(new StartRequest(Story), Ann, Cancel).AsTask()));
        var results = await Task.WhenAll(handles.Select(handle => handle.Rest));

        results.Count(result => result.Summary.SubStatus == WorkflowSubStatus.Finished).ShouldBe(Runs, string.Join("; ", results.SelectMany(result => result.Incidents).Take(3).Select(incident => incident.Message)));
        var assumed = federated.Lab.Events.Snapshot().Where(record => record.EventName == "AssumeRoleWithWebIdentity").ShouldHaveSingleItem();
        assumed.ErrorCode.ShouldBeNull();

        var entries = await federated.Services.GetRequiredService<IAuditStore>().ListAsync(new AuditQuery { Action = "connection.exchange" }, Cancel);
        entries.Select(entry => entry.Subject).ShouldBe(["responder", "incident-source", "incident-source"]);
        var role = entries[0].After!.Value;
        role.GetProperty("role").GetString().ShouldBe("arn:aws:iam::111122223333:role/incident-responder");
        role.GetProperty("story").GetString().ShouldBe(Story);
        handles.Select(handle => handle.RunId).ShouldContain(role.GetProperty("run").GetString());
        role.GetProperty("claims").GetProperty("sub").GetString().ShouldBe(DefaultGoogleWorld.AwsFederationId);
        var seen = JsonSerializer.Serialize(assumed);
        seen.ShouldContain(role.GetProperty("accessKeyId").GetString()!);
        seen.ShouldContain(role.GetProperty("sessionName").GetString()!);
        var credentials = await federated.Services.GetRequiredService<ITokenBroker>().GetAwsCredentialsAsync("responder", default, ConnectionUser.OfRun(Story, "other"), Cancel);
        var recorded = JsonSerializer.Serialize(entries);
        foreach (var secret in new[] { credentials.SecretAccessKey.Reveal(), credentials.SessionToken!.Reveal(), "eyJhbGciOi", "ya29.", "-----BEGIN" })
        {
            recorded.ShouldNotContain(secret);
        }
    }

    private static void UseRole(System.Text.Json.Nodes.JsonNode story) => story["root"] = System.Text.Json.Nodes.JsonNode.Parse(
        """
        {
          "type": "Aws.GetCredentials", "id": "credentials", "version": 1,
          "connection": { "typeName": "String", "expression": { "type": "Literal", "value": "responder" } }
        }
        """);

    private static void AddRole(Dictionary<string, string?> settings)
    {
        const string role = "Federation:Connections:responder:";
        settings[role + "Kind"] = ConnectionKinds.AwsRole;
        settings[role + "RoleArn"] = "arn:aws:iam::111122223333:role/incident-responder";
        settings[role + "Source"] = "incident-source";
        settings[role + "ServiceAccount"] = DefaultGoogleWorld.AwsFederation;
        settings[role + "Audience"] = "https://federation-workflows.example/aws";
        settings[role + "Stories:0"] = Story;
    }
}
