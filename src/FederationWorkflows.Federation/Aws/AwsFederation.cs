using Amazon.Runtime;
using Amazon.SecurityToken.Model;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Aws;

/// <summary>AWS STS by the AWS SDK.</summary>
internal sealed class AwsFederation(AwsClients clients, ExpectedTrust expectedTrust, IOptionsMonitor<FederationOptions> options, TimeProvider time) : IAwsFederation
{
    private const string Service = "AWS STS";

    public async Task<AwsCredentials> AssumeRoleWithWebIdentityAsync(WebIdentityRequest request, CancellationToken cancellationToken = default)
    {
        var call = new OutboundCall(Cloud.Aws, Service, "sts:AssumeRoleWithWebIdentity") { GivesToken = true, Role = request.RoleArn };
        var role = AwsInputs.RequireRole(call, request.RoleArn);
        AwsInputs.RequireToken(call, request.WebIdentityToken);
        var sessionName = AwsInputs.RequireSessionName(call, request.SessionName, request.WebIdentityToken);
        AwsInputs.RequireDuration(call, request.DurationSeconds);
        AwsInputs.RequirePolicy(call, request.SessionPolicy);
        var region = AwsInputs.RequireRegion(call, request.Region, role.Partition, options.CurrentValue.AwsRegion);

        using var client = clients.Sts(new AnonymousAWSCredentials(), region);
        var answer = await call.RunAsync(
            limited => client.AssumeRoleWithWebIdentityAsync(
                new AssumeRoleWithWebIdentityRequest
                {
                    RoleArn = request.RoleArn,
                    RoleSessionName = sessionName,
                    WebIdentityToken = request.WebIdentityToken.Reveal(),
                    DurationSeconds = request.DurationSeconds,
                    Policy = request.SessionPolicy,
                },
                limited),
            (code, message) => AwsAdvice.AssumeRoleWithWebIdentity(code, message, role, request.WebIdentityToken, () => expectedTrust.Explain(request.RoleArn, request.WebIdentityToken, sessionName)),
            [request.WebIdentityToken],
            options.CurrentValue.Timeout,
            time,
            cancellationToken);

        return answer.Credentials is { AccessKeyId.Length: > 0, SecretAccessKey.Length: > 0, SessionToken.Length: > 0, Expiration: { } expiration } credentials
            ? new AwsCredentials
            {
                AccessKeyId = credentials.AccessKeyId,
                SecretAccessKey = Sensitive.Of(credentials.SecretAccessKey),
                SessionToken = Sensitive.Of(credentials.SessionToken),
                Expiration = new DateTimeOffset(expiration.ToUniversalTime()),
                AssumedRoleArn = answer.AssumedRoleUser?.Arn,
                AssumedRoleId = answer.AssumedRoleUser?.AssumedRoleId,
                Audience = answer.Audience,
                Provider = answer.Provider,
                SubjectFromWebIdentityToken = answer.SubjectFromWebIdentityToken,
            }
            : throw call.Unreadable("its answer has no complete credentials");
    }

    public async Task<CallerIdentity> GetCallerIdentityAsync(AwsCredentials credentials, string? region = null, CancellationToken cancellationToken = default)
    {
        var call = new OutboundCall(Cloud.Aws, Service, "sts:GetCallerIdentity") { Principal = credentials.AssumedRoleArn };
        AwsInputs.RequireCredentials(call, credentials);
        var where = AwsInputs.RequireRegion(call, region, AwsInputs.PartitionOf(credentials), options.CurrentValue.AwsRegion);

        using var client = clients.Sts(AwsClients.Sdk(credentials), where);
        var answer = await call.RunAsync(
            limited => client.GetCallerIdentityAsync(new GetCallerIdentityRequest(), limited),
            (code, _) => AwsAdvice.Signed(code, ""),
            credentials.Secrets,
            options.CurrentValue.Timeout,
            time,
            cancellationToken);
        return answer is { Account.Length: > 0, Arn.Length: > 0, UserId.Length: > 0 }
            ? new CallerIdentity(answer.Account, answer.Arn, answer.UserId)
            : throw call.Unreadable("its answer has no account, ARN and user id");
    }
}
