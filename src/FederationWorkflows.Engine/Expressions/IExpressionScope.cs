using FederationWorkflows.Cel;

namespace FederationWorkflows.Engine.Expressions;

/// <summary>What an expression can read while a run evaluates it. Everything is what the activity that evaluates may see.</summary>
public interface IExpressionScope
{
    /// <summary>The value of a variable that was resolved at compile time.</summary>
    object? GetVariable(VariableReference variable);

    /// <summary>A workflow input by name; null when the run was started without it.</summary>
    object? GetInput(string name);

    /// <summary>The outputs of an activity's latest completed execution, in the order of its descriptor; null when it has not run.</summary>
    IReadOnlyList<object?>? GetOutputs(ActivityNode activity);

    /// <summary>What started the run, or null.</summary>
    object? Trigger { get; }

    /// <summary>The run's identity.</summary>
    RunIdentity Run { get; }

    /// <summary>The services expressions may use.</summary>
    ExpressionHost Host { get; }

    /// <summary>Ends with the activity that evaluates.</summary>
    CancellationToken CancellationToken { get; }
}

/// <summary>A variable's place as seen from one activity: so many scopes up, then so many along.</summary>
/// <param name="Scope">The activity that declares the variable.</param>
/// <param name="Index">The place among that activity's variables.</param>
/// <param name="Variable">The declaration.</param>
public sealed record VariableReference(ActivityNode Scope, int Index, Variable Variable);

/// <summary>What identifies a run.</summary>
/// <param name="Id">The run's id.</param>
/// <param name="DefinitionId">The definition's stable id.</param>
/// <param name="Revision">The content hash of the definition the run is pinned to.</param>
/// <param name="CorrelationId">What ties the run to something outside, or null.</param>
/// <param name="StartedAt">When the run was created, UTC.</param>
public sealed record RunIdentity(string Id, string DefinitionId, string Revision, string? CorrelationId, DateTimeOffset StartedAt);

/// <summary>What expressions get from the host: the clock, secrets, functions and limits.</summary>
public sealed class ExpressionHost
{
    /// <summary>The clock of <c>now()</c>.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where <c>secrets.name</c> is read.</summary>
    public ISecretSource Secrets { get; init; } = ISecretSource.None;

    /// <summary>Random ids for <c>uuid()</c>.</summary>
    public Func<Guid> NewId { get; init; } = Guid.CreateVersion7;

    /// <summary>The work one evaluation may do, in the language's own cost units; see <see cref="CelOptions.CostLimit"/>.</summary>
    public long CostLimit { get; init; } = 1_000_000;

    /// <summary>The longest text of one expression, in characters.</summary>
    public int MaxExpressionLength { get; init; } = 65_536;

    /// <summary>The longest text or byte string an expression may work on, in characters or bytes.</summary>
    public int MaxInputLength { get; init; } = 16 * 1024 * 1024;
}

/// <summary>A trigger's payload that shows itself to expressions, as <c>trigger</c>, in a form of its own.</summary>
public interface ITriggerView
{
    /// <summary>The names people write behind <c>trigger.</c>, with their values.</summary>
    IReadOnlyDictionary<string, object?> ForExpressions();
}

/// <summary>Where expressions find secrets by name.</summary>
public interface ISecretSource
{
    /// <summary>The current value of a secret, or null when there is none of that name.</summary>
    ValueTask<Sensitive<string>?> GetAsync(string name, CancellationToken cancellationToken);

    /// <summary>A source without secrets.</summary>
    static ISecretSource None { get; } = new NoSecrets();
}

internal sealed class NoSecrets : ISecretSource
{
    public ValueTask<Sensitive<string>?> GetAsync(string name, CancellationToken cancellationToken) => new((Sensitive<string>?)null);
}
