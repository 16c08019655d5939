using System.Buffers.Text;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>A method of the API: its name in audit logs, the permission it needs on the target, and what its request must have.</summary>
internal sealed record IamCredentialsMethod(string Name, string Permission, string[] Members, Action<IamCredentialsRequest> Check)
{
    private static readonly IamCredentialsMethod GenerateAccessToken = new("GenerateAccessToken", PredefinedRoles.GetAccessToken, ["scope", "lifetime"], CheckScopes);
    private static readonly IamCredentialsMethod GenerateIdToken =
        new("GenerateIdToken", PredefinedRoles.GetOpenIdToken, ["audience", "includeEmail", "useEmailAzp"], request => Need(request, "audience"));
    private static readonly IamCredentialsMethod SignJwt = new("SignJwt", PredefinedRoles.SignJwt, ["payload"], request => Need(request, "payload"));
    private static readonly IamCredentialsMethod SignBlob = new("SignBlob", PredefinedRoles.SignBlob, ["payload"], CheckBlob);

    public static IamCredentialsMethod? Find(string verb) => verb switch
    {
        "generateAccessToken" => GenerateAccessToken,
        "generateIdToken" => GenerateIdToken,
        "signJwt" => SignJwt,
        "signBlob" => SignBlob,
        _ => null,
    };

    // A missing or unknown scope is answered with the general message (golang/oauth2 issue 537, google-github-actions/auth issue 144).
    private static void CheckScopes(IamCredentialsRequest request)
    {
        var scopes = request.Texts("scope").SelectMany(scope => scope.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        if (scopes.Count == 0 || !scopes.All(OAuthScopes.IsKnown))
        {
            throw GoogleApiException.InvalidArgument();
        }
    }

    private static void CheckBlob(IamCredentialsRequest request)
    {
        Need(request, "payload");
        var payload = request.Text("payload")!;
        if (!Base64.IsValid(payload))
        {
            throw GoogleApiException.InvalidField($"Invalid value at 'payload' (TYPE_BYTES), Base64 decoding failed for \"{payload}\"", "payload");
        }
    }

    private static void Need(IamCredentialsRequest request, string name)
    {
        if (string.IsNullOrEmpty(request.Text(name)))
        {
            throw GoogleApiException.InvalidArgument();
        }
    }
}
