using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>
/// One call as it will stand in the event log, gathered while it is answered. It says what Cloud Audit Logs say (<c>google.cloud.audit.AuditLog</c>):
/// service, method, principal, delegation chain, resource, and the claims that decide. It never holds a token.
/// </summary>
internal sealed class GoogleAuditEntry(string serviceName, string methodName)
{
    // What a client sends is kept for 10,000 events: long values are cut.
    private const int LongestValue = 512;

    /// <summary>Who called; null when that could not be established.</summary>
    public GooglePrincipal? Principal { get; set; }

    /// <summary>What was asked.</summary>
    public Dictionary<string, string> Asked { get; } = [];

    /// <summary>What was issued, and for whom.</summary>
    public Dictionary<string, string> Issued { get; } = [];

    /// <summary>Google's code of a refusal, for example <c>PERMISSION_DENIED</c> or <c>invalid_grant</c>.</summary>
    public string? ErrorCode { get; set; }

    /// <summary>Google's message of a refusal.</summary>
    public string? ErrorMessage { get; set; }

    /// <summary>What the client is not told of a refusal, for whoever runs the lab.</summary>
    public string? Explanation { get; set; }

    public LabEvent ToEvent(HttpContext context, DateTimeOffset now) => new()
    {
        EventTime = now,
        EventSource = serviceName,
        EventName = methodName,
        SourceIpAddress = context.Connection.RemoteIpAddress?.ToString(),
        UserAgent = Cut(context.Request.Headers.UserAgent.ToString()),
        UserIdentity = Principal is null
            ? null
            : new LabUserIdentity { Type = TypeOf(Principal), PrincipalId = Principal.Subject, UserName = Principal.Email ?? Principal.Member },
        RequestParameters = ToJson(Asked),
        ResponseElements = ErrorCode is null ? ToJson(Issued) : null,
        ErrorCode = ErrorCode,
        ErrorMessage = ErrorMessage is null ? null : Cut(ErrorMessage),
        Explanation = Explanation is null ? null : Cut(Explanation),
    };

    private static string TypeOf(GooglePrincipal principal) =>
        principal.Email is null ? "GoogleFederatedIdentity"
        : principal.Member.StartsWith("user:", StringComparison.Ordinal) ? "GoogleUser"
        : "GoogleServiceAccount";

    private static JsonObject? ToJson(Dictionary<string, string> values) =>
        values.Count == 0 ? null : new JsonObject(values.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, Cut(pair.Value))));

    private static string Cut(string value) => value.Length <= LongestValue ? value : value[..LongestValue] + "...";
}
