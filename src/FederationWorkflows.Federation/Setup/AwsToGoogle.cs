using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Setup;

/// <summary>What a workload identity pool and a service account need so that the sessions of one AWS role, and no one else, become the account. Nothing is asked of a cloud.</summary>
public sealed record AwsToGoogle
{
    /// <summary>What sessions are granted on the service account.</summary>
    public const string GrantedRole = "roles/iam.workloadIdentityUser";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The AWS account: twelve digits.</summary>
    public required string AccountId { get; init; }

    /// <summary>The role whose sessions are taken in.</summary>
    public required string RoleName { get; init; }

    /// <summary>The project of the pool, by its id.</summary>
    public required string ProjectId { get; init; }

    /// <summary>The project of the pool, by its number.</summary>
    public required string ProjectNumber { get; init; }

    /// <summary>The pool's id.</summary>
    public required string PoolId { get; init; }

    /// <summary>The provider's id.</summary>
    public required string ProviderId { get; init; }

    /// <summary>The service account that sessions become: its address.</summary>
    public required string ServiceAccount { get; init; }

    /// <summary>The provider's full resource name, which a signed request names as its target.</summary>
    public string ProviderName => Name.FullName;

    /// <summary>The provider's attribute mapping: the session's ARN, and the role's without the session's name.</summary>
    public IReadOnlyDictionary<string, string> AttributeMapping { get; } = new Dictionary<string, string>
    {
        ["google.subject"] = "assertion.arn",
        ["attribute.aws_role"] = "assertion.arn.extract('{account_arn}assumed-role/') + 'assumed-role/' + assertion.arn.extract('assumed-role/{role_name}/')",
    };

    /// <summary>The provider's attribute condition: sessions of the one role.</summary>
    public string AttributeCondition => $"attribute.aws_role == '{RoleSessions}'";

    /// <summary>Who is granted <c>roles/iam.workloadIdentityUser</c> on the service account.</summary>
    public string Member => $"principalSet://iam.googleapis.com/{Name.PoolPath}/attribute.aws_role/{RoleSessions}";

    private PoolProviderName Name => new(ProjectNumber, PoolId, ProviderId);

    private string RoleSessions => $"arn:aws:sts::{AccountId}:assumed-role/{RoleName}";

    /// <summary>Every value that the clouds would not take; none when all are good.</summary>
    public IReadOnlyList<SetupProblem> Problems() =>
    [
        .. new[]
        {
            SetupRules.Account(nameof(AccountId), AccountId),
            SetupRules.Role(nameof(RoleName), RoleName),
            SetupRules.Project(nameof(ProjectId), ProjectId),
            SetupRules.ProjectNumber(nameof(ProjectNumber), ProjectNumber),
            SetupRules.PoolId(nameof(PoolId), PoolId),
            SetupRules.PoolId(nameof(ProviderId), ProviderId),
            SetupRules.ServiceAccount(nameof(ServiceAccount), ServiceAccount),
        }.OfType<SetupProblem>(),
    ];

    /// <summary>The provider as <c>gcloud iam workload-identity-pools providers describe --format=json</c> would show it.</summary>
    public JsonObject Provider() =>
        new IdentityPoolProvider { Name = Name, AwsAccountId = AccountId, AttributeMapping = AttributeMapping, AttributeCondition = AttributeCondition }.ToJson();

    /// <summary>The credential configuration for Google's client libraries, as <c>gcloud iam workload-identity-pools create-cred-config --aws --enable-imdsv2</c> writes it. It holds no secret.</summary>
    /// <param name="endpoints">Where the clouds are, for a stand-in; null for the real ones.</param>
    public string CredentialConfiguration(CloudEndpoints? endpoints = null) => new ExternalAccountFile(Name, ServiceAccount, endpoints ?? new CloudEndpoints()).ForAws() + "\n";

