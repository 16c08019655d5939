using System.Collections;
using System.Reflection;
using System.Text.Json;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>Sets an activity's properties from its JSON. Reflection is fine here: a definition is compiled once.</summary>
internal sealed class ActivityBinder(Compilation compilation, ActivityNode node, JsonReading json)
{
    private static readonly MethodInfo BindInputMethod = typeof(ActivityBinder).GetMethod(nameof(BindInput), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private static readonly MethodInfo BindOutputMethod = typeof(ActivityBinder).GetMethod(nameof(BindOutput), BindingFlags.Instance | BindingFlags.NonPublic)!;

    public void Bind()
    {
        var descriptor = node.Descriptor;
        node.Inputs = new Input?[descriptor.Inputs.Count];
        foreach (var property in ActivityDescriber.Properties(node.Activity.GetType()))
        {
            var value = Read(property.Name, property.PropertyType, json, isTopLevel: true);
            if (value is not null)
            {
                property.SetValue(node.Activity, value);
            }

            if (typeof(Output).IsAssignableFrom(property.PropertyType))
            {
                PlaceOutput(property);
            }
            else if (ActivityDescriber.IsInput(property))
            {
                PlaceInput(property);
            }
        }

        BindSynthetic();
        ReportUnknownInputs();
        compilation.AfterTree(FindConstantInputs);
    }

    /// <summary>What this activity does not know is kept, but an expression nobody evaluates is most likely a misspelt input.</summary>
    private void ReportUnknownInputs()
    {
        var known = ActivityDescriber.Properties(node.Activity.GetType()).Select(property => CamelCase(property.Name)).ToHashSet(StringComparer.Ordinal);
        var synthetic = node.Descriptor.Inputs.Where(input => input.IsSynthetic).Select(input => CamelCase(input.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var property in json.Json.EnumerateObject())
        {
            if (!known.Contains(property.Name) && !synthetic.Contains(property.Name) && property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty("expression", out _))
            {
                var inputs = node.Descriptor.Inputs.Select(input => CamelCase(input.Name));
                json.Report("unknown-input", $"{node.Descriptor.TypeName} has no input '{property.Name}'; it is kept, but not used. {Suggestion.Among(property.Name, inputs, "Remove it")}", property.Name, ProblemSeverity.Warning);
            }
        }
    }

    /// <summary>Inputs and outputs of a story used as an activity.</summary>
    private void BindSynthetic()
    {
        var inputs = node.Descriptor.Inputs;
        for (var slot = 0; slot < inputs.Count; slot++)
        {
            if (inputs[slot].IsSynthetic && json.Property(CamelCase(inputs[slot].Name)) is { } value
                && BindInputMethod.MakeGenericMethod(inputs[slot].Type).Invoke(this, [value, inputs[slot].Name]) is Input input)
            {
                input.Slot = slot;
                node.Inputs[slot] = input;
            }
        }

        var outputs = node.Descriptor.Outputs;
        for (var slot = 0; slot < outputs.Count; slot++)
        {
            if (outputs[slot].IsSynthetic && json.Property(CamelCase(outputs[slot].Name)) is { } value
                && BindOutputMethod.MakeGenericMethod(outputs[slot].Type).Invoke(this, [value, outputs[slot].Name]) is Output output)
            {
                output.Slot = slot;
            }
        }
    }

    private static string CamelCase(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    /// <summary>The value of a property from its JSON; null when absent or wrong, in which case the problem is reported.</summary>
    private object? Read(string name, Type type, JsonReading owner, bool isTopLevel)
    {
        var property = CamelCase(name);
        if (type == typeof(Variable))
        {
            BindVariable(name, owner);
            return null;
        }

        if (owner.Property(property) is not { } value)
        {
            return null;
        }

        if (typeof(Input).IsAssignableFrom(type))
        {
            return BindInputMethod.MakeGenericMethod(type.GetGenericArguments()[0]).Invoke(this, [value, name]);
        }

        if (typeof(Output).IsAssignableFrom(type))
        {
            return BindOutputMethod.MakeGenericMethod(type.GetGenericArguments()[0]).Invoke(this, [value, name]);
        }

        if (typeof(IActivity).IsAssignableFrom(type))
        {
            return compilation.ReadActivity(value with { ActivityId = null }, node, name)?.Activity;
        }

        return ElementType(type) is { } element && HoldsStructure(element) ? ReadList(value, element, name)
            : !isTopLevel && HoldsStructure(type) ? ReadStructure(value, type)
            : ReadPlain(value, type, name);
    }

    private IList? ReadList(JsonReading list, Type element, string name)
    {
        if (!list.Expect(JsonValueKind.Array, $"'{CamelCase(name)}' must be a list: [ ... ]."))
        {
            return null;
        }

        var items = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
        foreach (var item in list.Items())
        {
            var value = typeof(IActivity).IsAssignableFrom(element) ? compilation.ReadActivity(item with { ActivityId = null }, node, name)?.Activity : ReadStructure(item, element);
            if (value is not null)
            {
                items.Add(value);
            }
        }

        return items;
    }

    /// <summary>An object that has expressions or activities inside, such as a case of a switch.</summary>
    private object? ReadStructure(JsonReading value, Type type)
    {
        if (!value.Expect(JsonValueKind.Object, "It must be an object: { ... }."))
        {
            return null;
        }

        var result = Activator.CreateInstance(type)!;
        foreach (var property in ActivityDescriber.Properties(type))
        {
            if (Read(property.Name, property.PropertyType, value, isTopLevel: false) is { } part)
            {
                property.SetValue(result, part);
            }
        }

        return result;
    }

    private static object? ReadPlain(JsonReading value, Type type, string name)
    {
        try
        {
            return type == typeof(JsonElement) ? value.Json.Clone() : value.Json.Deserialize(type, DefinitionJson.Options);
        }
        catch (JsonException e) when (e.Path is { Length: > 1 } inside)
        {
            (value with { Path = value.Path + inside[1..] }).Report("wrong-input-type", $"'{CamelCase(name)}' has a value of the wrong kind here.");
            return null;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            value.Report("wrong-input-type", $"'{CamelCase(name)}' must be {TypeAlias.Describe(type)}, and is {value.Json.ValueKind.ToString().ToLowerInvariant()}.");
            return null;
        }
    }

    private static Type? ElementType(Type type) =>
        type != typeof(string) && type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type) && type.GetGenericArguments() is [var element] ? element : null;

    private static bool HoldsStructure(Type type) =>
        typeof(IActivity).IsAssignableFrom(type)
        || (type is { IsClass: true, IsAbstract: false } && type.GetConstructor(Type.EmptyTypes) is not null
            && type.GetProperties().Any(p => typeof(Input).IsAssignableFrom(p.PropertyType) || typeof(IActivity).IsAssignableFrom(p.PropertyType)));

    private Input<T>? BindInput<T>(JsonReading value, string name)
    {
        var place = value.Property("expression") ?? value;
        if (place.Json.ValueKind != JsonValueKind.Object || (place.Property("type") is null && place.Property("value") is null))
        {
            if (value.Property("typeName") is null && value.Property("memoryReference") is null)
            {
                value.Report("wrong-input-shape", $"Input '{name}' must be written as {{\"typeName\":\"{TypeAlias.Of(typeof(T))}\",\"expression\":{{\"type\":\"Literal\",\"value\":\"...\"}}}}.");
            }

            return null;
        }

        var type = place.Text("type") ?? Expression.LiteralType;
        var input = new Input<T>(new Expression(type, place.Property("value")?.Json.Clone()));
        compilation.AfterTree(() => input.Compiled = compilation.CompileExpression(input.Expression, typeof(T), node, value, name));
        return input;
    }

    private Output<T>? BindOutput<T>(JsonReading value, string name)
    {
        var id = value.Property("memoryReference")?.Text("id");
        if (string.IsNullOrEmpty(id))
        {
            return null;
        }

        var output = new Output<T>(id);
        compilation.AfterTree(() => Capture(output, id, value, name));
        return output;
    }

    private void Capture(Output output, string id, JsonReading value, string name)
    {
        var variable = Compilation.FindVariable(id, node);
        var workflowOutput = variable is null ? compilation.Definition.Outputs.FirstOrDefault(o => o.Name == id) : null;
        if (variable is null && workflowOutput is null)
        {
            var candidates = compilation.Nodes.SelectMany(n => n.VariableList).Select(v => v.Id).Concat(compilation.Definition.Outputs.Select(o => o.Name));
            value.Report("unknown-variable", $"Output '{name}' is captured by '{id}', which is neither a variable in scope nor a workflow output. {Suggestion.Among(id, candidates, "Declare it under \"variables\"")}", "memoryReference.id");
            return;
        }

        node.Captures ??= new OutputCapture?[node.Descriptor.Outputs.Count];
        var type = variable?.Variable.Type ?? workflowOutput!.Type;
        node.Captures[output.Slot] = new OutputCapture(variable, workflowOutput?.Name, ValueConversion.To(type), typeof(Sensitive).IsAssignableFrom(type));
    }

    private void BindVariable(string name, JsonReading owner)
    {
        if (owner.Property(CamelCase(name)) is not { } value)
        {
            return;
        }

        var property = node.Activity.GetType().GetProperty(name)!;
        var id = value.Json.ValueKind == JsonValueKind.String ? value.Json.GetString() : value.Text("id") ?? value.Text("name");
        compilation.AfterTree(() =>
        {
            if (Compilation.FindVariable(id ?? "", node) is { } reference)
            {
                property.SetValue(node.Activity, reference.Variable);
            }
            else
            {
                value.Report("unknown-variable", $"There is no variable '{id}' in scope here. {Suggestion.Among(id ?? "", compilation.Nodes.SelectMany(n => n.VariableList).Select(v => v.Name), "Declare it under \"variables\"")}");
            }
        });
    }

