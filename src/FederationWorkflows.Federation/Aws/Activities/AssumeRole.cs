using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>Goes from one AWS identity to a role that trusts it, in the same or another account. The result is the role's credentials.</summary>
[Activity("Aws", "AWS", "Exchanges AWS credentials for those of a role.")]
public sealed class AssumeRole : CodeActivity<AwsCredentials>
{
    /// <summary>Who asks.</summary>
    [Required]
    [Input(Description = "The credentials: the result of an activity that gives some.", CanContainSecrets = true)]
    public Input<AwsCredentials> Credentials { get; set; } = default!;

    /// <summary><c>arn:aws:iam::ACCOUNT:role/NAME</c>.</summary>
    [Required]
    [Input(Description = "The role: arn:aws:iam::ACCOUNT:role/NAME.")]
    public Input<string> RoleArn { get; set; } = default!;

    /// <summary>2 to 64 letters, digits or <c>+=,.@_-</c>; the name of the session that asks when empty.</summary>
    [Input(Description = "The session's name in CloudTrail: 2 to 64 letters, digits or + = , . @ _ -. Empty for the name of the session that asks.")]
    public Input<string>? SessionName { get; set; }

    /// <summary>900 to 43200 seconds, from a role's session at most 3600; STS's default of 3600 when empty.</summary>
    [Input(Description = "900 to 43200 seconds, no more than the role allows, and at most 3600 when the credentials are a role's. Empty for 3600.")]
    public Input<int?>? DurationSeconds { get; set; }

    /// <summary>What the role's owner asks of third parties.</summary>
    [Input(Description = "The external id that the role's trust policy asks for.")]
    [TakesSensitive]
    public Input<string>? ExternalId { get; set; }

    /// <summary>An IAM policy in JSON that narrows what the session may do.</summary>
    [Input(Description = "An IAM policy in JSON that narrows what the session may do.", UIHint = InputUIHints.MultiLine)]
    public Input<string>? SessionPolicy { get; set; }

    /// <summary>The region whose STS is asked; the host's default when empty.</summary>
    [Input(Description = "The region whose STS is asked. Empty for the host's default.")]
    public Input<string>? Region { get; set; }

    /// <summary><c>arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION</c>.</summary>
    [Output(Description = "The session: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION.")]
    public Output<string>? AssumedRoleArn { get; set; }

    /// <summary>When the credentials stop working.</summary>
    [Output(Description = "When the credentials stop working.")]
    public Output<DateTimeOffset?>? Expiration { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var request = new RoleRequest
        {
            Credentials = AwsInputs.RequireCredentials(context, "Aws.AssumeRole", Credentials),
            RoleArn = context.Get(RoleArn) ?? "",
            SessionName = context.GetText(SessionName),
            DurationSeconds = context.Get(DurationSeconds),
            ExternalId = context.GetText(ExternalId),
            SessionPolicy = context.GetText(SessionPolicy),
            Region = context.Get(Region),
        };
        var aws = context.GetRequiredService<IAwsFederation>();
        var credentials = await context.CallAsync(request.Credentials, current => aws.AssumeRoleAsync(request with { Credentials = current }, context.CancellationToken));
        context.Set(AssumedRoleArn, credentials.AssumedRoleArn);
        context.Set(Expiration, credentials.Expiration);
        context.SetResult(credentials);
    }
}
