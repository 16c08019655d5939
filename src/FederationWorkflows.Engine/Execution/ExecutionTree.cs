namespace FederationWorkflows.Engine.Execution;

/// <summary>The live executions of a run: each hangs below the one that scheduled it, in the order of scheduling.</summary>
internal static class ExecutionTree
{
    public static void Link(ActivityExecutionContext? parent, ActivityExecutionContext child)
    {
        if (parent is null)
        {
            return;
        }

        child.PreviousSibling = parent.LastChild;
        if (parent.LastChild is null)
        {
            parent.FirstChild = child;
        }
        else
        {
            parent.LastChild.NextSibling = child;
        }

        parent.LastChild = child;
    }

    public static void Unlink(ActivityExecutionContext child)
    {
        var parent = child.ParentActivityExecutionContext;
        if (parent is null)
        {
            return;
        }

        if (child.PreviousSibling is null)
        {
            parent.FirstChild = child.NextSibling;
        }
        else
        {
            child.PreviousSibling.NextSibling = child.NextSibling;
        }

        if (child.NextSibling is null)
        {
            parent.LastChild = child.PreviousSibling;
        }
        else
        {
            child.NextSibling.PreviousSibling = child.PreviousSibling;
        }
    }

    /// <summary>Where a run hangs: the innermost live activity that can say what it waits for, else the innermost one.</summary>
    public static ActivityExecutionContext FindStuck(ActivityExecutionContext root)
    {
        var stuck = root;
        for (var at = root; at is not null; at = at.FirstChild)
        {
            stuck = at.Node.Activity is IExplainsWaiting || stuck.Node.Activity is not IExplainsWaiting ? at : stuck;
        }

        return stuck;
    }
}

/// <summary>An activity that can say what it still waits for when nothing can happen any more.</summary>
internal interface IExplainsWaiting
{
    string ExplainWaiting(ActivityExecutionContext context);
}
