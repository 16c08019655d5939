namespace FederationWorkflows.Server.Webhooks;

/// <summary>Who may call webhooks: configuration section <c>Webhooks</c>.</summary>
public sealed class WebhookOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Webhooks";

    /// <summary>Everybody may call endpoints of stories that name nobody, as with a stock Elsa. Otherwise nobody may.</summary>
    public bool AllowUnnamedCallers { get; set; }
}
