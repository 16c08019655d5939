using System.ComponentModel.DataAnnotations;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Scheduling;

namespace FederationWorkflows.Engine.Activities.Time;

/// <summary>Starts a run whenever a cron expression says so; inside a run, waits for the next time.</summary>
[Activity("Elsa", "Scheduling", "Trigger workflow execution at a specific interval using a CRON expression.", DisplayName = "Cron")]
[NoSideEffects]
internal sealed class Cron : Trigger, ICompiled
{
    [Required]
    [RefusesSensitive]
    [Input(Description = "The CRON expression at which the timer should execute: minute, hour, day of month, month, day of week, for example 0 8 * * MON-FRI; six fields begin with seconds.")]
    public Input<string>? CronExpression { get; set; }

    [RefusesSensitive]
    [Input(DisplayName = "Time zone", Description = "Whose clock the expression speaks of, for example Europe/Berlin.", Category = "Schedule", DefaultValue = "UTC")]
    public Input<string>? TimeZone { get; set; }

    [Input(DisplayName = "Missed times", Description = "What becomes of times that passed while no server ran.", Category = "Schedule", DefaultValue = Engine.Scheduling.MisfirePolicy.FireOnceNow)]
    public Input<MisfirePolicy>? MisfirePolicy { get; set; }

    public override IEnumerable<object> GetTriggerPayloads(TriggerIndexingContext context) =>
        [new CronStimulus(context.Get(CronExpression)!, context.Get(TimeZone) ?? "UTC", context.Get(MisfirePolicy))];

    /// <summary>What is fixed is checked before anybody waits for it.</summary>
    void ICompiled.OnCompiled(NodeCompilation compilation)
    {
        Check(CronExpression, "invalid-cron-expression", ".cronExpression", text => Engine.Scheduling.CronExpression.Parse(text));
        Check(TimeZone, "invalid-time-zone", ".timeZone", text => Zone(text));

        void Check(Input<string>? input, string code, string path, Action<string> read)
        {
            try
            {
                if (input?.Compiled is { } compiled && compiled.TryGetConstant(out var constant) && constant is string { Length: > 0 } text)
                {
                    read(text);
                }
            }
            catch (FormatException e)
            {
                compilation.Report(code, e.Message, path);
            }
        }
    }

    protected override ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        if (!context.IsTriggerOfWorkflow)
        {
            var expression = Engine.Scheduling.CronExpression.Parse(context.Get(CronExpression) ?? "");
            var next = expression.NextAfter(context.TimeProvider.GetUtcNow(), Zone(context.Get(TimeZone) ?? "UTC"))
                ?? throw new InvalidOperationException($"The cron expression '{expression}' names no time that ever comes.");
            context.WaitUntil(next, "ExecuteAt");
        }

        return context.CompleteUnlessWaitingAsync();
    }

    private static TimeZoneInfo Zone(string id) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone : throw new FormatException($"There is no time zone '{id}'. Use a name of the IANA database, for example Europe/Berlin.");
}
