using System.Globalization;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Lint;

/// <summary>A JSON text in which every value has a place, and the findings in it.</summary>
internal sealed class LintDocument
{
    /// <summary>The longest text that is looked through, in characters.</summary>
    public const int MaximumLength = 4 * 1024 * 1024;

    private const int MaximumDepth = 64;

    private readonly Dictionary<string, (int Line, int Column)> places = new(StringComparer.Ordinal);
    private readonly List<LintFinding> findings = [];

    private LintDocument(JsonElement root) => Root = new LintNode(root, "$");

    public LintNode Root { get; }

    public IReadOnlyList<LintFinding> Findings =>
        [.. findings.Distinct().OrderBy(static finding => finding.Line).ThenBy(static finding => finding.Column).ThenBy(static finding => finding.Rule.Id, StringComparer.Ordinal)];

    /// <exception cref="LintFormatException">It is too long or no JSON.</exception>
    public static LintDocument Read(string json)
    {
        if (json.Length > MaximumLength)
        {
            throw new LintFormatException($"The text has {json.Length} characters; {MaximumLength} are read at most.");
        }

        json = json.TrimStart('\uFEFF');
        try
        {
            using var parsed = StrictJson.Parse(json, MaximumDepth);
            var document = new LintDocument(parsed.RootElement.Clone());
            document.Locate(Encoding.UTF8.GetBytes(json));
            return document;
        }
        catch (JsonException exception)
        {
            var place = exception.LineNumber is { } line ? $"({line + 1},{exception.BytePositionInLine + 1}): " : "";
            throw new LintFormatException($"{place}This is not valid JSON without comments, duplicate names and more than {MaximumDepth} levels.");
        }
    }

    public void Report(LintRule rule, string path, string message, string? fix = null)
    {
        var place = Place(path);
        findings.Add(new LintFinding(rule, path, place?.Line, place?.Column, message, fix ?? rule.Fix));
    }

    // Of a value that is not in the text, or whose path is written in another way, the nearest one around it.
    private (int Line, int Column)? Place(string path)
    {
        for (var end = path.Length; end > 0; end = path.AsSpan(0, end).LastIndexOfAny('.', '['))
        {
            if (places.TryGetValue(path[..end], out var place))
            {
                return place;
            }
        }

        return null;
    }

    private void Locate(byte[] utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaximumDepth });
        var containers = new Stack<(string Path, bool IsArray, int Index)>();
        string? property = null;
        var cursor = new Cursor(utf8);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    property = JsonPath.Below(containers.Peek().Path, reader.GetString()!);
                    places[property] = cursor.At((int)reader.TokenStartIndex);
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    containers.Pop();
                    continue;
            }

            var path = property ?? "$";
            if (property is null && containers.TryPop(out var array))
            {
                path = JsonPath.Below(array.Path, array.Index);
                containers.Push(array with { Index = array.Index + 1 });
            }

            property = null;
            // Of a property its name has the place: that is what people look for.
            places.TryAdd(path, cursor.At((int)reader.TokenStartIndex));
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                containers.Push((path, reader.TokenType == JsonTokenType.StartArray, 0));
            }
        }
    }

    /// <summary>Goes forward through the text, counting lines and UTF-16 columns.</summary>
    private sealed class Cursor(byte[] utf8)
    {
        private int position;
        private int line = 1;
        private int column = 1;

        public (int Line, int Column) At(int offset)
        {
            var passed = utf8.AsSpan(position, offset - position);
            for (var newline = passed.IndexOf((byte)'\n'); newline >= 0; newline = passed.IndexOf((byte)'\n'))
            {
                passed = passed[(newline + 1)..];
                line++;
                column = 1;
            }

            column += Encoding.UTF8.GetCharCount(passed);
            position = offset;
            return (line, column);
        }
    }
}

/// <summary>A value of a JSON text, with its path.</summary>
/// <param name="Value">The value.</param>
/// <param name="Path">Its JSON path.</param>
internal readonly record struct LintNode(JsonElement Value, string Path)
{
    /// <summary>Text, numbers and booleans as text; null otherwise.</summary>
    public string? Text => Value.ValueKind switch
    {
        JsonValueKind.String => Value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => Value.GetRawText(),
        _ => null,
    };

    /// <summary>A list's items; none when it is no list.</summary>
    public IEnumerable<LintNode> Items
    {
        get
        {
            var path = Path;
            return Value.ValueKind == JsonValueKind.Array ? Value.EnumerateArray().Select((item, index) => new LintNode(item, JsonPath.Below(path, index))) : [];
        }
    }

    /// <summary>An object's properties; none when it is no object.</summary>
    public IEnumerable<(string Name, LintNode Node)> Properties
    {
        get
        {
            var path = Path;
            return Value.ValueKind == JsonValueKind.Object
                ? Value.EnumerateObject().Select(property => (property.Name, new LintNode(property.Value, JsonPath.Below(path, property.Name))))
                : [];
        }
    }

    public LintNode? Child(string name) =>
        Value.ValueKind == JsonValueKind.Object && Value.TryGetProperty(name, out var child) ? new LintNode(child, JsonPath.Below(Path, name)) : null;

    /// <summary>A property whose name is known in any case, as .NET's configuration has it.</summary>
    public LintNode? Setting(string name)
    {
        foreach (var (candidate, node) in Properties)
        {
            if (candidate.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return node;
            }
        }

        return null;
    }

    /// <summary>A whole number, also when it is written as text.</summary>
    public bool TryGetNumber(out int number)
    {
        number = 0;
        return Text is { } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
