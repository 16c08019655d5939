using System.Reflection;

namespace FederationWorkflows.Engine.Execution;

/// <summary>Callbacks are stored by name: they must be methods of the activity itself, so that they are found again after a restart.</summary>
internal static class Callbacks
{
    public static void Check(Activity owner, Delegate? callback)
    {
        if (callback is not null && !ReferenceEquals(callback.Target, owner))
        {
            throw new InvalidOperationException($"A callback of {owner.Type} must be an instance method of the activity, not a lambda or another object's method: a saved run finds it again by its name.");
        }
    }

    public static T Find<T>(Activity owner, string name)
        where T : Delegate
    {
        for (var type = owner.GetType(); type is not null; type = type.BaseType)
        {
            var method = type.GetMethod(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
            if (method is not null)
            {
                return method.CreateDelegate<T>(owner);
            }
        }

        throw new InvalidOperationException($"The saved run calls back '{name}' of {owner.Type}, which has no such method any more.");
    }
}
