using System.Runtime.CompilerServices;
using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Checking;

/// <summary>
/// Finds out what type parameters stand for while an expression is checked (CEL specification: "Gradual Type Checking"): unknown types
/// agree with every type, and of two types that agree the more general one is kept.
/// </summary>
internal sealed class TypeInference
{
    /// <summary>Steps of the longest expression that people write are far below; types that stand for one another many times over are far above.</summary>
    private const int MaxSteps = 2_000_000;

    private readonly Dictionary<string, CelType> substitutions = [];

    // What the substitutions were before each change, so that an attempt that fails can be taken back.
    private readonly List<(string Name, CelType? Before)> changes = [];
    private int fresh;
    private int steps;

    public CelType NewParameter() => CelType.Parameter("?" + fresh++);

    /// <summary>A function's types with parameters of their own for one call.</summary>
    public (CelType[] Parameters, CelType Result) Instantiate(CelFunction function)
    {
        if (!function.IsGeneric)
        {
            return ([.. function.Parameters], function.Result);
        }

        var names = new Dictionary<string, CelType>();
        return ([.. function.Parameters.Select(Rename)], Rename(function.Result));

        CelType Rename(CelType type) => type.Kind switch
        {
            CelTypeKind.Parameter => names.TryGetValue(type.Name, out var known) ? known : names[type.Name] = NewParameter(),
            _ => Rebuild(type, Rename),
        };
    }

    /// <summary>Whether values of all the types can be given where the others are wanted; if so, what parameters stand for is learnt.</summary>
    public bool TryAssign(IReadOnlyList<CelType> from, IReadOnlyList<CelType> to)
    {
        if (from.Count != to.Count)
        {
            return false;
        }

        changes.Clear();
        for (var i = 0; i < from.Count; i++)
        {
            if (!Assign(from[i], to[i]))
            {
                TakeBack();
                return false;
            }
        }

        return true;
    }

    public bool TryAssign(CelType from, CelType to) => TryAssign([from], [to]);

    /// <summary>The type that elements of both types have in a literal.</summary>
    public CelType Join(CelType? previous, CelType current) => previous is null
        ? current
        : TryAssign(previous, current) ? MostGeneral(previous, current) : CelType.Dyn;

    /// <summary>A type with everything that is known of it; <paramref name="final"/> makes the unknown <c>dyn</c>.</summary>
    public CelType Resolve(CelType type, bool final = false)
    {
        Step();
        return type.Kind switch
        {
            CelTypeKind.Parameter when substitutions.TryGetValue(type.Name, out var known) => Resolve(known, final),
            CelTypeKind.Parameter => final ? CelType.Dyn : type,
            _ => Rebuild(type, inner => Resolve(inner, final)),
        };
    }

    /// <exception cref="CelException">The types take too long to find out, or lead too deep.</exception>
    private void Step()
    {
        if (++steps > MaxSteps || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new CelException("The types of this expression are too intricate to find out. Write dyn(x) around its parts, or split it over several activities.");
        }
    }

    private static CelType Rebuild(CelType type, Func<CelType, CelType> change) => type.Kind switch
    {
        _ when type.Parameters.Count == 0 => type,
        CelTypeKind.List => CelType.ListOf(change(type.Parameters[0])),
        CelTypeKind.Map => CelType.MapOf(change(type.Parameters[0]), change(type.Parameters[1])),
        CelTypeKind.Type => CelType.TypeOf(change(type.Parameters[0])),
        _ => CelType.Opaque(type.Name, [.. type.Parameters.Select(change)]),
    };

    private bool Assign(CelType from, CelType to)
    {
        Step();
        if (to.Kind == CelTypeKind.Parameter)
        {
            var (agrees, known) = Substitute(from, to);
            if (agrees || known)
            {
                return agrees;
            }
        }

        if (from.Kind == CelTypeKind.Parameter)
        {
            return Substitute(to, from).Agrees;
        }

        if (from.Kind == CelTypeKind.Dyn || to.Kind == CelTypeKind.Dyn)
        {
            return true;
        }

        if (from.Kind == CelTypeKind.Null || to.Kind == CelTypeKind.Null)
        {
            // Timestamps, durations and opaque types have always taken null in CEL.
            var other = from.Kind == CelTypeKind.Null ? to : from;
            return other.Kind is CelTypeKind.Null or CelTypeKind.Timestamp or CelTypeKind.Duration or CelTypeKind.Opaque;
        }

        if (from.Kind == CelTypeKind.Type)
        {
            return to.Kind == CelTypeKind.Type;
        }

        if (from.Kind != to.Kind || from.Name != to.Name || from.Parameters.Count != to.Parameters.Count)
        {
            return false;
        }

        for (var i = 0; i < from.Parameters.Count; i++)
        {
            if (!Assign(from.Parameters[i], to.Parameters[i]))
            {
                return false;
            }
        }

        return true;
    }

    private void Learn(CelType parameter, CelType type)
    {
        changes.Add((parameter.Name, substitutions.GetValueOrDefault(parameter.Name)));
        substitutions[parameter.Name] = type;
    }

    private void TakeBack()
    {
        for (var i = changes.Count - 1; i >= 0; i--)
        {
            var (name, before) = changes[i];
            if (before is null)
            {
                substitutions.Remove(name);
            }
            else
            {
                substitutions[name] = before;
            }
        }
    }

    private (bool Agrees, bool Known) Substitute(CelType type, CelType parameter)
    {
        if (type.Equals(parameter))
        {
            return (true, true);
        }

        if (substitutions.TryGetValue(parameter.Name, out var known))
        {
            if (type.Equals(known))
            {
                return (true, true);
            }

            if (!Assign(type, known))
            {
                return (false, true);
            }

            var general = MostGeneral(type, known);
            if (!Occurs(parameter, general))
            {
                Learn(parameter, general);
            }

            return (true, true);
        }

        if (Occurs(parameter, type))
        {
            return (false, false);
        }

        Learn(parameter, type);
        return (true, false);
    }

    private bool Occurs(CelType parameter, CelType within)
    {
        Step();
        return within.Kind == CelTypeKind.Parameter
            ? within.Equals(parameter) || (substitutions.TryGetValue(within.Name, out var known) && Occurs(parameter, known))
            : within.Parameters.Any(inner => Occurs(parameter, inner));
    }

    private static CelType MostGeneral(CelType one, CelType other) => IsAsGeneral(one, other) ? one : other;

    private static bool IsAsGeneral(CelType one, CelType other)
    {
        if (one.Kind is CelTypeKind.Dyn or CelTypeKind.Parameter)
        {
            return true;
        }

        // Where null agrees with a type, the type is what both can be.
        if (other.Kind == CelTypeKind.Null)
        {
            return true;
        }

        if (other.Kind is CelTypeKind.Dyn or CelTypeKind.Parameter || one.Kind != other.Kind || one.Name != other.Name)
        {
            return false;
        }

        return one.Kind == CelTypeKind.Type
            || (one.Parameters.Count == other.Parameters.Count && one.Parameters.Zip(other.Parameters).All(pair => IsAsGeneral(pair.First, pair.Second)));
    }
}
