using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation;

/// <summary>Tells in an activity's journal which cloud identity it acted as: the credentials and tokens that it was given are masked there.</summary>
internal static class ActedAs
{
    private const string Key = "ActedAs";

    /// <param name="context">The activity.</param>
    /// <param name="identity">The ARN of a session, the address of an account, or a principal; null when it is not known.</param>
    public static void TellActedAs(this ActivityExecutionContext context, string? identity)
    {
        if (CloudText.Message(identity) is { Length: > 0 } told)
        {
            context.JournalData[Key] = told;
        }
    }
}
