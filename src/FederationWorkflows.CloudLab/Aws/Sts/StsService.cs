using System.Xml.Linq;
using FederationWorkflows.CloudLab.Aws.Signing;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws.Sts;

/// <summary>AWS Security Token Service, version 2011-06-15.</summary>
internal sealed class StsService(AwsCloud cloud, OidcTokenValidator tokens)
{
    public const string Version = "2011-06-15";

    public static readonly XNamespace Xmlns = $"https://sts.amazonaws.com/doc/{Version}/";

    private readonly AssumeRoleWithWebIdentity webIdentity = new(cloud, tokens);
    private readonly AssumeRole assumeRole = new(cloud);

    public async Task<XElement> HandleAsync(AwsCall call, AwsCaller? caller, string action, QueryParameters parameters, CancellationToken cancellationToken)
    {
        if (parameters["Version"] is { } version && version != Version)
        {
            throw QueryApi.UnknownAction(action, version);
        }

        return action switch
        {
            // The token is the credential: a signature, if there is one, adds nothing.
            "AssumeRoleWithWebIdentity" => await webIdentity.HandleAsync(call, parameters, cancellationToken),
            "AssumeRole" => assumeRole.Handle(call, caller ?? throw QuerySignatureErrors.MissingAuthentication(), parameters),
            "GetCallerIdentity" => GetCallerIdentity(caller ?? throw QuerySignatureErrors.MissingAuthentication()),
            _ => throw QueryApi.UnknownAction(action, Version),
        };
    }

    // Nobody needs a permission for it (AWS STS API Reference, GetCallerIdentity).
    private static XElement GetCallerIdentity(AwsCaller caller) => new(
        Xmlns + "GetCallerIdentityResult",
        new XElement(Xmlns + "Arn", caller.Arn),
        new XElement(Xmlns + "UserId", caller.UserId),
        new XElement(Xmlns + "Account", caller.AccountId));
}
