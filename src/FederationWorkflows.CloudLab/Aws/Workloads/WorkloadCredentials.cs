using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab.Aws.Sts;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab.Aws.Workloads;

/// <summary>
/// Where code inside AWS finds its credentials: the metadata service of an EC2 instance, version 2 only, under <c>/lab/imds/latest/...</c>, and the credential endpoint of
/// a container at <c>/lab/container/credentials</c>.
/// </summary>
internal sealed class WorkloadCredentials(CloudLabOptions options, AwsCloud cloud, EventLog events)
{
    private const string Metadata = "/lab/imds/latest";
    private const string TokenHeader = "X-aws-ec2-metadata-token";
    private const string LifeHeader = "X-aws-ec2-metadata-token-ttl-seconds";
    private const string InstanceService = "ec2.amazonaws.com";
    private const int LongestLife = 21_600;
    private const int MostTokens = 1_000;
    private const int SessionSeconds = 3600; // What every role allows.

    private static readonly string[] ContainerServices = ["ecs-tasks.amazonaws.com", "pods.eks.amazonaws.com"];

    private readonly ConcurrentDictionary<string, DateTimeOffset> tokens = new(StringComparer.Ordinal);

    public void Map(IEndpointRouteBuilder routes)
    {
        if (options.World.Aws.Instance is { } instance)
        {
            routes.MapPut(Metadata + "/api/token", IssueTokenAsync);
            routes.MapGet(Metadata + "/meta-data/instance-id", context => AnswerAsync(context, () => instance.Id));
            routes.MapGet(Metadata + "/meta-data/placement/availability-zone", context => AnswerAsync(context, () => instance.AvailabilityZone));
            routes.MapGet(Metadata + "/meta-data/placement/region", context => AnswerAsync(context, () => instance.AvailabilityZone[..^1]));
            routes.MapGet(Metadata + "/meta-data/iam/security-credentials/", context => AnswerAsync(context, () => NameOf(instance)));
            routes.MapGet(
                Metadata + "/meta-data/iam/security-credentials/{role}",
                context => AnswerAsync(context, () => (string)context.Request.RouteValues["role"]! == NameOf(instance) ? OfInstance(context, instance) : null));
        }

        if (options.World.Aws.Container is { } container)
        {
            routes.MapGet("/lab/container/credentials", context => ContainerAsync(context, container));
        }
    }

    private static string? NameOf(AwsInstance instance) => instance.Role?.Split('/')[^1];

    private async Task IssueTokenAsync(HttpContext context)
    {
        // A request that came over a proxy gets none: whoever can make one send it is not on the instance.
        if (context.Request.Headers.ContainsKey("X-Forwarded-For"))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (!int.TryParse(context.Request.Headers[LifeHeader].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds is < 1 or > LongestLife)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        if (tokens.Count >= MostTokens)
        {
            tokens.Clear();
        }

        var token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(42));
        tokens[token] = options.TimeProvider.GetUtcNow().AddSeconds(seconds);
        context.Response.Headers[LifeHeader] = seconds.ToString(CultureInfo.InvariantCulture);
        await WriteAsync(context, token);
    }

    private async Task AnswerAsync(HttpContext context, Func<string?> value)
    {
        if (!tokens.TryGetValue(context.Request.Headers[TokenHeader].ToString(), out var end) || end <= options.TimeProvider.GetUtcNow())
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        if (value() is { } text)
        {
            await WriteAsync(context, text);
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }

    // What the service says when a role cannot be assumed is in the answer's code, with status 200.
    private string OfInstance(HttpContext context, AwsInstance instance)
    {
        var answer = Issue(context, instance.Role!, instance.Id, [InstanceService]);
        return (answer is null
            ? new JsonObject { ["Code"] = "AssumeRoleUnauthorizedAccess", ["Message"] = $"EC2 cannot assume the role {NameOf(instance)}. Please see documentation at https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc." }
            : new JsonObject
            {
                ["Code"] = "Success",
                ["LastUpdated"] = Time(options.TimeProvider.GetUtcNow()),
                ["Type"] = "AWS-HMAC",
                ["AccessKeyId"] = answer.Id,
                ["SecretAccessKey"] = answer.Secret,
                ["Token"] = answer.Token,
                ["Expiration"] = answer.Expiration,
            }).ToJsonString();
    }

    private async Task ContainerAsync(HttpContext context, AwsContainer container)
    {
        if (container.AuthorizationToken is { } expected
            && !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString())))
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "InvalidAuthorizationToken", "The authorization token is not valid");
            return;
        }

        if (Issue(context, container.Role, "lab-task", ContainerServices) is not { } answer)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "AccessDenied", $"The role {container.Role} cannot be assumed");
            return;
        }

        context.Response.ContentType = "application/json";
        await WriteAsync(context, new JsonObject
        {
            ["RoleArn"] = container.Role,
            ["AccessKeyId"] = answer.Id,
            ["SecretAccessKey"] = answer.Secret,
            ["Token"] = answer.Token,
            ["Expiration"] = answer.Expiration,
        }.ToJsonString());
    }

    private static Task RefuseAsync(HttpContext context, int status, string code, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return WriteAsync(context, new JsonObject { ["code"] = code, ["message"] = message }.ToJsonString());
    }

    private Issued? Issue(HttpContext context, string roleArn, string sessionName, string[] services)
    {
        var call = new AwsCall(context, options.TimeProvider.GetUtcNow()) { EventSource = "sts.amazonaws.com", EventName = "AssumeRole" };
        var session = new RoleSession(roleArn, sessionName, SessionSeconds, DurationGiven: false, Policy: null);
        call.RequestParameters = session.ToRequestParameters();
        var service = cloud.FindRole(roleArn) is { } role
            ? Array.Find(services, name => PolicyEvaluator.Evaluate(
                role.TrustPolicy, new PolicyRequest(RequestPrincipal.Service(name), "sts:AssumeRole", role.Arn, call.RequestContext(ConditionContext.Empty))).Decision == PolicyDecision.Allowed)
            : null;
        if (service is null)
        {
            events.Record(call.ToEvent(
                "AccessDenied", $"Not authorized to perform sts:AssumeRole on {roleArn}", $"no role {roleArn}, or its trust policy lets none of {string.Join(", ", services)} assume it"));
            return null;
        }

        call.Identity = new LabUserIdentity { Type = "AWSService", UserName = service };
        var issued = session.Issue(call, cloud.Keys, cloud.FindRole(roleArn)!, ConditionContext.Empty, new SessionTags([], []), sourceIdentity: null);
        events.Record(call.ToEvent());
        string Part(string name) => issued.Credentials.Elements().Single(element => element.Name.LocalName == name).Value;
        return new Issued(Part("AccessKeyId"), Part("SecretAccessKey"), Part("SessionToken"), Part("Expiration"));
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static Task WriteAsync(HttpContext context, string text)
    {
        context.Response.ContentType ??= "text/plain";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private sealed record Issued(string Id, string Secret, string Token, string Expiration);
}
