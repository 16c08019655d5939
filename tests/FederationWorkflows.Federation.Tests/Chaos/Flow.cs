using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab.Google;
using static FederationWorkflows.Federation.Tests.Clients.StoryRun;

namespace FederationWorkflows.Federation.Tests.Chaos;

/// <summary>A call that a story makes on its way.</summary>
/// <param name="Service">The service, as the lab names it.</param>
/// <param name="Operation">The operation, as the lab names it.</param>
/// <param name="Activity">The activity that makes it.</param>
/// <param name="Says">The service in the product's words.</param>
/// <param name="Api">The API in the product's words.</param>
/// <param name="Exchanges">Whether it is the exchange of a connection, which goes at the broker's pace.</param>
internal sealed record Hop(string Service, string Operation, string Activity, string Says, string Api, bool Exchanges = false)
{
    /// <summary>The metadata server is asked again a few times by whoever asks it: it may be starting.</summary>
    public bool IsMetadata => Service == "metadata.google.internal";
}

/// <summary>A way from one cloud, or from a cluster, to another: a story whose steps are tried again by the strategy that the shipped ones name.</summary>
internal sealed record Flow(string Name, Func<JsonObject[]> Story, string[] Variables, Hop[] Hops)
{
    private const string Token = "Google's OAuth token endpoint";
    private const string Credentials = "Google's IAM Credentials API";
    private const string Metadata = "Google Cloud's metadata server";

    private static int keys;

    /// <summary>What is run before, in real time: the credentials of a machine have a time limit of their own, which is no longer than a pause.</summary>
    public JsonObject[] Before { get; init; } = [];

