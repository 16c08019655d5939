using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>A refusal of the OAuth 2.0 endpoints: <c>{"error","error_description"}</c> (RFC 6749, section 5.2), in Google's words.</summary>
[SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "Becomes the answer to a request; never leaves its endpoint.")]
internal sealed class OAuthException(string error, string description, int httpStatus = 400, Exception? cause = null) : Exception(description, cause)
{
    public string Error => error;

    public int HttpStatus => httpStatus;

    public static OAuthException InvalidGrant(string description) => new("invalid_grant", description);

    public static OAuthException InvalidRequest(string description) => new("invalid_request", description);

    public JsonObject ToJson() => new() { ["error"] = error, ["error_description"] = Message };
}
