using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Connections;

/// <summary>Who uses a connection: an activity of a story's run, with the people through whose hands the run went; or the administrator himself.</summary>
public sealed record ConnectionUser
{
    private ConnectionUser()
    {
    }

    /// <summary>The administrator, at the keyboard of his own machine or through a page of his own: every connection is his.</summary>
    public static ConnectionUser Administrator { get; } = new() { IsAdministrator = true };

    /// <summary>No rule applies to it.</summary>
    public bool IsAdministrator { get; private init; }

    /// <summary>The story's definition id; null for the administrator.</summary>
    public string? Story { get; private init; }

    /// <summary>The run's id; null for the administrator.</summary>
    public string? Run { get; private init; }

    /// <summary>The activity's id in the story; null for the administrator.</summary>
    public string? Activity { get; private init; }

    /// <summary>The people through whose hands the run went (<see cref="Engine.Stories.Hands"/>).</summary>
    public IReadOnlyList<string> Hands { get; private init; } = Engine.Stories.Hands.None;

    /// <summary>An activity that executes.</summary>
    public static ConnectionUser Of(ActivityExecutionContext context) => new()
    {
        Story = context.WorkflowIdentity.DefinitionId,
        Run = context.WorkflowIdentity.Id,
        Activity = context.Activity.Id,
        Hands = context.RunHands,
    };

    /// <summary>A run of a story.</summary>
    /// <param name="story">The story's definition id.</param>
    /// <param name="run">The run's id.</param>
    /// <param name="hands">The people through whose hands the run went; null for nobody's.</param>
    public static ConnectionUser OfRun(string story, string run, IReadOnlyList<string>? hands = null) => new() { Story = story, Run = run, Hands = hands ?? Engine.Stories.Hands.None };
}
