using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Checking;

/// <summary>The functions of an environment by name.</summary>
internal sealed class FunctionTable
{
    private readonly Dictionary<string, List<CelFunction>> globals = [];
    private readonly Dictionary<string, List<CelFunction>> members = [];
    private readonly Dictionary<string, CelType> types = [];

    public FunctionTable(IEnumerable<CelFunction> functions)
    {
        foreach (var function in functions)
        {
            var table = function.IsMember ? members : globals;
            if (!table.TryGetValue(function.Name, out var overloads))
            {
                table[function.Name] = overloads = [];
            }

            overloads.Add(function);
            if (function.Result is { Kind: CelTypeKind.Opaque, IsOptional: false })
            {
                types[function.Result.Name] = function.Result;
            }
        }
    }

    public IEnumerable<string> GlobalNames => globals.Keys;

    public IEnumerable<string> MemberNames => members.Keys;

    public IReadOnlyList<CelFunction> Globals(string name) => globals.TryGetValue(name, out var found) ? found : [];

    public IReadOnlyList<CelFunction> Members(string name) => members.TryGetValue(name, out var found) ? found : [];

    /// <summary>A type that functions brought.</summary>
    public CelType? TypeNamed(string name) => types.GetValueOrDefault(name);
}
