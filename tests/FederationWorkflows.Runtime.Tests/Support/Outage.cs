using System.Reflection;
using System.Runtime.ExceptionServices;
using FederationWorkflows.Runtime.Storage;

namespace FederationWorkflows.Runtime.Tests.Support;

/// <summary>A storage that cannot be reached while a test says so.</summary>
public sealed class Outage
{
    private int calls;

    public bool IsOn { get; set; } = true;

    /// <summary>How often somebody called in vain.</summary>
    public int Calls => Volatile.Read(ref calls);

    /// <summary>One of the contracts of a storage.</summary>
    public TContract Of<TContract>(object storage)
        where TContract : class
    {
        var proxy = DispatchProxy.Create<TContract, OutageProxy>();
        ((OutageProxy)(object)proxy).Behind = (this, storage);
        return proxy;
    }

    internal void Check()
    {
        if (IsOn)
        {
            Interlocked.Increment(ref calls);
            throw new StorageUnavailableException("The database does not answer.", isTransient: true);
        }
    }
}

/// <summary>Stands before the storage.</summary>
public class OutageProxy : DispatchProxy
{
    internal (Outage Outage, object Storage) Behind { get; set; }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        Behind.Outage.Check();
        try
        {
            return targetMethod!.Invoke(Behind.Storage, args);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
    }
}
