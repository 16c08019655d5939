using System.Text;
using System.Text.Json;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>Finds line and column of a JSON path. Only an error asks, so it reads the text again instead of keeping positions.</summary>
internal static class JsonLocation
{
    public static (int Line, int Column)? Find(ReadOnlySpan<byte> utf8, string path)
    {
        // Steps to where the reader is: a name, or a running index while inside an array.
        var names = new Stack<(string? Name, int Index)>();
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = JsonValues.MaxDepth });
        string? property = null;
        var nearest = (Length: -1, Offset: 0L);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    property = reader.GetString();
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    names.Pop();
                    continue;
            }

            if (property is null && names.TryPop(out var array))
            {
                names.Push((array.Name, array.Index + 1));
            }

            var here = Render(names, property);
            if (here == path)
            {
                return Position(utf8, reader.TokenStartIndex);
            }

            // A path to something absent is reported at the nearest ancestor that is there.
            if (here.Length > nearest.Length && path.StartsWith(here, StringComparison.Ordinal) && path[here.Length] is '.' or '[')
            {
                nearest = (here.Length, reader.TokenStartIndex);
            }

            if (reader.TokenType is JsonTokenType.StartObject)
            {
                names.Push((property ?? IndexOf(names), int.MinValue));
            }
            else if (reader.TokenType is JsonTokenType.StartArray)
            {
                names.Push((property ?? IndexOf(names), -1));
            }

            property = null;
        }

        return nearest.Length < 0 ? null : Position(utf8, nearest.Offset);
    }

    private static string? IndexOf(Stack<(string? Name, int Index)> names) => names.TryPeek(out var top) ? $"[{top.Index}]" : null;

    private static string Render(Stack<(string? Name, int Index)> names, string? property)
    {
        var path = new StringBuilder("$");
        foreach (var (name, _) in names.Reverse())
        {
            Append(path, name);
        }

        Append(path, property ?? (names.Count > 0 ? IndexOf(names) : null));
        return path.ToString();
    }

    private static void Append(StringBuilder path, string? step)
    {
        if (step is not null)
        {
            path.Append(step.StartsWith('[') ? "" : ".").Append(step);
        }
    }

    private static (int Line, int Column) Position(ReadOnlySpan<byte> utf8, long offset)
    {
        var before = utf8[..(int)offset];
        var lineStart = before.LastIndexOf((byte)'\n') + 1;
        return (before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[lineStart..]) + 1);
    }
}
