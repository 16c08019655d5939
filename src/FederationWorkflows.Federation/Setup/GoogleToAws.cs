using System.Text.Json.Nodes;

namespace FederationWorkflows.Federation.Setup;

/// <summary>Where the Google identity that AWS is to trust comes from.</summary>
public enum GoogleOrigin
{
    /// <summary>Another identity mints its ID tokens.</summary>
    Impersonation,

    /// <summary>It is attached to a Compute Engine instance.</summary>
    ComputeEngine,

    /// <summary>It is bound to a Kubernetes service account of a GKE cluster.</summary>
    Kubernetes,
}

/// <summary>What an AWS role and a Google service account need so that the one trusts the other, and no one else. Nothing is asked of a cloud.</summary>
public sealed record GoogleToAws
{
    /// <summary>Where the identity comes from.</summary>
    public required GoogleOrigin Origin { get; init; }

    /// <summary>The AWS account: twelve digits.</summary>
    public required string AccountId { get; init; }

    /// <summary>The role's name.</summary>
    public required string RoleName { get; init; }

    /// <summary>The audience of the ID tokens: used for this role alone.</summary>
    public required string Audience { get; init; }

    /// <summary>The service account's address.</summary>
    public required string ServiceAccount { get; init; }

    /// <summary>The service account's numeric id, which its tokens have as <c>sub</c> and <c>azp</c>.</summary>
    public required string ServiceAccountId { get; init; }

    /// <summary>Of <see cref="GoogleOrigin.Impersonation"/>: who mints the tokens, as <c>serviceAccount:ADDRESS</c>, <c>user:ADDRESS</c> or <c>group:ADDRESS</c>.</summary>
    public string? Caller { get; init; }

    /// <summary>Of <see cref="GoogleOrigin.ComputeEngine"/>: the instance.</summary>
    public string? Instance { get; init; }

    /// <summary>Of <see cref="GoogleOrigin.ComputeEngine"/>: its zone.</summary>
    public string? Zone { get; init; }

    /// <summary>Of <see cref="GoogleOrigin.Kubernetes"/>: the namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Of <see cref="GoogleOrigin.Kubernetes"/>: the Kubernetes service account.</summary>
    public string? KubernetesServiceAccount { get; init; }

    /// <summary>The S3 buckets that sessions work with; none for seeing the names of buckets only.</summary>
    public IReadOnlyList<string> Buckets { get; init; } = [];

    /// <summary>Whether sessions also write into the buckets.</summary>
    public bool Write { get; init; }

    /// <summary>The longest session, in seconds: 3600 to 43200.</summary>
    public int MaxSessionDuration { get; init; } = 3600;

    /// <summary>The role's ARN.</summary>
    public string RoleArn => $"arn:aws:iam::{AccountId}:role/{RoleName}";

    private string Project => ServiceAccount.Split('@')[1].Split('.')[0];

    /// <summary>Every value that the clouds would not take; none when all are good.</summary>
    public IReadOnlyList<SetupProblem> Problems() =>
    [
        .. new[]
        {
            SetupRules.Account(nameof(AccountId), AccountId),
            SetupRules.Role(nameof(RoleName), RoleName),
            SetupRules.Audience(nameof(Audience), Audience),
            SetupRules.ServiceAccount(nameof(ServiceAccount), ServiceAccount),
            SetupRules.UniqueId(nameof(ServiceAccountId), ServiceAccountId),
            SetupRules.Duration(nameof(MaxSessionDuration), MaxSessionDuration),
            Origin == GoogleOrigin.Impersonation ? SetupRules.Member(nameof(Caller), Caller ?? "") : null,
            Origin == GoogleOrigin.ComputeEngine ? SetupRules.Name(nameof(Instance), Instance ?? "") : null,
            Origin == GoogleOrigin.ComputeEngine ? SetupRules.Name(nameof(Zone), Zone ?? "") : null,
            Origin == GoogleOrigin.Kubernetes ? SetupRules.Name(nameof(Namespace), Namespace ?? "") : null,
            Origin == GoogleOrigin.Kubernetes ? SetupRules.Name(nameof(KubernetesServiceAccount), KubernetesServiceAccount ?? "") : null,
        }.Concat(Buckets.Select(static bucket => SetupRules.Bucket(nameof(Buckets), bucket))).OfType<SetupProblem>(),
    ];

    /// <summary>Who may assume the role: tokens of one service account, for one audience, obtained by the account itself.</summary>
    public JsonObject TrustPolicy() => RoleFiles.Policy(new JsonObject
    {
        ["Sid"] = "GoogleServiceAccount",
        ["Effect"] = "Allow",
        ["Principal"] = new JsonObject { ["Federated"] = "accounts.google.com" },
        ["Action"] = "sts:AssumeRoleWithWebIdentity",
        ["Condition"] = new JsonObject
        {
            ["StringEquals"] = new JsonObject
            {
                ["accounts.google.com:oaud"] = Audience,
                ["accounts.google.com:aud"] = ServiceAccountId,
                ["accounts.google.com:sub"] = ServiceAccountId,
            },
        },
    });

    /// <summary>What sessions of the role may do.</summary>
    public JsonObject PermissionsPolicy() => RoleFiles.Permissions(Buckets, Write);

