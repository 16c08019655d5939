using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace FederationWorkflows.Engine;

/// <summary>JSON as values of a run: scalars as .NET scalars, objects and arrays as immutable <see cref="JsonElement"/>.</summary>
public static class JsonValues
{
    /// <summary>Nesting deeper than this is refused wherever JSON comes in.</summary>
    public const int MaxDepth = 128;

    /// <summary>Writes people's text as it is, and masks sensitive values.</summary>
    internal static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        MaxDepth = MaxDepth,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,

        // Expressions look at the properties of types; the serializer would set this only when it writes for the first time.
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),

        // JSON has no NaN and no infinity; arithmetic has.
        NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>JSON's null. An element without a value, C#'s default, cannot be written.</summary>
    internal static JsonElement Null { get; } = Parse("null");

    /// <summary>Parses JSON into a value that owns its memory.</summary>
    /// <exception cref="JsonException">The text is not JSON or no text, as it is not UTF-8 or has half of a pair, or it nests deeper than <see cref="MaxDepth"/>.</exception>
    public static JsonElement Parse(string json) => Parse(Encoding.UTF8.GetBytes(json));

    /// <inheritdoc cref="Parse(string)"/>
    public static JsonElement Parse(ReadOnlyMemory<byte> utf8Json)
    {
        CheckEncoding(utf8Json.Span);
        using var document = JsonDocument.Parse(utf8Json, new JsonDocumentOptions { MaxDepth = MaxDepth });
        CheckPairs(utf8Json.Span);
        return document.RootElement.Clone();
    }

    /// <summary>A scalar as its .NET value: text, boolean, <see cref="long"/> when integral and in range, else <see cref="double"/>; objects and arrays as they are.</summary>
    public static object? Unwrap(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        JsonValueKind.String => json.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => json.TryGetInt64(out var integer) ? (object)integer : json.GetDouble(),
        _ => json,
    };

    /// <summary>Refuses a value that nests deeper than <see cref="MaxDepth"/>, or holds itself: it could not be saved.</summary>
    /// <exception cref="ValueConversionException">It does; the message is the second half of a sentence.</exception>
    internal static void CheckDepth(object? value, int level = 0)
    {
        if (level > MaxDepth)
        {
            throw new ValueConversionException($"must not nest deeper than {MaxDepth} levels");
        }

        switch (value)
        {
            case Sensitive sensitive:
                CheckDepth(sensitive.RevealObject(), level);
                break;
            case IReadOnlyList<object?> items:
                foreach (var item in items)
                {
                    CheckDepth(item, level + 1);
                }

                break;
            case IReadOnlyDictionary<string, object?> map:
                foreach (var item in map.Values)
                {
                    CheckDepth(item, level + 1);
                }

                break;
        }
    }

    /// <summary>Any value of a run as JSON text; sensitive parts are masked.</summary>
    public static string ToJson(object? value) => value is JsonElement json ? json.GetRawText() : JsonSerializer.Serialize(value, Options);

    /// <summary>Any value of a run as UTF-8 JSON; sensitive parts are masked.</summary>
    public static byte[] ToUtf8(object? value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    /// <summary>It is text, and has no half of a pair as an escape. Pairs are seldom written as escapes: who has some is not looked at closer.</summary>
    internal static bool IsSound(ReadOnlySpan<byte> utf8) => Utf8.IsValid(utf8) && HasNoPairs(utf8);

    private static bool HasNoPairs(ReadOnlySpan<byte> utf8) => utf8.IndexOf(@"\ud"u8) < 0 && utf8.IndexOf(@"\uD"u8) < 0;

    private static void CheckEncoding(ReadOnlySpan<byte> utf8)
    {
        if (Utf8.IsValid(utf8))
        {
            return;
        }

        var at = 0;
        while (Rune.DecodeFromUtf8(utf8[at..], out _, out var length) == OperationStatus.Done)
        {
            at += length;
        }

        throw NoText("The text is not valid UTF-8", utf8[..at]);
    }

    /// <summary>The serializer looks at escapes only when a text is read, long after the sender was told that all is well.</summary>
    private static void CheckPairs(ReadOnlySpan<byte> utf8)
    {
        if (HasNoPairs(utf8))
        {
            return;
        }

        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                try
                {
                    _ = reader.GetString();
                }
                catch (InvalidOperationException)
                {
                    throw NoText(@"The text has half of a pair of \ud800 to \udfff", utf8[..(int)reader.TokenStartIndex]);
                }
            }
        }
    }

    private static JsonException NoText(string message, ReadOnlySpan<byte> before) => new(message, null, before.Count((byte)'\n'), before.Length - before.LastIndexOf((byte)'\n') - 1);

    /// <summary>What is wrong with a JSON text, in one sentence without the serializer's path and position suffix, and without its advice to programmers.</summary>
    public static string Describe(JsonException error)
    {
        var message = error.Message;
        var suffix = message.IndexOf(" Path: ", StringComparison.Ordinal);
        suffix = suffix < 0 ? message.IndexOf(" LineNumber: ", StringComparison.Ordinal) : suffix;
        return (suffix < 0 ? message : message[..suffix]).Replace(" Change the reader options.", "", StringComparison.Ordinal).TrimEnd('.', ' ');
    }
}