    /// <summary>The files: the provider and the credential configuration, a script for Google Cloud, and Terraform that does the same.</summary>
    /// <exception cref="InvalidOperationException">There are <see cref="Problems"/>.</exception>
    public IReadOnlyList<SetupFile> Files() => Problems() is [var problem, ..]
        ? throw new InvalidOperationException(problem.Problem)
        :
        [
            new SetupFile("provider.json", Provider().ToJsonString(Indented) + "\n"),
            new SetupFile("credential-config.json", CredentialConfiguration()),
            new SetupFile("setup-google.sh", Script(), IsScript: true),
            new SetupFile("main.tf", Terraform()),
        ];

    private string Script() => $$"""
        #!/bin/sh
        # Makes the pool and the provider that take in sessions of one AWS role, and lets them become one service account. It can be run again at any time.
        set -eu
        project={{Quoting.Shell(ProjectId)}}
        pool={{Quoting.Shell(PoolId)}}
        provider={{Quoting.Shell(ProviderId)}}
        account={{Quoting.Shell(ServiceAccount)}}
        mapping={{Quoting.Shell(string.Join(',', AttributeMapping.Select(static pair => $"{pair.Key}={pair.Value}")))}}
        condition={{Quoting.Shell(AttributeCondition)}}

        if [ "$(gcloud projects describe "$project" --format='value(projectNumber)')" != {{Quoting.Shell(ProjectNumber)}} ]; then
          echo "The number of project $project is another one: make these files again." >&2
          exit 1
        fi

        if ! gcloud iam workload-identity-pools describe "$pool" --project "$project" --location global >/dev/null 2>&1; then
          gcloud iam workload-identity-pools create "$pool" --project "$project" --location global
        fi
        if gcloud iam workload-identity-pools providers describe "$provider" --workload-identity-pool "$pool" --project "$project" --location global >/dev/null 2>&1; then
          verb=update-aws
        else
          verb=create-aws
        fi
        gcloud iam workload-identity-pools providers "$verb" "$provider" --workload-identity-pool "$pool" --project "$project" --location global \
          --account-id {{Quoting.Shell(AccountId)}} --attribute-mapping "$mapping" --attribute-condition "$condition"

        if ! gcloud iam service-accounts describe "$account" >/dev/null 2>&1; then
          gcloud iam service-accounts create "${account%%@*}" --project {{Quoting.Shell(ServiceAccount.Split('@')[1].Split('.')[0])}}
        fi
        gcloud iam service-accounts add-iam-policy-binding "$account" --condition=None \
          --role {{GrantedRole}} --member {{Quoting.Shell(Member)}}

        """;

    private string Terraform() => $$"""
        # The same as the script, for those who use Terraform: choose one of the two.
        terraform {
          required_providers {
            google = { source = "hashicorp/google" }
          }
        }

        resource "google_iam_workload_identity_pool" "aws" {
          project                   = {{Quoting.Hcl(ProjectId)}}
          workload_identity_pool_id = {{Quoting.Hcl(PoolId)}}
        }

        resource "google_iam_workload_identity_pool_provider" "aws" {
          project                            = {{Quoting.Hcl(ProjectId)}}
          workload_identity_pool_id          = google_iam_workload_identity_pool.aws.workload_identity_pool_id
          workload_identity_pool_provider_id = {{Quoting.Hcl(ProviderId)}}
          attribute_condition                = {{Quoting.Hcl(AttributeCondition)}}
          attribute_mapping = {
            {{string.Join("\n    ", AttributeMapping.Select(static pair => $"{Quoting.Hcl(pair.Key)} = {Quoting.Hcl(pair.Value)}"))}}
          }
          aws {
            account_id = {{Quoting.Hcl(AccountId)}}
          }
        }

        resource "google_service_account" "federated" {
          project    = {{Quoting.Hcl(ServiceAccount.Split('@')[1].Split('.')[0])}}
          account_id = {{Quoting.Hcl(ServiceAccount.Split('@')[0])}}
        }

        resource "google_service_account_iam_member" "aws" {
          service_account_id = google_service_account.federated.name
          role               = "{{GrantedRole}}"
          member             = {{Quoting.Hcl(Member)}}
        }

        """;
}
