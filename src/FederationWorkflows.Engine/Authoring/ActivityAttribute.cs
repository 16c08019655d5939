namespace FederationWorkflows.Engine;

/// <summary>What kind of step an activity is, as the designer shows it (Elsa contract: <c>ActivityKind</c>).</summary>
public enum ActivityKind
{
    /// <summary>An ordinary step.</summary>
    Action,

    /// <summary>A step that can start a workflow: a webhook, a schedule.</summary>
    Trigger,

    /// <summary>A step that always runs in the background.</summary>
    Job,

    /// <summary>A step whose author chooses whether it runs in the background.</summary>
    Task,
}

#pragma warning disable CA1019 // Elsa's attribute has both constructors and setters for the same parts.
/// <summary>Names and describes an activity type (Elsa contract: <c>ActivityAttribute</c>). The type name is <c>Namespace.Type</c>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ActivityAttribute : Attribute
{
    /// <summary>Every part is taken from the class.</summary>
    public ActivityAttribute()
    {
    }

    /// <summary>The category is the namespace.</summary>
    /// <param name="namespace">First part of the type name, e.g. <c>Google</c>.</param>
    /// <param name="description">One sentence for the palette.</param>
    public ActivityAttribute(string @namespace, string? description = null)
    {
        Namespace = @namespace;
        Description = description;
        Category = @namespace;
    }

    /// <summary>Names namespace and category apart.</summary>
    /// <param name="namespace">First part of the type name, e.g. <c>Google</c>.</param>
    /// <param name="category">The group of the palette.</param>
    /// <param name="description">One sentence for the palette.</param>
    public ActivityAttribute(string @namespace, string category, string? description = null)
    {
        Namespace = @namespace;
        Category = category;
        Description = description;
    }

    /// <summary>First part of the type name; the CLR namespace when null.</summary>
    public string? Namespace { get; set; }

    /// <summary>Last part of the type name; the class name when null.</summary>
    public string? Type { get; set; }

    /// <summary>The version of the type, from 1.</summary>
    public int Version { get; set; } = 1;

    /// <summary>One sentence for the palette.</summary>
    public string? Description { get; set; }

    /// <summary>The title in the palette; the class name in words when null.</summary>
    public string? DisplayName { get; set; }

    /// <summary>The group of the palette.</summary>
    public string? Category { get; set; }

    /// <summary>What kind of step it is.</summary>
    public ActivityKind Kind { get; set; } = ActivityKind.Action;
}
#pragma warning restore CA1019

/// <summary>The outcomes of an activity, one flow port each (Elsa contract: <c>FlowNodeAttribute</c>). Without it there is one, <c>Done</c>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class FlowNodeAttribute(params string[] outcomes) : Attribute
{
    /// <summary>The names of the outcomes, in the order of the ports.</summary>
    public IReadOnlyList<string> Outcomes { get; } = outcomes;
}

/// <summary>An embedded child activity that the designer shows as a box inside the node (Elsa contract: <c>PortAttribute</c>).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PortAttribute(string? name = null, string? displayName = null) : Attribute
{
    /// <summary>The port's name; the property's when null.</summary>
    public string? Name { get; } = name;

    /// <summary>The port's title; the name when null.</summary>
    public string? DisplayName { get; } = displayName;
}

/// <summary>
/// The activity computes on the run's own state only: running it twice changes nothing outside.
/// The runtime need not put the run on disk before it starts. Every activity without this mark is taken to act on the world.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = true)]
public sealed class NoSideEffectsAttribute : Attribute;

/// <summary>The designer places it, but no palette lists it, or it has a role the designer must know.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ActivityTraitsAttribute : Attribute
{
    public bool IsBrowsable { get; set; } = true;

    public bool IsContainer { get; set; }

    public bool IsStart { get; set; }

    public bool IsTerminal { get; set; }
}
