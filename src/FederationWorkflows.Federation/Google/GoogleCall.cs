using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Google;

/// <summary>A call to Google with what its error messages need: who calls on whom, and which secrets must not come back in them.</summary>
internal sealed record GoogleCall(string Service, string Api) : OutboundCall(Cloud.Google, Service, Api)
{
    public const string TokenEndpoint = "Google's OAuth token endpoint";
    public const string IamCredentials = "Google's IAM Credentials API";
    public const string MetadataServer = "Google Cloud's metadata server";
    public const string SecurityTokenService = "Google's security token service";

    /// <summary>The identity the call starts from, e.g. <c>connection 'ops'</c>.</summary>
    public required string Caller { get; init; }

    /// <summary>The service account the call is about.</summary>
    public string? Target { get; init; }

    /// <summary>What the proof of identity says of itself, in a sentence; null when it is not known here.</summary>
    public string? Subject { get; init; }

    /// <summary>Explains a refusal by what the host's administrator expects to be in force; null where nothing of that kind is declared.</summary>
    public Func<(TrustExplanation? Explanation, string? Problem)>? Explain { get; init; }

    /// <summary>The pool whose federated identity calls; null when another identity does.</summary>
    public string? Pool { get; init; }

    public override bool GivesToken { get; init; } = true;

    public override string? Principal => Target;

    public IReadOnlyList<string> Delegates { get; init; } = [];

    public IReadOnlyList<Sensitive<string>> Secrets { get; init; } = [];
}