    public static IReadOnlyList<Flow> All { get; } =
    [
        new(
            "GCP to AWS",
            static () =>
            [
                Step("Google.GetAccessToken", "access", ("connection", "runner"), ("result", ">access")),
                Step("Google.MintIdToken", "mint", ("sourceToken", "$access"), ("serviceAccount", DefaultGoogleWorld.AwsFederation), ("audience", ChaosLab.ResponderAudience), ("result", ">token")),
                Step("Aws.AssumeRoleWithWebIdentity", "assume", ("roleArn", ChaosLab.Responder), ("webIdentityToken", "$token"), ("durationSeconds", 900), ("result", ">credentials")),
                Step("Aws.ListBuckets", "list", ("credentials", "$credentials"), ("result", ">buckets")),
            ],
            ["access", "token", "credentials", "buckets"],
            [
                new("oauth2.googleapis.com", "token", "access", Token, "jwt-bearer grant", Exchanges: true),
                new("iamcredentials.googleapis.com", "generateIdToken", "mint", Credentials, "iamcredentials.generateIdToken"),
                Sts("assume"),
                Buckets,
            ]),
        new(
            "GCP to AWS by one connection",
            static () => [Step("Aws.GetCredentials", "get", ("connection", "responder"), ("result", ">credentials"))],
            ["credentials"],
            [
                new("oauth2.googleapis.com", "token", "get", Token, "jwt-bearer grant", Exchanges: true),
                new("iamcredentials.googleapis.com", "generateIdToken", "get", Credentials, "iamcredentials.generateIdToken", Exchanges: true),
                Sts("get") with { Exchanges = true },
            ]),
        new(
            "GCE to AWS",
            static () =>
            [
                Step("Google.GetMetadataIdentityToken", "identity", ("connection", "machine"), ("audience", ChaosLab.InstanceAudience), ("result", ">token")),
                Step("Aws.AssumeRoleWithWebIdentity", "assume", ("roleArn", ChaosLab.InstanceReader), ("webIdentityToken", "$token"), ("durationSeconds", 900), ("result", ">credentials")),
                Step("Aws.GetCallerIdentity", "caller", ("credentials", "$credentials"), ("result", ">caller")),
            ],
            ["token", "credentials", "caller"],
            [
                new("metadata.google.internal", "identity", "identity", Metadata, "identity", Exchanges: true),
                Sts("assume"),
                new("sts.amazonaws.com", "GetCallerIdentity", "caller", "AWS STS", "sts:GetCallerIdentity"),
            ]),
        new(
            "GKE to AWS and back",
            static () =>
            [
                Step("Aws.GetCredentials", "get", ("connection", "roundtrip"), ("durationSeconds", 900), ("result", ">credentials")),
                Step("Aws.ListBuckets", "list", ("credentials", "$credentials"), ("result", ">buckets")),
                .. Objects($"roundtrip/{Interlocked.Increment(ref keys)}.json"),
                Step("Aws.Request", "roles", ("credentials", "$credentials"), ("service", "iam"), ("action", "ListRoles"), ("apiVersion", "2010-05-08"), ("expectedErrors", new JsonArray("AccessDenied")), ("errorCode", ">refusal")),
            ],
            ["credentials", "buckets", "content", "refusal"],
            [
                new("metadata.google.internal", "identity", "get", Metadata, "identity", Exchanges: true),
                Sts("get") with { Exchanges = true },
                Buckets,
                new("s3.amazonaws.com", "PutObject", "upload", "Amazon S3", "s3:PutObject"),
                new("s3.amazonaws.com", "GetObject", "download", "Amazon S3", "s3:GetObject"),
                new("iam.amazonaws.com", "ListRoles", "roles", "AWS iam", "iam:ListRoles"),
            ]),
        new(
            "cluster to AWS",
            static () =>
            [
                Step("Kubernetes.GetServiceAccountToken", "project", ("connection", "cluster"), ("result", ">token")),
                Step("Aws.AssumeRoleWithWebIdentity", "assume", ("roleArn", ChaosLab.Collector), ("webIdentityToken", "$token"), ("durationSeconds", 900), ("result", ">credentials")),
                Step("Aws.ListBuckets", "list", ("credentials", "$credentials"), ("result", ">buckets")),
            ],
            ["token", "credentials", "buckets"],
            [Sts("assume"), Buckets]),
        new(
            "AWS to GCP",
            static () =>
            [
                Step("Aws.GetCredentials", "get", ("connection", "workload"), ("result", ">credentials")),
                Step("Aws.SignCallerIdentity", "sign", ("credentials", "$credentials"), ("provider", DefaultGoogleWorld.WorkloadProvider), ("result", ">proof")),
                Step("Google.ExchangeAwsToken", "exchange", ("subjectToken", "$proof"), ("provider", DefaultGoogleWorld.WorkloadProvider), ("serviceAccount", DefaultGoogleWorld.FromAws), ("result", ">token")),
                Step("Google.Request", "list", ("token", "$token"), ("service", "storage"), ("path", "/storage/v1/b"), ("query", new JsonObject { ["project"] = DefaultGoogleWorld.ProjectId }), ("collect", "items"), ("result", ">buckets")),
            ],
            ["credentials", "proof", "token", "buckets"],
            [
                new("sts.googleapis.com", "token", "exchange", "Google's security token service", "token exchange"),
                new("iamcredentials.googleapis.com", "generateAccessToken", "exchange", Credentials, "iamcredentials.generateAccessToken"),
                new("storage.googleapis.com", "b", "list", "Google's API storage.googleapis.com", "storage:GET"),
            ])
        {
            Before = [Activity("Aws.GetCredentials", "get", ("connection", "workload"))],
        },
    ];

    private static Hop Buckets => new("s3.amazonaws.com", "ListBuckets", "list", "Amazon S3", "s3:ListBuckets");

    private static Hop Sts(string activity) => new("sts.amazonaws.com", "AssumeRoleWithWebIdentity", activity, "AWS STS", "sts:AssumeRoleWithWebIdentity");

    private static JsonObject[] Objects(string key) =>
    [
        Step("Aws.PutObject", "upload", ("credentials", "$credentials"), ("bucket", "security-lab-incident-evidence"), ("key", key), ("content", "what was sent")),
        Step("Aws.GetObject", "download", ("credentials", "$credentials"), ("bucket", "security-lab-incident-evidence"), ("key", key), ("result", ">content")),
    ];

    /// <summary>An activity that is tried again as in the shipped stories.</summary>
    public static JsonObject Step(string type, string id, params (string Name, JsonNode? Value)[] properties)
    {
        var step = Activity(type, id, properties);
        step["customProperties"] = new JsonObject { ["resilienceStrategy"] = new JsonObject { ["mode"] = "Identifier", ["strategyId"] = "transient" } };
        return step;
    }
}
