using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Runtime.Retention;

/// <summary>Which runs that have ended are kept, configuration section <c>Retention</c>. Without a rule all are.</summary>
public sealed class RetentionOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Retention";

    /// <summary>What goes. A run goes when one of the rules says so.</summary>
    public IList<RetentionRule> Rules { get; } = [];

    /// <summary>How often it is looked whether something is to go, from a second to a day.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many runs one transaction deletes at most, 1 to 10,000.</summary>
    public int BatchSize { get; set; } = 200;
}

/// <summary>Lets runs go that have ended.</summary>
public sealed class RetentionRule
{
    /// <summary>They go so long after their end; null for never.</summary>
    public TimeSpan? MaxAge { get; set; }

    /// <summary>So many of each story stay, those that ended last; null for all.</summary>
    public int? MaxPerDefinition { get; set; }

    /// <summary>The rule is about runs that ended so: <c>Finished</c>, <c>Faulted</c>, <c>Cancelled</c>; empty for all three.</summary>
    public IList<WorkflowSubStatus> Statuses { get; } = [];

    internal RetentionPolicy ToPolicy() => new() { MaxAge = MaxAge, MaxPerDefinition = MaxPerDefinition, SubStatuses = [.. Statuses] };
}

/// <summary>Says what is wrong with the options.</summary>
internal sealed class RetentionOptionsValidator : IValidateOptions<RetentionOptions>
{
    public ValidateOptionsResult Validate(string? name, RetentionOptions options)
    {
        var problems = new List<string>();
        Require(options.Interval >= TimeSpan.FromSeconds(1) && options.Interval <= TimeSpan.FromDays(1), "Retention:Interval must be from 00:00:01 to 1.00:00:00.");
        Require(options.BatchSize is >= 1 and <= 10_000, "Retention:BatchSize must be from 1 to 10000.");
        foreach (var (rule, index) in options.Rules.Select((rule, index) => (rule, index)))
        {
            Require(rule.MaxAge is not null || rule.MaxPerDefinition is not null, $"Retention:Rules:{index} needs a MaxAge or a MaxPerDefinition.");
            Require(rule.MaxAge is null || rule.MaxAge > TimeSpan.Zero, $"Retention:Rules:{index}:MaxAge must be above zero, such as 30.00:00:00 for 30 days.");
            Require(rule.MaxPerDefinition is null or >= 0, $"Retention:Rules:{index}:MaxPerDefinition must be 0 or more.");
            Require(
                rule.Statuses.All(status => status is WorkflowSubStatus.Finished or WorkflowSubStatus.Faulted or WorkflowSubStatus.Cancelled),
                $"Retention:Rules:{index}:Statuses may be Finished, Faulted and Cancelled: only runs that have ended go.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);

        void Require(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }
    }
}
