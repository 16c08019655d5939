using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Engine.Activities.Time;

/// <summary>How the activities here wait: at a bookmark that a timer of the run resumes.</summary>
internal static class Waiting
{
    /// <summary>Added to any date a run will see, it stays one.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3_650);

    /// <summary>Waits for a duration; not at all when it is zero or less.</summary>
    /// <exception cref="InvalidOperationException">It is longer than ten years.</exception>
    public static void WaitFor(this ActivityExecutionContext context, TimeSpan duration)
    {
        if (duration > Longest)
        {
            throw new InvalidOperationException($"The duration {duration} is longer than {Longest.Days} days.");
        }

        context.WaitUntil(context.TimeProvider.GetUtcNow() + duration, "ResumeAt");
    }

    /// <summary>Waits until a time; not at all when it has come.</summary>
    public static void WaitUntil(this ActivityExecutionContext context, DateTimeOffset time, string journalKey)
    {
        context.JournalData[journalKey] = time.ToUniversalTime();
        if (time > context.TimeProvider.GetUtcNow())
        {
            context.CreateBookmark(new CreateBookmarkArgs { Stimulus = new WaitStimulus(time.ToUniversalTime()), ResumeAt = time.ToUniversalTime(), Callback = null });
        }
    }
}

/// <summary>What is waited for.</summary>
internal sealed record WaitStimulus(DateTimeOffset ResumeAt);
