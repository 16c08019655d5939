namespace FederationWorkflows.Engine.Descriptors;

/// <summary>An activity type as the designer and the compiler see it (Elsa contract: ActivityDescriptor).</summary>
public sealed record ActivityDescriptor
{
    /// <summary>The full type name; unique together with <see cref="Version"/>.</summary>
    public required string TypeName { get; init; }

    /// <summary>The version of the type, from 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>First part of the type name.</summary>
    public required string Namespace { get; init; }

    /// <summary>Last part of the type name.</summary>
    public required string Name { get; init; }

    /// <summary>The group of the palette.</summary>
    public required string Category { get; init; }

    /// <summary>The title in the palette.</summary>
    public required string DisplayName { get; init; }

    /// <summary>One sentence for the palette.</summary>
    public string? Description { get; init; }

    /// <summary>What kind of step it is.</summary>
    public ActivityKind Kind { get; init; }

    /// <summary>The inputs, in panel order; an input's place here is its slot.</summary>
    public IReadOnlyList<InputDescriptor> Inputs { get; init; } = [];

    /// <summary>The outputs; an output's place here is its slot.</summary>
    public IReadOnlyList<OutputDescriptor> Outputs { get; init; } = [];

    /// <summary>Flow ports and embedded children.</summary>
    public IReadOnlyList<PortDescriptor> Ports { get; init; } = [];

    /// <summary>Facts for the designer, e.g. <c>Resilient</c>.</summary>
    public IReadOnlyDictionary<string, object> CustomProperties { get; init; } = new Dictionary<string, object>();

    /// <summary>Properties every newly dropped activity starts with.</summary>
    public IReadOnlyDictionary<string, object> ConstructionProperties { get; init; } = new Dictionary<string, object>();

    /// <summary>Holds other activities in a list.</summary>
    public bool IsContainer { get; init; }

    /// <summary>Offered in the palette.</summary>
    public bool IsBrowsable { get; init; } = true;

    /// <summary>Has no in-port.</summary>
    public bool IsStart { get; init; }

    /// <summary>Has no <c>Done</c> port.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Acts on the world, so that the run must be on disk before it starts.</summary>
    public bool HasSideEffects { get; init; } = true;

    /// <summary>It is a story used as an activity: whichever version of the type a file names, the one there is means it.</summary>
    public bool IsStory { get; init; }

    /// <summary>Makes a new instance for one place in one definition.</summary>
    public required Func<Activity> Create { get; init; }
}

/// <summary>An input of an activity type (Elsa contract: InputDescriptor).</summary>
public sealed record InputDescriptor
{
    /// <summary>The name, PascalCase; JSON has it in camelCase.</summary>
    public required string Name { get; init; }

    /// <summary>The type values are converted to.</summary>
    public required Type Type { get; init; }

    /// <summary>The title in the designer.</summary>
    public required string DisplayName { get; init; }

    /// <summary>One or two sentences for the designer.</summary>
    public string? Description { get; init; }

    /// <summary>The tab or group of the panel.</summary>
    public string? Category { get; init; }

    /// <summary>Place in the panel.</summary>
    public float Order { get; init; }

    /// <summary>Shown in the designer.</summary>
    public bool IsBrowsable { get; init; } = true;

    /// <summary>Stored as expression; otherwise as plain JSON.</summary>
    public bool IsWrapped { get; init; } = true;

    /// <summary>No property of a class stands behind it.</summary>
    public bool IsSynthetic { get; init; }

    /// <summary>Shown, but not edited.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>The value is masked wherever the run is shown.</summary>
    public bool IsSensitive { get; init; }

    /// <summary>A secret may be given; otherwise one ends the activity before it begins.</summary>
    public bool TakesSensitive { get; init; } = true;

    /// <summary>Its value is the name of a connection, and fixed.</summary>
    public bool NamesConnection { get; init; }

    /// <summary>The activity cannot work without it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Evaluated before the activity executes.</summary>
    public bool AutoEvaluate { get; init; } = true;

    /// <summary>The editor.</summary>
    public required string UIHint { get; init; }

    /// <summary>What the editor needs, keyed by its name.</summary>
    public IReadOnlyDictionary<string, object>? UISpecifications { get; init; }

    /// <summary>The value of an input that a story leaves out.</summary>
    public object? DefaultValue { get; init; }

    /// <summary>The expression type a code editor starts with.</summary>
    public string? DefaultSyntax { get; init; }
}

/// <summary>An output of an activity type (Elsa contract: OutputDescriptor).</summary>
/// <param name="Name">The name, PascalCase; JSON has it in camelCase.</param>
/// <param name="Type">The type of the value.</param>
/// <param name="DisplayName">The title in the designer.</param>
/// <param name="Description">One or two sentences for the designer.</param>
/// <param name="IsBrowsable">Shown in the designer.</param>
public sealed record OutputDescriptor(string Name, Type Type, string DisplayName, string? Description, bool IsBrowsable)
{
    /// <summary>No property of a class stands behind it.</summary>
    public bool IsSynthetic { get; init; }
}

/// <summary>What a port is.</summary>
public enum PortType
{
    /// <summary>A connector on the right, named after an outcome.</summary>
    Flow,

    /// <summary>A box inside the node that holds a child activity.</summary>
    Embedded,
}

/// <summary>A port of an activity type (Elsa contract: ports).</summary>
/// <param name="Name">The outcome, or the property that holds the child.</param>
/// <param name="DisplayName">The title in the designer.</param>
/// <param name="Type">What it is.</param>
/// <param name="IsBrowsable">Shown in the designer.</param>
public sealed record PortDescriptor(string Name, string DisplayName, PortType Type, bool IsBrowsable = true);
