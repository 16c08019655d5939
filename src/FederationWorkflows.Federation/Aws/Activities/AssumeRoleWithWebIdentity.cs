using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>Exchanges an ID token for temporary credentials of an AWS role. The result is the credentials.</summary>
[Activity("Aws", "AWS", "Exchanges an ID token for temporary credentials of a role.")]
public sealed class AssumeRoleWithWebIdentity : CodeActivity<AwsCredentials>
{
    /// <summary><c>arn:aws:iam::ACCOUNT:role/NAME</c>.</summary>
    [Required]
    [Input(Description = "The role: arn:aws:iam::ACCOUNT:role/NAME.")]
    public Input<string> RoleArn { get; set; } = default!;

    /// <summary>The ID token.</summary>
    [Required]
    [Input(Description = "The ID token that the role trusts.")]
    public Input<Sensitive<string>> WebIdentityToken { get; set; } = default!;

    /// <summary>2 to 64 letters, digits or <c>+=,.@_-</c>; the token's <c>sub</c> brought into that form when empty.</summary>
    [Input(Description = "The session's name in CloudTrail: 2 to 64 letters, digits or + = , . @ _ -. Empty for the token's sub.")]
    public Input<string>? SessionName { get; set; }

    /// <summary>900 to 43200 seconds; STS's default of 3600 when empty.</summary>
    [Input(Description = "900 to 43200 seconds, no more than the role allows. Empty for 3600.")]
    public Input<int?>? DurationSeconds { get; set; }

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
        var policy = context.Get(SessionPolicy);
        var request = new WebIdentityRequest
        {
            RoleArn = context.Get(RoleArn) ?? "",
            WebIdentityToken = context.Get(WebIdentityToken) ?? Sensitive.Of(""),
            SessionName = context.Get(SessionName),
            DurationSeconds = context.Get(DurationSeconds),
            SessionPolicy = string.IsNullOrWhiteSpace(policy) ? null : policy,
            Region = context.Get(Region),
        };
        var credentials = await AssumeAsync(context, request);
        context.Set(AssumedRoleArn, credentials.AssumedRoleArn);
        context.Set(Expiration, credentials.Expiration);
        context.SetResult(credentials);
    }

    private static async Task<AwsCredentials> AssumeAsync(ActivityExecutionContext context, WebIdentityRequest request)
    {
        try
        {
            var aws = context.GetRequiredService<IAwsFederation>();
            return await context.CallAsync(request.WebIdentityToken, current => aws.AssumeRoleWithWebIdentityAsync(request with { WebIdentityToken = current }, context.CancellationToken));
        }
        catch (FederationException refusal) when (refusal.Explanation is { } explanation)
        {
            // The message has what fails; the journal has every condition, also those that hold.
            context.JournalData["Trust"] = explanation.ToJournal();
            throw;
        }
    }
}
