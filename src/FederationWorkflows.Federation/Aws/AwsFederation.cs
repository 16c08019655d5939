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

        return Read(call, answer.Credentials, answer.AssumedRoleUser) with
        {
            Audience = answer.Audience, Provider = answer.Provider, SubjectFromWebIdentityToken = answer.SubjectFromWebIdentityToken,
        };
    }

    public async Task<AwsCredentials> AssumeRoleAsync(RoleRequest request, CancellationToken cancellationToken = default)
    {
        var caller = request.Credentials;
        var call = new OutboundCall(Cloud.Aws, Service, "sts:AssumeRole") { GivesToken = true, Role = request.RoleArn, Principal = caller.AssumedRoleArn };
        AwsInputs.RequireCredentials(call, caller);
        var role = AwsInputs.RequireRole(call, request.RoleArn);
        var sessionName = AwsInputs.RequireSessionName(call, request.SessionName, caller);
        AwsInputs.RequireDuration(call, request.DurationSeconds, caller);
        AwsInputs.RequireExternalId(call, request.ExternalId);
        AwsInputs.RequirePolicy(call, request.SessionPolicy);
        if (caller.AssumedRoleArn is not null && AwsInputs.PartitionOf(caller) != role.Partition)
        {
            throw call.Input($"the role is in the partition {role.Partition}, and the credentials are not", "Give credentials of the role's partition: no trust reaches from one to another.");
        }

        var region = AwsInputs.RequireRegion(call, request.Region, role.Partition, options.CurrentValue.AwsRegion);
        using var client = clients.Sts(AwsClients.Sdk(caller), region);
        var answer = await call.RunAsync(
            limited => client.AssumeRoleAsync(
                new AssumeRoleRequest
                {
                    RoleArn = request.RoleArn,
                    RoleSessionName = sessionName,
                    DurationSeconds = request.DurationSeconds,
                    ExternalId = request.ExternalId,
                    Policy = request.SessionPolicy,
                },
                limited),
            (code, message) => AwsAdvice.AssumeRole(code, message, role, request),
            request.ExternalId is { Length: > 0 } id ? [.. caller.Secrets, Sensitive.Of(id)] : caller.Secrets,
            options.CurrentValue.Timeout,
            time,
            cancellationToken);
        return Read(call, answer.Credentials, answer.AssumedRoleUser);
    }

    public async Task<CallerIdentity> GetCallerIdentityAsync(AwsCredentials credentials, string? region = null, CancellationToken cancellationToken = default)
    {
        var call = new OutboundCall(Cloud.Aws, Service, "sts:GetCallerIdentity") { Principal = credentials.AssumedRoleArn };
        AwsInputs.RequireCredentials(call, credentials);
        var where = AwsInputs.RequireRegion(call, region, AwsInputs.PartitionOf(credentials), options.CurrentValue.AwsRegion);

        using var client = clients.Sts(AwsClients.Sdk(credentials), where);
        var answer = await call.RunAsync(
            limited => client.GetCallerIdentityAsync(new GetCallerIdentityRequest(), limited),
            (code, message) => AwsAdvice.Signed(code, "", message),
            credentials.Secrets,
            options.CurrentValue.Timeout,
            time,
            cancellationToken);
        return answer is { Account.Length: > 0, Arn.Length: > 0, UserId.Length: > 0 }
            ? new CallerIdentity(answer.Account, answer.Arn, answer.UserId)
            : throw call.Unreadable("its answer has no account, ARN and user id");
    }

    private static AwsCredentials Read(OutboundCall call, Credentials? given, AssumedRoleUser? user) =>
        given is { AccessKeyId.Length: > 0, SecretAccessKey.Length: > 0, SessionToken.Length: > 0, Expiration: { } expiration } credentials
            ? new AwsCredentials
            {
                AccessKeyId = credentials.AccessKeyId,
                SecretAccessKey = Sensitive.Of(credentials.SecretAccessKey),
                SessionToken = Sensitive.Of(credentials.SessionToken),
                Expiration = new DateTimeOffset(expiration.ToUniversalTime()),
                AssumedRoleArn = user?.Arn,
                AssumedRoleId = user?.AssumedRoleId,
            }
            : throw call.Unreadable("its answer has no complete credentials");
}
