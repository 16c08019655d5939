using FederationWorkflows.Federation.Setup;

namespace FederationWorkflows.Federation.Google;

/// <summary>What to check when Google refuses, by what it said. The first row that fits counts.</summary>
internal static class GoogleAdvice
{
    private const string Login = "Log in again: gcloud auth application-default login, and put the new file in place.";

    public static string For(GoogleCall call, GoogleError error) => call.Service switch
    {
        GoogleCall.IamCredentials => IamCredentials(call, error),
        GoogleCall.MetadataServer => error.Code == "NotFound" ? "No service account is attached to this machine (or, on GKE, no workload identity to this pod): attach one."
            : Passing(error).Length > 0 ? "It has too much to do, or is only starting: try again."
            : "Check that this host runs on Google Cloud and that the service account attached to it exists and is enabled.",
        GoogleCall.SecurityTokenService => PoolAdvice.For(call, error),
        GoogleCall.TokenEndpoint => TokenEndpoint(call, error),
        _ => Api(error),
    };

    /// <summary>Any other API, of which this host knows nothing but the common codes (google.rpc.Code).</summary>
    private static string Api(GoogleError error) => (error.Code, error.Reason) switch
    {
        (_, "SERVICE_DISABLED") => "Enable the API in the project that is billed: gcloud services enable. Give a quota project, where that is another than the caller's.",
        (_, "ACCESS_TOKEN_SCOPE_INSUFFICIENT") => "Get the token with a scope of this API, such as https://www.googleapis.com/auth/cloud-platform.",
        (_, "USER_PROJECT_DENIED") => "Grant roles/serviceusage.serviceUsageConsumer on the quota project to whoever the token is of.",
        ("PERMISSION_DENIED", _) or ("Forbidden", _) => error.Permission is { Length: > 0 } permission
            ? $"Grant a role with {CloudText.Code(permission, "the permission")} to whoever the token is of. The same answer may come when the resource does not exist."
            : "Grant a role that allows it to whoever the token is of. The same answer may come when the resource does not exist.",
        ("UNAUTHENTICATED", _) or ("Unauthorized", _) => "The token is expired, revoked or no access token: get a new one just before this call.",
        ("NOT_FOUND", _) or ("NotFound", _) => "Check path and service: the resource does not exist, or the API has no such method.",
        ("INVALID_ARGUMENT", _) or ("BadRequest", _) => "Check path, query and body against the API's reference.",
        ("FAILED_PRECONDITION", _) => "The resource is not in the state that the call needs.",
        ("ABORTED", _) or ("ALREADY_EXISTS", _) or ("Conflict", _) => "Somebody else has changed or made the resource: read it again, and decide anew.",
        _ => Passing(error),
    };

    private static string TokenEndpoint(GoogleCall call, GoogleError error) => (error.Code, error.Message) switch
    {
        ("invalid_grant", var text) when Says(text, "Invalid JWT Signature") =>
            $"The key of {call.Caller} was deleted or disabled, or the file mixes two service accounts. List the keys with: gcloud iam service-accounts keys list --iam-account={call.Target}.",
        ("invalid_grant", var text) when Says(text, "account not found") || Says(text, "deleted") =>
            $"The service account {call.Target} does not exist any more, or client_email in the file of {call.Caller} is wrong.",
        ("invalid_grant", var text) when Says(text, "disabled") => $"Enable {call.Target ?? "the account"}: gcloud iam service-accounts enable.",
        ("invalid_grant", var text) when Says(text, "reasonable timeframe") || Says(text, "iat and exp") || Says(text, "short-lived") =>
            ClockDifference.Wrong + ": synchronize it (Google allows a few minutes).",
        ("invalid_grant", _) when error.Reason is "invalid_rapt" or "rapt_required" => $"The organization requires a new login (session length control). {Login}",
        ("invalid_grant", _) => call.Target is null
            ? $"The refresh token of {call.Caller} has expired or was revoked. {Login}"
            : $"Check the key file of {call.Caller}: is it the newest key of {call.Target}, unchanged?",
        ("invalid_client", _) => $"The OAuth client in the file of {call.Caller} was deleted or its secret was changed. {Login}",
        ("unauthorized_client", _) => $"The client of {call.Caller} may not use this grant or these scopes: check that the file's client_id and refresh token belong together.",
        ("invalid_scope", _) => "Check the scopes: each must exist, and a person's login must have granted it (gcloud auth application-default login --scopes=...).",
        ("admin_policy_enforced", _) => "A Google Workspace administrator blocks this OAuth client or scope: ask for it to be trusted.",
        _ => Passing(error),
    };

