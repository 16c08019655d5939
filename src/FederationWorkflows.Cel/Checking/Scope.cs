using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Checking;

/// <summary>The variables of the macros around a place, innermost first.</summary>
internal sealed class Scope
{
    private readonly List<(string Name, int Slot, CelType Type)> variables = [];

    /// <summary>The most variables that are alive at once.</summary>
    public int MaxCount { get; private set; }

    public (int Slot, CelType Type)? Find(string name)
    {
        for (var i = variables.Count - 1; i >= 0; i--)
        {
            if (variables[i].Name == name)
            {
                return (variables[i].Slot, variables[i].Type);
            }
        }

        return null;
    }

    public IEnumerable<string> Names => variables.Select(variable => variable.Name);

    public int Push(string name, CelType type)
    {
        variables.Add((name, variables.Count, type));
        MaxCount = Math.Max(MaxCount, variables.Count);
        return variables.Count - 1;
    }

    public void Pop() => variables.RemoveAt(variables.Count - 1);
}
