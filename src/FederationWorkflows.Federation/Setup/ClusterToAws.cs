using System.Text.Json.Nodes;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Setup;

/// <summary>
/// What an AWS account and a pod need so that the account's role trusts one service account of a Kubernetes cluster by the cluster's own tokens, and no one else.
/// Nothing is asked of a cloud.
/// </summary>
public sealed record ClusterToAws
{
    /// <summary>The AWS account: twelve digits.</summary>
    public required string AccountId { get; init; }

    /// <summary>The role's name.</summary>
    public required string RoleName { get; init; }

    /// <summary>The issuer of the cluster's tokens: an https URL whose discovery document AWS can read.</summary>
    public required string Issuer { get; init; }

    /// <summary>The audience of the projected token.</summary>
    public string Audience { get; init; } = "sts.amazonaws.com";

    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The Kubernetes service account.</summary>
    public required string KubernetesServiceAccount { get; init; }

    /// <summary>The S3 buckets that sessions work with; none for seeing the names of buckets only.</summary>
    public IReadOnlyList<string> Buckets { get; init; } = [];

    /// <summary>Whether sessions also write into the buckets.</summary>
    public bool Write { get; init; }

    /// <summary>The longest session, in seconds: 3600 to 43200.</summary>
    public int MaxSessionDuration { get; init; } = 3600;

    /// <summary>The role's ARN.</summary>
    public string RoleArn => $"arn:aws:iam::{AccountId}:role/{RoleName}";

    /// <summary>The ARN of the account's OIDC provider for the issuer.</summary>
    public string ProviderArn => WebIdentityContext.FederatedPrincipal(Issuer, AccountId);

    private string Provider => WebIdentityContext.ProviderName(Issuer);

    /// <summary>Every value that the clouds would not take; none when all are good.</summary>
    public IReadOnlyList<SetupProblem> Problems() =>
    [
        .. new[]
        {
            SetupRules.Account(nameof(AccountId), AccountId),
            SetupRules.Role(nameof(RoleName), RoleName),
            SetupRules.Issuer(nameof(Issuer), Issuer),
            SetupRules.Audience(nameof(Audience), Audience),
            SetupRules.Name(nameof(Namespace), Namespace),
            SetupRules.Name(nameof(KubernetesServiceAccount), KubernetesServiceAccount),
            SetupRules.Duration(nameof(MaxSessionDuration), MaxSessionDuration),
        }.Concat(Buckets.Select(static bucket => SetupRules.Bucket(nameof(Buckets), bucket))).OfType<SetupProblem>(),
    ];

    /// <summary>Who may assume the role: tokens of one service account of the cluster, for one audience.</summary>
    public JsonObject TrustPolicy() => RoleFiles.Policy(new JsonObject
    {
        ["Sid"] = "ClusterServiceAccount",
        ["Effect"] = "Allow",
        ["Principal"] = new JsonObject { ["Federated"] = ProviderArn },
        ["Action"] = "sts:AssumeRoleWithWebIdentity",
        ["Condition"] = new JsonObject
        {
            ["StringEquals"] = new JsonObject { [$"{Provider}:aud"] = Audience, [$"{Provider}:sub"] = $"system:serviceaccount:{Namespace}:{KubernetesServiceAccount}" },
        },
    });

    /// <summary>What sessions of the role may do.</summary>
    public JsonObject PermissionsPolicy() => RoleFiles.Permissions(Buckets, Write);

    /// <summary>The files: both policies, a script for AWS, the pod's side, and Terraform that does the same as the script.</summary>
    /// <exception cref="InvalidOperationException">There are <see cref="Problems"/>.</exception>
    public IReadOnlyList<SetupFile> Files() => Problems() is [var problem, ..]
        ? throw new InvalidOperationException(problem.Problem)
        :
        [
            new SetupFile("trust-policy.json", RoleFiles.Write(TrustPolicy())),
            new SetupFile("permissions-policy.json", RoleFiles.Write(PermissionsPolicy())),
            new SetupFile("setup-aws.sh", RoleFiles.Script("Makes the account's OIDC provider for a cluster and the role that trusts one of its service accounts, or brings them back to what these files say.", AccountId, RoleName, MaxSessionDuration, MakeProvider()), IsScript: true),
            new SetupFile("pod.yaml", Pod()),
            new SetupFile("main.tf", Terraform()),
        ];

    // Adding a client id that is there changes nothing (IAM API Reference, AddClientIDToOpenIDConnectProvider).
    private string MakeProvider() => $$"""
        provider={{Quoting.Shell(ProviderArn)}}
        audience={{Quoting.Shell(Audience)}}
        if aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$provider" >/dev/null 2>&1; then
          aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "$provider" --client-id "$audience"
        else
          aws iam create-open-id-connect-provider --url {{Quoting.Shell(Issuer)}} --client-id-list "$audience"
        fi

        """ + "\n";

    private string Pod() => $"""
        # The pod's side, by kubectl apply -f pod.yaml; take what is below serviceAccountName over into the pod that runs the server.
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: "{KubernetesServiceAccount}"
          namespace: "{Namespace}"
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: federation-workflows
          namespace: "{Namespace}"
        spec:
          serviceAccountName: "{KubernetesServiceAccount}"
          containers:
            - name: server
              image: federation-workflows
              volumeMounts:
                - name: aws-token
                  mountPath: /var/run/secrets/aws
                  readOnly: true
          volumes:
            - name: aws-token
              projected:
                sources:
                  - serviceAccountToken:
                      path: token
                      audience: {JsonValue.Create(Audience).ToJsonString()}
                      expirationSeconds: 3600

        """;

    private string Terraform() => $$"""
        # The same as setup-aws.sh, for those who use Terraform: choose one of the two.
        terraform {
          required_providers {
            aws = { source = "hashicorp/aws" }
          }
        }

        resource "aws_iam_openid_connect_provider" "cluster" {
          url            = {{Quoting.Hcl(Issuer)}}
          client_id_list = [{{Quoting.Hcl(Audience)}}]
        }

        resource "aws_iam_role" "federated" {
          name                 = {{Quoting.Hcl(RoleName)}}
          max_session_duration = {{MaxSessionDuration}}
          assume_role_policy   = file("${path.module}/trust-policy.json")
          depends_on           = [aws_iam_openid_connect_provider.cluster]
        }

        resource "aws_iam_role_policy" "federated" {
          name   = "federated-access"
          role   = aws_iam_role.federated.id
          policy = file("${path.module}/permissions-policy.json")
        }

        """;
}
