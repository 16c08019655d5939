using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>A refusal of a Google Cloud API: <c>{"error":{"code","message","status","details"}}</c> (Google API documentation, AIP-193 "Errors").</summary>
[SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "Becomes the answer to a request; never leaves its endpoint.")]
internal sealed class GoogleApiException : Exception
{
    private GoogleApiException(int httpStatus, string status, string message, JsonObject? detail)
        : base(message)
    {
        HttpStatus = httpStatus;
        Status = status;
        Detail = detail;
    }

    public int HttpStatus { get; }

    public string Status { get; }

    public JsonObject? Detail { get; }

    public static GoogleApiException MissingCredentials(string service, string method) => Unauthenticated(
        "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
        "CREDENTIALS_MISSING",
        service,
        method);

    public static GoogleApiException InvalidCredentials(string service, string method, bool expired) => Unauthenticated(
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
        expired ? "ACCESS_TOKEN_EXPIRED" : "ACCESS_TOKEN_TYPE_UNSUPPORTED",
        service,
        method);

    public static GoogleApiException InsufficientScopes(string service, string method) => new(
        403,
        "PERMISSION_DENIED",
        "Request had insufficient authentication scopes.",
        ErrorInfo("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "googleapis.com", new JsonObject { ["method"] = method, ["service"] = service }));

    public static GoogleApiException PermissionDenied(string permission, string before = "") => new(
        403,
        "PERMISSION_DENIED",
        $"{before}Permission '{permission}' denied on resource (or it may not exist).",
        ErrorInfo("IAM_PERMISSION_DENIED", "iam.googleapis.com", new JsonObject { ["permission"] = permission }));

    public static GoogleApiException NotFound(string message) => new(404, "NOT_FOUND", message, null);

    public static GoogleApiException InvalidArgument(string message = "Request contains an invalid argument.") => new(400, "INVALID_ARGUMENT", message, null);

    /// <summary>A member of the request that does not fit the API's schema.</summary>
    public static GoogleApiException InvalidField(string message, string? field) => new(
        400,
        "INVALID_ARGUMENT",
        message,
        new JsonObject
        {
            ["@type"] = "type.googleapis.com/google.rpc.BadRequest",
            ["fieldViolations"] = new JsonArray(field is null
                ? new JsonObject { ["description"] = message }
                : new JsonObject { ["field"] = field, ["description"] = message }),
        });

    public JsonObject ToJson()
    {
        var error = new JsonObject { ["code"] = HttpStatus, ["message"] = Message, ["status"] = Status };
        if (Detail is not null)
        {
            error["details"] = new JsonArray(Detail.DeepClone());
        }

        return new JsonObject { ["error"] = error };
    }

    private static GoogleApiException Unauthenticated(string message, string reason, string service, string method) => new(
        401,
        "UNAUTHENTICATED",
        message + " See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        ErrorInfo(reason, "googleapis.com", new JsonObject { ["method"] = method, ["service"] = service }));

    private static JsonObject ErrorInfo(string reason, string domain, JsonObject metadata) => new()
    {
        ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo",
        ["reason"] = reason,
        ["domain"] = domain,
        ["metadata"] = metadata,
    };
}
