namespace FederationWorkflows.Cel.Types;

/// <summary>
/// Reads types as function declarations write them: <c>list(string)</c>, <c>map(string, dyn)</c>, <c>optional(A)</c>;
/// a single capital letter is a type parameter.
/// </summary>
internal static class TypeNotation
{
    private static readonly Dictionary<string, CelType> Simple = new()
    {
        ["dyn"] = CelType.Dyn,
        ["null"] = CelType.Null,
        ["bool"] = CelType.Bool,
        ["int"] = CelType.Int,
        ["uint"] = CelType.Uint,
        ["double"] = CelType.Double,
        ["string"] = CelType.String,
        ["bytes"] = CelType.Bytes,
        ["timestamp"] = CelType.Timestamp,
        ["duration"] = CelType.Duration,
    };

    public static CelType Parse(string text)
    {
        var types = ParseList(text);
        return types.Count == 1 ? types[0] : throw new FormatException($"'{text}' is not one type.");
    }

    public static IReadOnlyList<CelType> ParseList(string text)
    {
        var position = 0;
        var types = List(text, ref position);
        return position == text.Length ? types : throw new FormatException($"'{text}' is not a list of types.");
    }

    private static List<CelType> List(string text, ref int position)
    {
        var types = new List<CelType>();
        while (position < text.Length && text[position] != ')')
        {
            types.Add(One(text, ref position));
            if (position < text.Length && text[position] == ',')
            {
                position += 2;
            }
        }

        return types;
    }

    private static CelType One(string text, ref int position)
    {
        var start = position;
        while (position < text.Length && text[position] is not ('(' or ')' or ','))
        {
            position++;
        }

        var name = text[start..position];
        var parameters = new List<CelType>();
        if (position < text.Length && text[position] == '(')
        {
            position++;
            parameters = List(text, ref position);
            position++;
        }

        return (name, parameters.Count) switch
        {
            ("list", 1) => CelType.ListOf(parameters[0]),
            ("map", 2) => CelType.MapOf(parameters[0], parameters[1]),
            ("type", 1) => CelType.TypeOf(parameters[0]),
            ("optional", 1) => CelType.OptionalOf(parameters[0]),
            _ when Simple.TryGetValue(name, out var simple) => simple,
            ({ Length: 1 }, 0) when char.IsAsciiLetterUpper(name[0]) => CelType.Parameter(name),
            _ => CelType.Opaque(name, [.. parameters]),
        };
    }
}
