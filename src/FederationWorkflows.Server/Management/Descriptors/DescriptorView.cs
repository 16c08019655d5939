using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Descriptors;

namespace FederationWorkflows.Server.Management.Descriptors;

/// <summary>Activity types as the designer reads them (Elsa contract: activity descriptors).</summary>
internal static class DescriptorView
{
    /// <summary>Must be a number: text crashes the designer's panel.</summary>
    private const int TallEditor = 1;

    private static Written? written;

    /// <summary>All types as one document, written once for each snapshot of the registry: the designer asks with every save.</summary>
    public static byte[] Write(ActivityCatalog catalog)
    {
        if (Volatile.Read(ref written) is { } known && known.Catalog == catalog)
        {
            return known.Json;
        }

        var items = catalog.All.Select(Describe).ToArray();
        var json = JsonSerializer.SerializeToUtf8Bytes(new { Items = items, Count = items.Length }, ManagementApi.Json);
        Volatile.Write(ref written, new Written(catalog, json));
        return json;
    }

    private static object Describe(ActivityDescriptor descriptor)
    {
        var defaults = descriptor.Create();
        return new
        {
            descriptor.TypeName,
            descriptor.Version,
            descriptor.Namespace,
            descriptor.Name,
            descriptor.Category,
            descriptor.DisplayName,
            descriptor.Description,
            descriptor.Kind,
            Inputs = descriptor.Inputs.Select(input => Describe(input, defaults)),
            Outputs = descriptor.Outputs.Select(output => new { output.Name, TypeName = TypeAlias.Of(output.Type), output.DisplayName, output.Description, Order = 0, output.IsBrowsable, output.IsSynthetic }),
            Ports = descriptor.Ports.Select(port => new { port.Name, port.DisplayName, port.Type, port.IsBrowsable }),
            CustomProperties = CustomProperties(descriptor),
            descriptor.ConstructionProperties,
            descriptor.IsContainer,
            descriptor.IsBrowsable,
            descriptor.IsStart,
            descriptor.IsTerminal,
        };
    }

    /// <summary>Where trying again can help, the designer offers strategies for it (Elsa contract: Resilient).</summary>
    private static IReadOnlyDictionary<string, object> CustomProperties(ActivityDescriptor descriptor) =>
        descriptor is { HasSideEffects: true, IsContainer: false, IsTerminal: false, Kind: not ActivityKind.Trigger }
            ? new Dictionary<string, object>(descriptor.CustomProperties) { ["Resilient"] = true, ["ResilienceCategory"] = "Retry" }
            : descriptor.CustomProperties;

    private static object Describe(InputDescriptor input, Activity defaults) => new
    {
        input.Name,
        TypeName = TypeAlias.Of(input.Type),
        input.DisplayName,
        input.Description,
        input.Order,
        input.IsBrowsable,
        input.IsSynthetic,
        input.IsWrapped,
        UiHint = input.UIHint,
        Category = input.Category ?? "General",
        DefaultValue = Shown(input.DefaultValue ?? Initial(input, defaults)),
        DefaultSyntax = input.DefaultSyntax ?? "Literal",
        input.IsReadOnly,
        input.IsSensitive,
        StorageDriverType = (string?)null,
        UiSpecifications = EditorOf(input),
    };

    /// <summary>What the class sets, where the author of the type did not repeat it for the designer.</summary>
    private static object? Initial(InputDescriptor input, Activity defaults) =>
        input.IsWrapped && !input.IsSynthetic && defaults.GetType().GetProperty(input.Name)?.GetValue(defaults) is Input { Expression: { Type: "Literal", Value: { } value } } ? value : null;

    /// <summary>Choices are by name, and other things as the story would have them; secrets and the classes of services have no default to show.</summary>
    private static object? Shown(object? value) => value switch
    {
        Enum choice => choice.ToString(),
        Sensitive => null,
        _ => value,
    };

    /// <summary>What the editor of an input needs; null for nothing.</summary>
    public static IReadOnlyDictionary<string, object>? EditorOf(InputDescriptor input) =>
        input.UISpecifications ?? (input.UIHint is InputUIHints.CodeEditor or InputUIHints.JsonEditor
            ? new Dictionary<string, object> { [input.UIHint] = new { EditorHeight = TallEditor, Language = input.UIHint == InputUIHints.JsonEditor ? "json" : "plaintext", SingleLineMode = false } }
            : null);

    private sealed record Written(ActivityCatalog Catalog, byte[] Json);
}
