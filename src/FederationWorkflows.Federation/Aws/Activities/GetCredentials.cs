using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Broker;
using FederationWorkflows.Federation.Connections;

namespace FederationWorkflows.Federation.Aws.Activities;

/// <summary>
/// Gets the credentials of an AWS connection, as they are or narrowed; a story cannot widen what the administrator gave. The result is the credentials.
/// </summary>
[Activity("Aws", "AWS", "Gets the credentials of an AWS connection, as they are or narrowed.")]
public sealed class GetCredentials : CodeActivity<AwsCredentials>
{
    /// <summary>The name of a connection of AWS that an administrator defined.</summary>
    [Required]
    [NamesConnection]
    [Input(Description = "The name of an AWS connection that an administrator defined.")]
    public Input<string> Connection { get; set; } = default!;

    /// <summary>900 seconds to the connection's longest session; that when empty.</summary>
    [Input(Description = "900 seconds to the connection's longest session. Empty for that.")]
    public Input<int?>? DurationSeconds { get; set; }

    /// <summary>An IAM policy in JSON that narrows what the session may do.</summary>
    [Input(Description = "An IAM policy in JSON that narrows what the session may do. Not where the connection has one.", UIHint = InputUIHints.MultiLine)]
    public Input<string>? SessionPolicy { get; set; }

    /// <summary>2 to 64 letters, digits or <c>+=,.@_-</c>; the connection's own when empty.</summary>
    [Input(Description = "The session's name in CloudTrail: 2 to 64 letters, digits or + = , . @ _ -. Empty for the connection's own. Not where the connection names its sessions.")]
    public Input<string>? SessionName { get; set; }

    /// <summary><c>arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION</c>.</summary>
    [Output(Description = "The session: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION.")]
    public Output<string>? AssumedRoleArn { get; set; }

    /// <summary>When the credentials stop working; null when they have no end.</summary>
    [Output(Description = "When the credentials stop working.")]
    public Output<DateTimeOffset?>? Expiration { get; set; }

    /// <inheritdoc/>
    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var narrowing = new AwsNarrowing { DurationSeconds = context.Get(DurationSeconds), SessionPolicy = context.Get(SessionPolicy), SessionName = context.Get(SessionName) };
        var credentials = await GetAsync(context, narrowing);
        context.Set(AssumedRoleArn, credentials.AssumedRoleArn);
        context.Set(Expiration, credentials.Expiration);
        context.SetResult(credentials);
    }

    private async Task<AwsCredentials> GetAsync(ActivityExecutionContext context, AwsNarrowing narrowing)
    {
        try
        {
            return await context.GetRequiredService<ITokenBroker>().GetAwsCredentialsAsync(context.Get(Connection) ?? "", narrowing, ConnectionUser.Of(context), context.CancellationToken);
        }
        catch (FederationException refusal) when (refusal.Explanation is { } explanation)
        {
            context.JournalData["Trust"] = explanation.ToJournal();
            throw;
        }
    }
}