    private void PlaceOutput(PropertyInfo property)
    {
        var output = (Output?)property.GetValue(node.Activity);
        if (output is null)
        {
            output = (Output)Activator.CreateInstance(property.PropertyType)!;
            property.SetValue(node.Activity, output);
        }

        output.Slot = IndexOf(node.Descriptor.Outputs, o => o.Name, property.GetCustomAttribute<OutputAttribute>()?.Name ?? property.Name);
    }

    private void PlaceInput(PropertyInfo property)
    {
        var slot = IndexOf(node.Descriptor.Inputs, i => i.Name, property.GetCustomAttribute<InputAttribute>()?.Name ?? property.Name);
        var descriptor = node.Descriptor.Inputs[slot];
        var input = property.GetValue(node.Activity) as Input;
        if (descriptor is { IsWrapped: true, DefaultValue: { } value } && input is null && json.Property(CamelCase(property.Name)) is null)
        {
            input = (Input)Activator.CreateInstance(property.PropertyType, Expression.Literal(value))!;
            input.Compiled = CompiledExpression.Constant(ValueConversion.Convert(value, descriptor.Type));
            property.SetValue(node.Activity, input);
        }

        if (input is not null && descriptor.AutoEvaluate)
        {
            input.Slot = slot;
            node.Inputs[slot] = input;
        }

        if (descriptor.UIHint == InputUIHints.SecretPicker && input?.Expression is { Type: Expression.LiteralType, Text: { Length: > 0 } secret })
        {
            compilation.SecretNames.Add(secret);
        }

        if (descriptor.NamesConnection && input is not null)
        {
            NoteConnection(descriptor, input.Expression, CamelCase(property.Name));
        }

        if (descriptor.IsRequired)
        {
            compilation.AfterTree(() => CheckRequired(descriptor, property));
        }
    }