    /// <summary>The files: both policies, a script for each cloud, and Terraform that does the same.</summary>
    /// <exception cref="InvalidOperationException">There are <see cref="Problems"/>.</exception>
    public IReadOnlyList<SetupFile> Files() => Problems() is [var problem, ..]
        ? throw new InvalidOperationException(problem.Problem)
        :
        [
            new SetupFile("trust-policy.json", RoleFiles.Write(TrustPolicy())),
            new SetupFile("permissions-policy.json", RoleFiles.Write(PermissionsPolicy())),
            new SetupFile("setup-google.sh", GoogleScript(), IsScript: true),
            new SetupFile("setup-aws.sh", AwsScript(), IsScript: true),
            new SetupFile("main.tf", Terraform()),
        ];

    private string AwsScript() => RoleFiles.Script("Makes the AWS role that trusts one Google service account, or brings it back to what these files say.", AccountId, RoleName, MaxSessionDuration);

    private string GoogleScript() => $$"""
        #!/bin/sh
        # Makes the Google service account that the AWS role trusts, and lets its one user have its ID tokens. It can be run again at any time.
        set -eu
        project={{Quoting.Shell(Project)}}
        account={{Quoting.Shell(ServiceAccount)}}
        pinned={{Quoting.Shell(ServiceAccountId)}}

        if ! gcloud iam service-accounts describe "$account" --project "$project" >/dev/null 2>&1; then
          gcloud iam service-accounts create "${account%%@*}" --project "$project"
        fi
        id="$(gcloud iam service-accounts describe "$account" --project "$project" --format='value(uniqueId)')"
        if [ "$id" != "$pinned" ]; then
          echo "trust-policy.json pins the id $pinned, and $account has $id: make these files again with --service-account-id $id." >&2
          exit 1
        fi

        {{Grant()}}

        """;

    private string Terraform() => $$"""
        # The same as both scripts, for those who use Terraform: choose one of the two.
        terraform {
          required_providers {
            aws    = { source = "hashicorp/aws" }
            google = { source = "hashicorp/google" }
          }
        }

        resource "google_service_account" "federated" {
          project    = {{Quoting.Hcl(Project)}}
          account_id = {{Quoting.Hcl(ServiceAccount.Split('@')[0])}}
        }

        {{TerraformGrant()}}

        resource "aws_iam_role" "federated" {
          name                 = {{Quoting.Hcl(RoleName)}}
          max_session_duration = {{MaxSessionDuration}}
          assume_role_policy   = file("${path.module}/trust-policy.json")

          lifecycle {
            precondition {
              condition     = google_service_account.federated.unique_id == {{Quoting.Hcl(ServiceAccountId)}}
              error_message = "trust-policy.json pins the id of another service account: make these files again."
            }
          }
        }

        resource "aws_iam_role_policy" "federated" {
          name   = "federated-access"
          role   = aws_iam_role.federated.id
          policy = file("${path.module}/permissions-policy.json")
        }

        """;

    private string Grant() => Origin switch
    {
        GoogleOrigin.Impersonation => $"""
            gcloud iam service-accounts add-iam-policy-binding "$account" --project "$project" --condition=None \
              --role roles/iam.serviceAccountOpenIdTokenCreator --member {Quoting.Shell(Caller!)}
            """,
        GoogleOrigin.ComputeEngine => $"""
            # The account of an instance can be changed only while it is stopped.
            instance={Quoting.Shell(Instance!)}
            zone={Quoting.Shell(Zone!)}
            if [ "$(gcloud compute instances describe "$instance" --zone "$zone" --project "$project" --format='value(serviceAccounts[0].email)')" != "$account" ]; then
              gcloud compute instances set-service-account "$instance" --zone "$zone" --project "$project" --service-account "$account" --scopes cloud-platform
            fi
            """,
        _ => $"""
            namespace={Quoting.Shell(Namespace!)}
            pods={Quoting.Shell(KubernetesServiceAccount!)}
            gcloud iam service-accounts add-iam-policy-binding "$account" --project "$project" --condition=None \
              --role roles/iam.workloadIdentityUser --member "serviceAccount:$project.svc.id.goog[$namespace/$pods]"
            kubectl annotate serviceaccount "$pods" --namespace "$namespace" --overwrite iam.gke.io/gcp-service-account="$account"
            """,
    };

    private string TerraformGrant() => Origin switch
    {
        GoogleOrigin.Impersonation => $$"""
            resource "google_service_account_iam_member" "caller" {
              service_account_id = google_service_account.federated.name
              role               = "roles/iam.serviceAccountOpenIdTokenCreator"
              member             = {{Quoting.Hcl(Caller!)}}
            }
            """,
        GoogleOrigin.ComputeEngine => $"""
            # In the google_compute_instance {Instance}:
            #   service_account (email = google_service_account.federated.email, scopes = ["cloud-platform"])
            """,
        _ => $$"""
            # The Kubernetes service account needs the annotation iam.gke.io/gcp-service-account = google_service_account.federated.email.
            resource "google_service_account_iam_member" "pods" {
              service_account_id = google_service_account.federated.name
              role               = "roles/iam.workloadIdentityUser"
              member             = {{Quoting.Hcl($"serviceAccount:{Project}.svc.id.goog[{Namespace}/{KubernetesServiceAccount}]")}}
            }
            """,
    };
}
