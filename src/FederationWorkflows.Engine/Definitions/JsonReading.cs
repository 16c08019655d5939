using System.Text.Json;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>A JSON value, where it stands, and where its problems go.</summary>
internal sealed record JsonReading(JsonElement Json, string Path, List<DefinitionProblem> Problems, string? ActivityId = null)
{
    /// <summary>The property, or null when absent or JSON null.</summary>
    public JsonReading? Property(string name) =>
        Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null
            ? this with { Json = value, Path = $"{Path}.{name}" }
            : null;

    /// <summary>The items of an array property; none when it is absent.</summary>
    public IEnumerable<JsonReading> Items(string name) =>
        Property(name) is { } array && array.Expect(JsonValueKind.Array, "It must be a list: [ ... ].") ? array.Items() : [];

    /// <summary>The items of this array.</summary>
    public IEnumerable<JsonReading> Items() => Json.EnumerateArray().Select((item, index) => this with { Json = item, Path = $"{Path}[{index}]" });

    /// <summary>A text property; null when absent.</summary>
    public string? Text(string name) =>
        Property(name) is { } value && value.Expect(JsonValueKind.String, "It must be text in quotes.") ? value.Json.GetString() : null;

    /// <summary>An integral property; null when absent.</summary>
    public int? Integer(string name)
    {
        if (Property(name) is not { } value)
        {
            return null;
        }

        if (value.Json.ValueKind == JsonValueKind.Number && value.Json.TryGetInt32(out var number))
        {
            return number;
        }

        value.Report("wrong-type", "It must be a whole number.");
        return null;
    }

    /// <summary>True or false; null when absent.</summary>
    public bool? Flag(string name)
    {
        if (Property(name) is not { } value)
        {
            return null;
        }

        if (value.Json.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.Json.GetBoolean();
        }

        value.Report("wrong-type", "It must be true or false.");
        return null;
    }

    /// <summary>A duration above zero; null when absent, or after reporting what is wrong.</summary>
    public TimeSpan? Duration(string name, TimeSpan longest, string code)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        // A bare number would be days.
        if (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var duration) && duration > TimeSpan.Zero && duration <= longest)
        {
            return duration;
        }

        Report(code, $"'{text}' must be a duration above zero and of at most {longest}, such as 00:00:30.", name);
        return null;
    }

    /// <summary>The type a property names, taking its sibling <c>isArray</c> into account; anything when absent.</summary>
    public Type TypeOf(string name)
    {
        var alias = Text(name);
        var type = TypeAlias.Find(alias, Flag("isArray") is true);
        if (type is null)
        {
            // A file may name a type that only another server knows; its values are kept as they are.
            Report("unknown-type", $"The type '{alias}' is not known here; its values are taken as they are. {Suggestion.Among(alias!, TypeAlias.All.Select(t => t.Alias), "Use a known type")}", name, ProblemSeverity.Warning);
        }

        return type ?? typeof(object);
    }

    /// <summary>Reports a value of another kind.</summary>
    public bool Expect(JsonValueKind kind, string advice)
    {
        if (Json.ValueKind == kind)
        {
            return true;
        }

        Report("wrong-type", $"{advice} It is {Json.ValueKind.ToString().ToLowerInvariant()}.");
        return false;
    }

    /// <summary>Reports a problem here, or at a property of this object.</summary>
    public void Report(string code, string message, string? property = null, ProblemSeverity severity = ProblemSeverity.Error) =>
        Problems.Add(new DefinitionProblem(code, message, property is null ? Path : $"{Path}.{property}", ActivityId, severity));
}
