namespace FederationWorkflows.CloudLab.Google;

/// <summary>One call, in the words of a Cloud Audit Logs entry (<c>google.cloud.audit.AuditLog</c>). Never holds a token.</summary>
internal sealed record GoogleAuditEntry(string ServiceName, string MethodName)
{
    /// <summary><c>authenticationInfo.principalEmail</c>, or the subject of a federated principal; null when the call was not authenticated.</summary>
    public string? Principal { get; set; }

    /// <summary><c>serviceAccountDelegationInfo</c>: the accounts between the principal and the resource.</summary>
    public IReadOnlyList<string> DelegationChain { get; set; } = [];

    /// <summary><c>resourceName</c>: the account acted on.</summary>
    public string? Resource { get; set; }

    /// <summary>The parts of request and answer that explain what happened: scopes, audience, claims.</summary>
    public Dictionary<string, string> Details { get; } = [];

    /// <summary>The HTTP status of the answer.</summary>
    public int HttpStatus { get; set; } = 200;

    /// <summary>Google's error code of a refusal, for example <c>PERMISSION_DENIED</c> or <c>invalid_grant</c>.</summary>
    public string? ErrorCode { get; set; }

    /// <summary>Google's message of a refusal.</summary>
    public string? ErrorMessage { get; set; }
}
