using System.Text.RegularExpressions;
using FederationWorkflows.Engine;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Aws.Sources;

/// <summary>
/// The EC2 instance metadata service, version 2 only: a session token by PUT, then the role's name, then its credentials. Version 1 takes requests
/// that a server can be talked into making, so it is never fallen back to. The SDK's own client cannot be given an HTTP client.
/// </summary>
internal sealed partial class InstanceMetadata(MetadataHttp http, IOptionsMonitor<FederationOptions> options)
{
    private const string Service = "the EC2 instance metadata service";
    private const string Roles = "latest/meta-data/iam/security-credentials/";
    private const string SessionHeader = "X-aws-ec2-metadata-token";

    private const string Absent =
        "Nothing answers there off EC2: give the connection another kind. On EC2, check that the metadata service is enabled; in a container on it, that the hop limit is 2 or more: "
        + "aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2.";

    public Task<AwsCredentials> GetAsync(AwsInstanceSource source, CancellationToken cancellationToken)
    {
        var call = new OutboundCall(Cloud.Aws, Service, "iam/security-credentials") { GivesToken = true };
        return http.RunAsync(
            call,
            async (client, limited) =>
            {
                // As short as it may be: the token is for the two requests that follow.
                using var put = new HttpRequestMessage(HttpMethod.Put, Url("latest/api/token"));
                put.Headers.Add("X-aws-ec2-metadata-token-ttl-seconds", "60");
                var session = Sensitive.Of(await MetadataHttp.SendAsync(client, call, put, SessionAdvice, limited));
                if (!Token().IsMatch(session.Reveal()))
                {
                    throw call.Unreadable("its answer is no session token");
                }

                var role = (await MetadataHttp.SendAsync(client, call, Get(Roles, session), CredentialAdvice, limited, session)).Split('\n')[0].Trim();
                if (!RoleName().IsMatch(role))
                {
                    throw call.Unreadable("its answer is no role name");
                }

                if (source.Role is { } wanted && wanted != role)
                {
                    throw AwsSources.Unusable(source.Connection, $"the instance has the role '{role}', not '{CloudText.Message(wanted)}'", "Attach the instance profile of that role, or correct the connection.");
                }

                return MetadataHttp.Credentials(call, await MetadataHttp.SendAsync(client, call, Get(Roles + role, session), CredentialAdvice, limited, session));
            },
            Absent,
            cancellationToken);
    }

    private static string SessionAdvice(int status) => status switch
    {
        403 => "The metadata service of this instance is turned off: aws ec2 modify-instance-metadata-options --http-endpoint enabled.",
        _ => "The metadata service gives no session token (IMDSv2), and version 1 is not used: check what answers at this address.",
    };

    private static string CredentialAdvice(int status) => status switch
    {
        404 => "No role is attached to this instance: attach an instance profile (aws ec2 associate-iam-instance-profile).",
        _ => "Check the instance profile and its role; a new one takes a minute to show.",
    };

    private HttpRequestMessage Get(string path, Sensitive<string> session)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, Url(path));
        request.Headers.Add(SessionHeader, session.Reveal());
        return request;
    }

    private Uri Url(string path) => new(options.CurrentValue.Endpoints.AwsInstanceMetadata.AbsoluteUri.TrimEnd('/') + "/" + path);

    [GeneratedRegex(@"\A[\x21-\x7E]{1,512}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Token();

    [GeneratedRegex(@"\A[A-Za-z0-9_+=,.@-]{1,64}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex RoleName();
}