    private static string IamCredentials(GoogleCall call, GoogleError error) => (error.Code, error.Reason) switch
    {
        (_, "SERVICE_DISABLED") =>
            "Enable the API in the project of the caller: gcloud services enable iamcredentials.googleapis.com.",
        (_, "ACCESS_TOKEN_SCOPE_INSUFFICIENT") =>
            "Get the source token with the scope https://www.googleapis.com/auth/cloud-platform (or .../auth/iam).",
        ("PERMISSION_DENIED", _) => MissingRole(call, error),
        ("NOT_FOUND", _) => $"The service account {call.Target} does not exist: check its spelling, and that it was not deleted.",
        ("UNAUTHENTICATED", _) => "The source token is expired, revoked or no access token: get a new one just before this call.",
        ("INVALID_ARGUMENT", _) when Says(error.Message, "lifetime") =>
            "More than an hour needs the organization policy constraints/iam.allowServiceAccountCredentialLifetimeExtension to list the service account; else give at most 1 hour.",
        ("INVALID_ARGUMENT", _) => "Check scopes, audience, service account and delegates.",
        ("FAILED_PRECONDITION", _) => $"Check that {call.Target} is enabled: gcloud iam service-accounts enable.",
        _ => Passing(error),
    };

    private static string MissingRole(GoogleCall call, GoogleError error)
    {
        var wantsIdToken = call.Api.EndsWith("generateIdToken", StringComparison.Ordinal)
            || error.Permission == "iam.serviceAccounts.getOpenIdToken"
            || Says(error.Message, "getOpenIdToken");
        var roles = wantsIdToken
            ? "roles/iam.serviceAccountOpenIdTokenCreator (or roles/iam.serviceAccountTokenCreator)"
            : "roles/iam.serviceAccountTokenCreator";
        if (call.Pool is { } pool)
        {
            return $"Grant {AwsToGoogle.GrantedRole} on {call.Target} to principalSet://iam.googleapis.com/{pool}/attribute.NAME/VALUE, or to principal://iam.googleapis.com/{pool}/subject/SUBJECT, "
                + $"with a value that the provider maps for this identity; a new grant takes up to a few minutes. The same answer comes when {call.Target} does not exist.";
        }

        if (call.Delegates.Count == 0)
        {
            return $"Grant {roles} on {call.Target} to {call.Caller}; a new grant takes up to a few minutes. The same answer comes when {call.Target} does not exist.";
        }

        // Along a chain each link but the last is impersonation.
        string[] chain = [call.Caller, .. call.Delegates, call.Target!];
        var links = Enumerable.Range(0, chain.Length - 1)
            .Select(i => i == chain.Length - 2 ? $"{roles} on {chain[i + 1]} to {chain[i]}" : $"roles/iam.serviceAccountTokenCreator on {chain[i + 1]} to {chain[i]}");
        return $"Each link of the chain needs its grant: {string.Join("; ", links)}. A new grant takes up to a few minutes.";
    }

    public static string Passing(GoogleError error) => error.Code switch
    {
        "RESOURCE_EXHAUSTED" or "TooManyRequests" or "rate_limit_exceeded" => "The project's quota is used up: try again later, or raise it.",
        "UNAVAILABLE" or "INTERNAL" or "temporarily_unavailable" or "internal_failure" or "ServiceUnavailable" or "InternalServerError" or "BadGateway" or "GatewayTimeout" =>
            "A fault on Google's side that usually passes: try again.",
        _ => "",
    };

    public static bool Says(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