    /// <summary>What names an identity is there for everybody to see before the story runs: nothing that a run decides.</summary>
    private void NoteConnection(InputDescriptor descriptor, Expression expression, string property)
    {
        if (expression.Type != Expression.LiteralType)
        {
            json.Report(
                "connection-not-fixed",
                $"Input '{descriptor.Name}' names the identity that is used, so it must be a fixed value (Literal), not a {expression.Type} expression. Write the connection's name, in an activity of its own for each connection.",
                property);
        }
        else if (expression.Text.Length > 0)
        {
            compilation.Connections.Add(new ConnectionUse(expression.Text, $"{node.Path}.{property}", node.Id));
        }
    }

    private void CheckRequired(InputDescriptor descriptor, PropertyInfo property)
    {
        var value = property.GetValue(node.Activity);
        var path = CamelCase(property.Name);
        var wrong = compilation.Problems.Any(problem => problem.ActivityId == node.Id && problem.Path.StartsWith($"{node.Path}.{path}", StringComparison.Ordinal));
        var missing = value is null || (value is Input { Compiled: { } compiled } && compiled.TryGetConstant(out var constant) && constant is null or "");
        if (missing && !wrong)
        {
            json.Report("missing-required-input", $"Input '{descriptor.Name}' of {node.Descriptor.TypeName} is required. Give it a value: \"{path}\": {{\"typeName\":\"{TypeAlias.Of(descriptor.Type)}\",\"expression\":{{\"type\":\"Literal\",\"value\":\"...\"}}}}.", path);
        }
    }

    /// <summary>Most activities have fixed inputs only: all their executions share one array of values.</summary>
    private void FindConstantInputs()
    {
        var values = new object?[node.Inputs.Length];
        for (var slot = 0; slot < values.Length; slot++)
        {
            if (node.Inputs[slot] is { } input && !(input.Compiled?.TryGetConstant(out values[slot]) ?? false))
            {
                return;
            }
        }

        node.ConstantInputs = values;
    }

    private static int IndexOf<T>(IReadOnlyList<T> list, Func<T, string> name, string wanted)
    {
        for (var i = 0; i < list.Count; i++)
        {
            if (name(list[i]) == wanted)
            {
                return i;
            }
        }

        throw new InvalidOperationException($"'{wanted}' is not described.");
    }
}
