using System.Reflection;
using System.Runtime.ExceptionServices;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Tests.Support;

/// <summary>A store of definitions on which another node is always a little quicker, so often as a test says.</summary>
public class Meddler : DispatchProxy
{
    private IDefinitionStore store = null!;

    private Func<IDefinitionStore, Task>? meddle;

    /// <param name="store">What all nodes share.</param>
    /// <param name="meddle">What the other node does just before something is saved here.</param>
    public static IDefinitionStore Of(IDefinitionStore store, Func<IDefinitionStore, Task> meddle)
    {
        var proxy = Create<IDefinitionStore, Meddler>();
        (((Meddler)(object)proxy).store, ((Meddler)(object)proxy).meddle) = (store, meddle);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        try
        {
            if (targetMethod!.Name is nameof(IDefinitionStore.TrySaveAsync) or nameof(IDefinitionStore.SaveAsync) or nameof(IDefinitionStore.SetPublishedAsync))
            {
                // The store in memory completes at once.
                meddle!(store).GetAwaiter().GetResult();
            }

            return targetMethod.Invoke(store, args);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
    }
}
