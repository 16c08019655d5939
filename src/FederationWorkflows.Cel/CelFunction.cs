using FederationWorkflows.Cel.Types;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Cel;

/// <summary>
/// What a function does. It is called with values of the kinds it declares, none of them an error. It must be pure but for what the
/// evaluation gives it, charge for work that grows with its arguments, and return <see cref="CelValue.Error"/> for what it cannot do.
/// </summary>
/// <param name="evaluation">The evaluation under way.</param>
/// <param name="arguments">The arguments; of a member function the target is first.</param>
public delegate CelValue CelImplementation(CelEvaluation evaluation, ReadOnlySpan<CelValue> arguments);

/// <summary>A function that expressions can call, for one list of parameter types. Functions of one name are told apart by those.</summary>
public sealed class CelFunction
{
    private CelFunction(string name, bool isMember, string parameters, string result, CelImplementation implementation, bool isVolatile)
    {
        Name = name;
        IsMember = isMember;
        Parameters = TypeNotation.ParseList(parameters);
        Result = TypeNotation.Parse(result);
        Implementation = implementation;
        IsVolatile = isVolatile;
        IsGeneric = Parameters.Any(HasParameter);
    }

    /// <summary>Its name, with namespace, e.g. <c>math.abs</c>.</summary>
    public string Name { get; }

    /// <summary>It is called on a value: <c>text.trim()</c>.</summary>
    public bool IsMember { get; }

    /// <summary>The types of its parameters; of a member function the target is first.</summary>
    public IReadOnlyList<CelType> Parameters { get; }

    /// <summary>The type of its result.</summary>
    public CelType Result { get; }

    /// <summary>It can give another result for the same arguments.</summary>
    public bool IsVolatile { get; }

    internal CelImplementation Implementation { get; }

    internal bool IsGeneric { get; }

    /// <summary>Declares a function that is called by its name: <c>name(a, b)</c>.</summary>
    /// <param name="name">Its name, with namespace.</param>
    /// <param name="parameters">Types, e.g. <c>string, list(int)</c>; a single capital letter is a type parameter, <c>dyn</c> takes anything.</param>
    /// <param name="result">The type of the result.</param>
    /// <param name="implementation">What it does.</param>
    /// <param name="isVolatile">It can give another result for the same arguments, as a clock does.</param>
    /// <exception cref="FormatException">The types cannot be read.</exception>
    public static CelFunction Global(string name, string parameters, string result, CelImplementation implementation, bool isVolatile = false) => new(name, false, parameters, result, implementation, isVolatile);

    /// <summary>Declares a function that is called on a value: <c>a.name(b)</c>; the first type is the target's.</summary>
    /// <inheritdoc cref="Global"/>
    public static CelFunction Member(string name, string parameters, string result, CelImplementation implementation, bool isVolatile = false) => new(name, true, parameters, result, implementation, isVolatile);

    /// <summary>As an error shows it.</summary>
    public override string ToString() => IsMember
        ? $"{Parameters[0]}.{Name}({string.Join(", ", Parameters.Skip(1))})"
        : $"{Name}({string.Join(", ", Parameters)})";

    internal bool Accepts(ReadOnlySpan<CelValue> arguments)
    {
        if (arguments.Length != Parameters.Count)
        {
            return false;
        }

        for (var i = 0; i < arguments.Length; i++)
        {
            if (!Accepts(Parameters[i], arguments[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasParameter(CelType type) => type.Kind == CelTypeKind.Parameter || type.Parameters.Any(HasParameter);

    private static bool Accepts(CelType type, in CelValue value) => type.Kind switch
    {
        CelTypeKind.Dyn or CelTypeKind.Parameter => true,
        CelTypeKind.Null => value.Kind == CelKind.Null,
        CelTypeKind.Bool => value.Kind == CelKind.Bool,
        CelTypeKind.Int => value.Kind == CelKind.Int,
        CelTypeKind.Uint => value.Kind == CelKind.Uint,
        CelTypeKind.Double => value.Kind == CelKind.Double,
        CelTypeKind.String => value.Kind == CelKind.String,
        CelTypeKind.Bytes => value.Kind == CelKind.Bytes,
        CelTypeKind.Timestamp => value.Kind == CelKind.Timestamp,
        CelTypeKind.Duration => value.Kind == CelKind.Duration,
        CelTypeKind.List => value.Kind == CelKind.List,
        CelTypeKind.Map => value.Kind == CelKind.Map,
        CelTypeKind.Type => value.Kind == CelKind.Type,
        _ when type.IsOptional => value.Kind == CelKind.Optional,
        _ => value.Kind == CelKind.Opaque && value.OpaqueValue.Type.Name == type.Name,
    };
}
