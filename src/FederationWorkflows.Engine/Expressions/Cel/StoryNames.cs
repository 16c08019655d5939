using System.Text.Json;
using FederationWorkflows.Cel;
using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>
/// What an expression of a story can name: <c>variables.name</c>, <c>inputs.name</c>, <c>activities.id.output</c>, <c>trigger</c>,
/// <c>run.id</c>, <c>secrets.name</c>. Each name is found when the story is compiled, and read without another look-up.
/// </summary>
internal sealed class StoryNames(IExpressionCompilationScope scope) : ICelNames
{
    public static readonly CelVariable Trigger = Of("trigger", CelType.Dyn, static story => story.Trigger);

    private static readonly Dictionary<string, CelVariable> RunMembers = new CelVariable[]
    {
        Of("run.id", CelType.String, static story => story.Scope.Run.Id),
        Of("run.definitionId", CelType.String, static story => story.Scope.Run.DefinitionId),
        Of("run.revision", CelType.String, static story => story.Scope.Run.Revision),
        Of("run.correlationId", CelType.Dyn, static story => story.Scope.Run.CorrelationId),
        Of("run.startedAt", CelType.Timestamp, static story => story.Scope.Run.StartedAt),
    }.ToDictionary(variable => variable.Name["run.".Length..]);

    private static readonly CelVariable Run = Of("run", CelType.AnyMap, static story => RunMembers.ToDictionary(member => member.Key, member => Read(member.Value, story)))
        with { Members = RunMembers.Keys };

    private static readonly CelVariable Secrets = new("secrets", CelType.AnyMap)
    {
        OnlyMembers = "Secrets are read by their names, as secrets.name or secrets['a name']: which ones a story uses is known before it runs.",
    };

    public IEnumerable<string> Roots => ["variables", "inputs", "activities", "trigger", "run", "secrets"];

    /// <summary>What a variable of these names is when a story evaluates.</summary>
    public static object? Read(CelVariable variable, StoryActivation story) => ((Func<StoryActivation, object?>)variable.Tag!)(story);

    /// <summary>The secret a variable is; null when it is none.</summary>
    public static string? SecretOf(CelVariable variable) => variable.Name.StartsWith("secrets.", StringComparison.Ordinal) ? variable.Name["secrets.".Length..] : null;

    public CelVariable? Find(ReadOnlySpan<string> path) => path switch
    {
        ["variables"] => All(scope.VariableNames.Distinct(), "variables", name => ReaderOf(scope.FindVariable(name)!), isThere: _ => true),
        ["variables", var name] => scope.FindVariable(name) is { } reference ? Of($"variables.{name}", TypeOf(reference.Variable.Type), ReaderOf(reference)) : null,
        ["inputs"] => All(scope.InputNames, "inputs", name => story => story.Scope.GetInput(name), isThere: value => value is not null),
        ["inputs", var name] => scope.InputNames.Contains(name) ? Of($"inputs.{name}", CelType.Dyn, story => story.Scope.GetInput(name)) : null,
        ["activities"] => All(scope.ActivityIds, "activities", id => OutputsOf(scope.FindActivity(id)!), isThere: value => value is not NotRun),
        ["activities", var id] => scope.FindActivity(id) is { } activity
            ? Of($"activities.{id}", CelType.AnyMap, OutputsOf(activity)) with { Members = [.. OutputNames(activity)] }
            : null,
        ["activities", var id, var output] => scope.FindActivity(id) is { } activity && SlotOf(activity, output) is >= 0 and var slot
            ? Of($"activities.{id}.{output}", CelType.Dyn, story => story.Scope.GetOutputs(activity) is { } outputs ? outputs[slot] : null)
            : null,
        ["trigger"] => Trigger,
        ["run"] => Run,
        ["run", var member] => RunMembers.GetValueOrDefault(member),
        ["secrets"] => Secrets,
        ["secrets", var name] => Of($"secrets.{name}", CelType.String, story => story.Secret(name)),
        _ => null,
    };

    private static CelVariable Of(string name, CelType type, Func<StoryActivation, object?> read) => new(name, type) { Tag = read };

    /// <param name="members">The names there can be.</param>
    /// <param name="name">What they are members of.</param>
    /// <param name="readerOf">Reads one.</param>
    /// <param name="isThere">Whether <c>has()</c> finds one with a value: an input that was not given is no more there than an activity that has not run.</param>
    private static CelVariable All(IEnumerable<string> members, string name, Func<string, Func<StoryActivation, object?>> readerOf, Func<object?, bool> isThere)
    {
        var readers = members.Select(member => (Name: member, Read: readerOf(member))).ToList();
        return Of(name, CelType.AnyMap, story => readers.Select(reader => (reader.Name, Value: reader.Read(story))).Where(item => isThere(item.Value)).ToDictionary(item => item.Name, item => item.Value))
            with { Members = [.. readers.Select(reader => reader.Name)] };
    }

    private static Func<StoryActivation, object?> ReaderOf(VariableReference reference) => story => story.Scope.GetVariable(reference);

    /// <summary>Only what is never null has a type of its own: what may be null can be compared with it.</summary>
    private static CelType TypeOf(Type type) =>
        type == typeof(long) || type == typeof(int) ? CelType.Int
        : type == typeof(bool) ? CelType.Bool
        : type == typeof(double) || type == typeof(float) ? CelType.Double
        : CelType.Dyn;

    private static Func<StoryActivation, object?> OutputsOf(ActivityNode activity)
    {
        var slots = OutputNames(activity).Select(name => (Name: name, Slot: SlotOf(activity, name))).ToArray();
        return story => story.Scope.GetOutputs(activity) is { } outputs ? slots.ToDictionary(slot => slot.Name, slot => outputs[slot.Slot]) : new NotRun();
    }

    private static IEnumerable<string> OutputNames(ActivityNode activity) =>
        activity.Descriptor.Outputs.Select(output => CamelCase(output.Name)).Concat(SlotOf(activity, "result") >= 0 ? ["result"] : []).Distinct();

    /// <summary>An output by its JSON name or its own; <c>result</c> is the only output, whatever its name.</summary>
    private static int SlotOf(ActivityNode activity, string name)
    {
        var outputs = activity.Descriptor.Outputs.ToList();
        var slot = outputs.FindIndex(output => output.Name == name || CamelCase(output.Name) == name);
        return slot < 0 && name == "result" && outputs.Count == 1 ? 0 : slot;
    }

    private static string CamelCase(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    /// <summary>The outputs of an activity that has not run: none.</summary>
    private sealed class NotRun : Dictionary<string, object?>;
}
