using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FederationWorkflows.Engine.Descriptors;

/// <summary>Describes an activity class by its attributes and properties.</summary>
internal static class ActivityDescriber
{
    public static ActivityDescriptor Describe(Type type) =>
        Describe(type, System.Linq.Expressions.Expression.Lambda<Func<Activity>>(System.Linq.Expressions.Expression.New(type)).Compile());

    public static ActivityDescriptor Describe(Type type, Func<Activity> create)
    {
        var activity = type.GetCustomAttribute<ActivityAttribute>() ?? new ActivityAttribute();
        var traits = type.GetCustomAttribute<ActivityTraitsAttribute>() ?? new ActivityTraitsAttribute();
        var @namespace = activity.Namespace ?? type.Namespace ?? "";
        var name = activity.Type ?? type.Name;
        var properties = Properties(type).ToList();
        var hasSideEffects = !Attribute.IsDefined(type, typeof(NoSideEffectsAttribute));
        return new ActivityDescriptor
        {
            TypeName = $"{@namespace}.{name}",
            Version = activity.Version,
            Namespace = @namespace,
            Name = name,
            Category = activity.Category ?? @namespace[(@namespace.LastIndexOf('.') + 1)..],
            DisplayName = activity.DisplayName ?? InWords(name),
            Description = activity.Description,
            Kind = typeof(ITrigger).IsAssignableFrom(type) ? ActivityKind.Trigger : activity.Kind,
            Inputs = [.. properties.Where(IsInput).Select(property => DescribeInput(property, hasSideEffects)).OrderBy(input => input.Order)],
            Outputs = [.. properties.Where(p => typeof(Output).IsAssignableFrom(p.PropertyType)).Select(DescribeOutput)],
            Ports = [.. DescribePorts(type, properties)],
            IsContainer = traits.IsContainer,
            IsBrowsable = traits.IsBrowsable,
            IsStart = traits.IsStart,
            IsTerminal = traits.IsTerminal,
            HasSideEffects = hasSideEffects,
            Create = create,
        };
    }

    /// <summary>The properties a definition can set: public, writable, and not the identity every activity has.</summary>
    internal static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(p => p is { CanRead: true, CanWrite: true } && p.SetMethod!.IsPublic && p.GetIndexParameters().Length == 0 && p.GetCustomAttribute<JsonIgnoreAttribute>() is null);

    internal static bool IsInput(PropertyInfo property) => typeof(Input).IsAssignableFrom(property.PropertyType) || Attribute.IsDefined(property, typeof(InputAttribute));

    private static InputDescriptor DescribeInput(PropertyInfo property, bool hasSideEffects)
    {
        var input = property.GetCustomAttribute<InputAttribute>() ?? new InputAttribute();
        var wrapped = typeof(Input).IsAssignableFrom(property.PropertyType);
        var type = wrapped ? property.PropertyType.GetGenericArguments()[0] : property.PropertyType;
        var hint = input.UIHint ?? DefaultHint(type);
        var options = input.Options as string[] ?? EnumNames(type);
        return new InputDescriptor
        {
            Name = input.Name ?? property.Name,
            Type = type,
            DisplayName = input.DisplayName ?? InWords(property.Name),
            Description = input.Description,
            Category = input.Category,
            Order = input.Order,
            IsBrowsable = input.IsBrowsable,
            IsWrapped = wrapped,
            IsReadOnly = input.IsReadOnly,
            IsSensitive = input.CanContainSecrets || typeof(Sensitive).IsAssignableFrom(type),
            TakesSensitive = (!hasSideEffects && !Attribute.IsDefined(property, typeof(RefusesSensitiveAttribute))) || input.CanContainSecrets || typeof(Sensitive).IsAssignableFrom(type) || !wrapped || Attribute.IsDefined(property, typeof(TakesSensitiveAttribute)),
            NamesConnection = Attribute.IsDefined(property, typeof(NamesConnectionAttribute)),
            IsRequired = Attribute.IsDefined(property, typeof(RequiredAttribute)),
            AutoEvaluate = input.AutoEvaluate,
            UIHint = hint,
            UISpecifications = options is null ? null : Choices(hint, options),
            DefaultValue = input.DefaultValue is Enum value ? value.ToString() : input.DefaultValue,
            DefaultSyntax = input.DefaultSyntax,
        };
    }

    private static OutputDescriptor DescribeOutput(PropertyInfo property)
    {
        var output = property.GetCustomAttribute<OutputAttribute>() ?? new OutputAttribute();
        return new OutputDescriptor(output.Name ?? property.Name, property.PropertyType.GetGenericArguments()[0], output.DisplayName ?? InWords(property.Name), output.Description, output.IsBrowsable);
    }

    private static IEnumerable<PortDescriptor> DescribePorts(Type type, IEnumerable<PropertyInfo> properties)
    {
        foreach (var outcome in type.GetCustomAttribute<FlowNodeAttribute>()?.Outcomes ?? [])
        {
            yield return new PortDescriptor(outcome, outcome, PortType.Flow);
        }

        foreach (var property in properties.Where(p => typeof(IActivity).IsAssignableFrom(p.PropertyType)))
        {
            var port = property.GetCustomAttribute<PortAttribute>();
            var name = port?.Name ?? property.Name;
            yield return new PortDescriptor(name, port?.DisplayName ?? InWords(name), PortType.Embedded, IsBrowsable: port is not null);
        }
    }

    private static string DefaultHint(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(bool) ? InputUIHints.Checkbox
            : type == typeof(string) ? InputUIHints.SingleLine
            : type == typeof(Variable) ? InputUIHints.VariablePicker
            : typeof(IDictionary).IsAssignableFrom(type) || type == typeof(JsonElement) ? InputUIHints.JsonEditor
            : type.IsEnum ? InputUIHints.DropDown
            : typeof(IEnumerable<string>).IsAssignableFrom(type) ? InputUIHints.MultiText
            : InputUIHints.SingleLine;
    }

    private static string[]? EnumNames(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is { IsEnum: true } enumeration ? Enum.GetNames(enumeration) : null;

    private static Dictionary<string, object> Choices(string hint, string[] options)
    {
        var (outer, list) = hint switch
        {
            InputUIHints.CheckList => ("checklist", "checkList"),
            InputUIHints.RadioList => ("radiolist", "radioList"),
            _ => ("dropdown", "selectList"),
        };
        var items = options.Select(option => new Dictionary<string, object> { ["text"] = option, ["value"] = option }).ToArray();
        return new Dictionary<string, object>
        {
            [outer] = new Dictionary<string, object> { [list] = new Dictionary<string, object> { ["items"] = items, ["isFlagsEnum"] = false } },
        };
    }

    /// <summary><c>AssumeRoleWithWebIdentity</c> as "Assume Role With Web Identity".</summary>
    internal static string InWords(string name)
    {
        var words = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            if (i > 0 && char.IsUpper(name[i]) && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1]))))
            {
                words.Append(' ');
            }

            words.Append(name[i]);
        }

        return words.ToString();
    }
}
