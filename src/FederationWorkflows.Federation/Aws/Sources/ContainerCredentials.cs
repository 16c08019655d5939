using System.Net;
using System.Text.RegularExpressions;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Aws.Sources;

/// <summary>The credential endpoint of ECS and of EKS Pod Identity, which the container's variables name.</summary>
internal sealed partial class ContainerCredentials(MetadataHttp http, HostEnvironment host)
{
    private const string Service = "the container credential endpoint";
    private const string RelativeUri = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    private const string FullUri = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    private const string TokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    private const string TokenVariable = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
    private const string Ecs = "http://169.254.170.2";

    // The file is a projected token of a few KB.
    private const int MaxTokenBytes = 64 * 1024;

    private static readonly IPAddress[] KnownHosts = [IPAddress.Parse("169.254.170.2"), IPAddress.Parse("169.254.170.23"), IPAddress.Parse("fd00:ec2::23")];

    public bool IsSet => host.Text(RelativeUri) is not null || host.Text(FullUri) is not null;

    public async Task<AwsCredentials> GetAsync(string connection, CancellationToken cancellationToken)
    {
        var url = Url(connection);
        var authorization = await AuthorizationAsync(connection, cancellationToken);
        var call = new OutboundCall(Cloud.Aws, Service, "container credentials") { GivesToken = true };
        return await http.RunAsync(
            call,
            async (client, limited) =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, url);
                if (authorization is not null)
                {
                    request.Headers.TryAddWithoutValidation("Authorization", authorization.Reveal());
                }

                return MetadataHttp.Credentials(call, await MetadataHttp.SendAsync(client, call, request, Advice, limited, authorization));
            },
            "Check that this is the container whose variables are set: the endpoint is reachable from inside it only.",
            cancellationToken);
    }

    private static string Advice(int status) => status switch
    {
        400 or 401 or 403 => $"The endpoint does not take the authorization token: check {TokenFile}, and on EKS the pod identity association of the service account and the agent's permissions.",
        404 => "The task or pod has no role: give the task definition a taskRoleArn, or make a pod identity association.",
        _ => "",
    };

    private Uri Url(string connection)
    {
        if (host.Text(RelativeUri) is { } relative)
        {
            return relative[0] == '/' && !relative.StartsWith("//", StringComparison.Ordinal) && Uri.TryCreate(Ecs + relative, UriKind.Absolute, out var ecs)
                ? ecs
                : throw AwsSources.Unusable(connection, $"{RelativeUri} is no path", "It begins with one slash; ECS sets it in a task that has a role.");
        }

        if (host.Text(FullUri) is not { } full)
        {
            throw AwsSources.Unusable(connection, $"this process has neither {RelativeUri} nor {FullUri}", "Run in an ECS task or an EKS pod that has a role, or give the connection another kind.");
        }

        return Uri.TryCreate(full, UriKind.Absolute, out var url) && url.UserInfo.Length == 0 && IsAllowed(url)
            ? url
            : throw AwsSources.Unusable(
                connection,
                $"{FullUri} names a host that credentials are not asked of",
                $"It must be https, or http to loopback, {string.Join(", ", KnownHosts.Take(2))} or [{KnownHosts[2]}].");
    }

    // A name is not resolved: what it stands for could change between this check and the request.
    private static bool IsAllowed(Uri url) =>
        url.Scheme == Uri.UriSchemeHttps
        || (url.Scheme == Uri.UriSchemeHttp
            && (url.Host == "localhost" || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && (IPAddress.IsLoopback(address) || KnownHosts.Contains(address)))));

    // The file goes before the variable, and is read each time: EKS rotates the token in it.
    private async Task<Sensitive<string>?> AuthorizationAsync(string connection, CancellationToken cancellationToken)
    {
        var (source, token) = host.Text(TokenFile) is { } path
            ? (TokenFile, (await BoundedFile.ReadAsync(path, MaxTokenBytes, (detail, advice) => AwsSources.Unusable(connection, detail, advice), cancellationToken)).Trim())
            : (TokenVariable, host.Text(TokenVariable));
        return token is null ? null
            : HeaderValue().IsMatch(token) ? Sensitive.Of(token)
            : throw AwsSources.Unusable(connection, $"what {source} gives is no header value", "It is one line of visible characters.");
    }

    [GeneratedRegex(@"\A[\x20-\x7E]+\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex HeaderValue();
}
