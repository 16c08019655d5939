using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Clusters;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Broker;

/// <summary>What tells a token from all others without being it: the access key id of credentials, the digest of anything else.</summary>
internal static class TokenMark
{
    public static string Of(object token) => token switch
    {
        GoogleAccessToken access => Of(access.Token),
        GoogleIdToken id => Of(id.Token),
        ProjectedToken projected => Of(projected.Token),
        AwsCredentials aws => Of(aws),
        _ => throw new NotSupportedException($"A {token.GetType().Name} is no token that is kept."),
    };

    public static string Of(AwsCredentials credentials) => credentials.AccessKeyId;

    public static string Of(Sensitive<string> token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token.Reveal())));
}
