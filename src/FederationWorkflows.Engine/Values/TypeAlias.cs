using System.Text.Json;

namespace FederationWorkflows.Engine;

/// <summary>The names that definitions use for types of variables, inputs and outputs (Elsa contract: variable descriptors).</summary>
public static class TypeAlias
{
    private static readonly (string Alias, Type Type, string Category)[] Known =
    [
        ("String", typeof(string), "Primitives"),
        ("Boolean", typeof(bool), "Primitives"),
        ("Int32", typeof(int), "Primitives"),
        ("Int64", typeof(long), "Primitives"),
        ("Single", typeof(float), "Primitives"),
        ("Double", typeof(double), "Primitives"),
        ("Decimal", typeof(decimal), "Primitives"),
        ("Guid", typeof(Guid), "Primitives"),
        ("DateTime", typeof(DateTime), "Primitives"),
        ("DateTimeOffset", typeof(DateTimeOffset), "Primitives"),
        ("TimeSpan", typeof(TimeSpan), "Primitives"),
        ("Byte[]", typeof(byte[]), "Primitives"),
        ("Object", typeof(object), "Primitives"),
        ("JsonElement", typeof(JsonElement), "Data"),
        ("ObjectDictionary", typeof(IDictionary<string, object>), "Data"),
        ("ObjectArray", typeof(object[]), "Data"),
        ("Secret", typeof(Sensitive<string>), "Data"),
    ];

    private static readonly Dictionary<string, Type> ByAlias = Known.ToDictionary(k => k.Alias, k => k.Type, StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<Type, string> ByType = Known.ToDictionary(k => k.Type, k => k.Alias);

    /// <summary>The types offered for variables: alias, type, category.</summary>
    public static IReadOnlyList<(string Alias, Type Type, string Category)> All => Known;

    /// <summary>The type of an alias, of Elsa's longer spellings too; null when unknown.</summary>
    /// <param name="alias">The name in the definition; null or empty means anything.</param>
    /// <param name="isArray">The variable holds an array of the type.</param>
    public static Type? Find(string? alias, bool isArray = false)
    {
        if (string.IsNullOrWhiteSpace(alias))
        {
            return isArray ? typeof(object[]) : typeof(object);
        }

        if (alias.EndsWith("[]", StringComparison.Ordinal) && !ByAlias.ContainsKey(alias))
        {
            return Find(alias[..^2], isArray: true);
        }

        // "System.String, System.Private.CoreLib" is what older files have.
        var name = alias.Split(',')[0].Trim();
        name = name.StartsWith("System.", StringComparison.Ordinal) ? name[(name.LastIndexOf('.') + 1)..] : name;
        return ByAlias.TryGetValue(name, out var type) ? isArray ? type.MakeArrayType() : type : null;
    }

    /// <summary>The alias of a type; its CLR name when it has none.</summary>
    public static string Of(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return ByType.TryGetValue(type, out var alias) ? alias
            : type.IsArray ? Of(type.GetElementType()!) + "[]"
            : type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Of))}>"
            : type.Name;
    }

    /// <summary>The type in words for a message: "a whole number", "text".</summary>
    internal static string Describe(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(string) => "text",
        var t when t == typeof(bool) => "true or false",
        var t when t == typeof(int) || t == typeof(long) => "a whole number",
        var t when t == typeof(double) || t == typeof(decimal) || t == typeof(float) => "a number",
        var t when t == typeof(TimeSpan) => "a duration such as 00:00:30",
        var t when t == typeof(DateTimeOffset) || t == typeof(DateTime) => "a date and time such as 2026-01-31T12:00:00Z",
        var t when typeof(Sensitive).IsAssignableFrom(t) => "a secret",
        var t when t == typeof(byte[]) => "Base64 text",
        var t when t.IsArray => "a list of " + Of(t.GetElementType()!),
        var t when t.IsGenericType && t.GetGenericArguments() is [var element] && typeof(System.Collections.IEnumerable).IsAssignableFrom(t) => "a list of " + Of(element),
        var t => Of(t),
    };
}
