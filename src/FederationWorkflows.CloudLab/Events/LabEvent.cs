using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace FederationWorkflows.CloudLab;

/// <summary>Something that was asked of the lab, in the shape of a CloudTrail record ("CloudTrail record contents"). It holds no token, key or secret.</summary>
public sealed record LabEvent
{
    /// <summary>When.</summary>
    public required DateTimeOffset EventTime { get; init; }

    /// <summary>The service, for example <c>sts.amazonaws.com</c>.</summary>
    public required string EventSource { get; init; }

    /// <summary>The operation, for example <c>AssumeRoleWithWebIdentity</c>.</summary>
    public required string EventName { get; init; }

    /// <summary>The request's id, as the client was told.</summary>
    [JsonPropertyName("requestID")]
    public string? RequestId { get; init; }

    /// <summary>The region, for AWS.</summary>
    public string? AwsRegion { get; init; }

    /// <summary>From where.</summary>
    [JsonPropertyName("sourceIPAddress")]
    public string? SourceIpAddress { get; init; }

    /// <summary>The client program.</summary>
    public string? UserAgent { get; init; }

    /// <summary>Who.</summary>
    public LabUserIdentity? UserIdentity { get; init; }

    /// <summary>What was asked, without secrets.</summary>
    public JsonObject? RequestParameters { get; init; }

    /// <summary>What came of it, without secrets.</summary>
    public JsonObject? ResponseElements { get; init; }

    /// <summary>The error's code; null when it went well.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The error's message as the client saw it.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>What the client is not told: which statement or condition refused it, for whoever runs the lab.</summary>
    public string? Explanation { get; init; }
}

/// <summary>Who asked ("CloudTrail userIdentity element").</summary>
public sealed record LabUserIdentity
{
    /// <summary><c>IAMUser</c>, <c>AssumedRole</c>, <c>WebIdentityUser</c>, <c>GoogleServiceAccount</c>, ...</summary>
    public required string Type { get; init; }

    /// <summary>The unique id.</summary>
    public string? PrincipalId { get; init; }

    /// <summary>The ARN, for AWS.</summary>
    public string? Arn { get; init; }

    /// <summary>The account, for AWS.</summary>
    public string? AccountId { get; init; }

    /// <summary>The name for people; an email for Google.</summary>
    public string? UserName { get; init; }

    /// <summary>Who vouched for a web identity.</summary>
    public string? IdentityProvider { get; init; }

    /// <summary>What was claimed of a web identity: condition key and value.</summary>
    public IReadOnlyDictionary<string, string>? Claims { get; init; }

    /// <summary>The role a session came from.</summary>
    public string? SessionIssuer { get; init; }
}
