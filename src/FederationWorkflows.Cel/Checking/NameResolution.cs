using System.Runtime.InteropServices;
using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Checking;

/// <summary>
/// What names mean: variables of the host, types and functions. A name is looked up in the container and then in each namespace around it
/// (CEL specification: "Name Resolution").
/// </summary>
internal sealed class NameResolution
{
    private static readonly Dictionary<string, CelType> TypeNames = new()
    {
        ["bool"] = CelType.Bool,
        ["int"] = CelType.Int,
        ["uint"] = CelType.Uint,
        ["double"] = CelType.Double,
        ["string"] = CelType.String,
        ["bytes"] = CelType.Bytes,
        ["list"] = CelType.AnyList,
        ["map"] = CelType.AnyMap,
        ["null_type"] = CelType.Null,
        ["type"] = CelType.AnyType,
        ["google.protobuf.Timestamp"] = CelType.Timestamp,
        ["google.protobuf.Duration"] = CelType.Duration,
        ["optional_type"] = CelType.AnyOptional,
    };

    private readonly ICelNames variables;
    private readonly FunctionTable functions;
    private readonly string[][] containers;

    public NameResolution(ICelNames variables, FunctionTable functions, string container)
    {
        this.variables = variables;
        this.functions = functions;
        var segments = container.Split('.', StringSplitOptions.RemoveEmptyEntries);
        containers = [.. Enumerable.Range(0, segments.Length + 1).Select(left => segments[..(segments.Length - left)])];
    }

    public IEnumerable<string> Roots => variables.Roots.Concat(TypeNames.Keys);

    public IEnumerable<string> Functions => functions.GlobalNames;

    public IEnumerable<string> Members => functions.MemberNames;

    public CelVariable? FindVariable(List<string> path, bool absolute)
    {
        foreach (var container in ContainersFor(absolute))
        {
            var full = container.Length == 0 ? CollectionsMarshal.AsSpan(path) : [.. container, .. path];
            if (variables.Find(full) is { } variable)
            {
                return variable;
            }
        }

        return null;
    }

    public CelType? FindType(List<string> path, bool absolute)
    {
        foreach (var container in ContainersFor(absolute))
        {
            var name = string.Join('.', container.Concat(path));
            if ((TypeNames.GetValueOrDefault(name) ?? functions.TypeNamed(name)) is { } type)
            {
                return type;
            }
        }

        return null;
    }

    public IReadOnlyList<CelFunction> FindFunctions(IReadOnlyList<string> path, bool absolute)
    {
        foreach (var container in ContainersFor(absolute))
        {
            if (functions.Globals(string.Join('.', container.Concat(path))) is { Count: > 0 } found)
            {
                return found;
            }
        }

        return [];
    }

    public IReadOnlyList<CelFunction> FindMembers(string name) => functions.Members(name);

    /// <summary>The path is not a variable and functions begin with it.</summary>
    public bool IsNamespace(List<string> path) => FindVariable(path, false) is null && FindType(path, false) is null && FunctionsIn(path).Any();

    public IEnumerable<string> FunctionsIn(List<string> path)
    {
        var prefix = string.Join('.', path) + ".";
        return functions.GlobalNames.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..]);
    }

    private ReadOnlySpan<string[]> ContainersFor(bool absolute) => absolute ? containers.AsSpan(^1..) : containers;
}
