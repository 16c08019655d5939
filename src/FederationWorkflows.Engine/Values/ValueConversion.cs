using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace FederationWorkflows.Engine;

/// <summary>
/// Converts what an expression yields to what an input takes. A converter is made once per input, at compile time;
/// sensitivity goes through it: a sensitive value becomes a sensitive value of the target type.
/// </summary>
public static class ValueConversion
{
    /// <summary>Those of types that are only known while a run goes, such as its variables': making one takes reflection. There are as many as types that stories can name.</summary>
    private static readonly ConcurrentDictionary<Type, Func<object?, object?>> Converters = new();

    /// <summary>The converter to <paramref name="target"/>.</summary>
    public static Func<object?, object?> To(Type target)
    {
        if (typeof(Sensitive).IsAssignableFrom(target) && target.IsGenericType)
        {
            var content = target.GetGenericArguments()[0];
            var inner = To(content);
            var wrap = Wrapper(content);
            return value => value is null ? null : target.IsInstanceOfType(value) ? value : Wrap(value);

            Sensitive Wrap(object value)
            {
                var clear = value is Sensitive secret ? secret.RevealObject() : NotMasked(value, target);
                return wrap(Unquoted(() => inner(HoldsSecrets(clear) ? Revealed(clear) : clear), content));
            }
        }

        var convert = Plain(Nullable.GetUnderlyingType(target) ?? target);
        var nothing = target == typeof(JsonElement) ? JsonValues.Null
            : target.IsValueType && Nullable.GetUnderlyingType(target) is null ? Activator.CreateInstance(target) : null;
        var wrapPlain = Wrapper(target);
        var keepsParts = target == typeof(string) || target.IsAssignableFrom(typeof(object?[]));
        return value => value switch
        {
            null => nothing,
            Sensitive sensitive => target == typeof(object) ? sensitive : wrapPlain(sensitive.RevealObject() is { } clear ? Unquoted(() => convert(clear), target) : nothing),
            _ when !keepsParts && !target.IsInstanceOfType(value) && HoldsSecrets(value) => wrapPlain(Unquoted(() => convert(Revealed(value)!), target)),
            _ => convert(value),
        };
    }

    /// <summary>Converts one value.</summary>
    /// <exception cref="ValueConversionException">The value does not fit the type.</exception>
    public static object? Convert(object? value, Type target) => Converters.GetOrAdd(target, To)(value);

    /// <summary>Secrets among the parts of a value: where the target cannot keep them apart, the whole becomes one.</summary>
    private static bool HoldsSecrets(object? value, int level = 0) => level <= JsonValues.MaxDepth && value switch
    {
        Sensitive => true,
        IReadOnlyDictionary<string, object?> map => map.Values.Any(item => HoldsSecrets(item, level + 1)),
        IReadOnlyList<object?> list => list.Any(item => HoldsSecrets(item, level + 1)),
        _ => false,
    };

    private static object? Revealed(object? value) => value switch
    {
        Sensitive secret => Revealed(secret.RevealObject()),
        IReadOnlyDictionary<string, object?> map => map.ToDictionary(item => item.Key, item => Revealed(item.Value)),
        IReadOnlyList<object?> list => list.Select(Revealed).ToArray(),
        _ => value,
    };

    /// <summary>A message about a secret does not quote it.</summary>
    private static object? Unquoted(Func<object?> convert, Type target)
    {
        try
        {
            return convert();
        }
        catch (ValueConversionException)
        {
            throw new ValueConversionException($"must be {TypeAlias.Describe(target)}, and is a secret that is not");
        }
    }

    /// <summary>What was read from a masked rendering is no secret any more, and must not be sent as one.</summary>
    private static object NotMasked(object value, Type target) =>
        value is Sensitive.Mask ? throw new ValueConversionException($"must be {TypeAlias.Describe(target)}, and is the mask that stands where a secret was") : value;

    private static Func<object?, Sensitive> Wrapper(Type content)
    {
        var constructor = typeof(Sensitive<>).MakeGenericType(content).GetConstructor([content])!;
        return value => (Sensitive)constructor.Invoke([value]);
    }

    private static Func<object, object?> Plain(Type target)
    {
        if (target == typeof(object))
        {
            return value => value;
        }

        if (target == typeof(string))
        {
            return ToText;
        }

        if (target == typeof(JsonElement))
        {
            return value => value is JsonElement json ? json : JsonSerializer.SerializeToElement(value, JsonValues.Options);
        }

        if (target == typeof(byte[]))
        {
            return value => value as byte[] ?? FromBase64(value);
        }

        if (target.IsEnum)
        {
            return value => target.IsInstanceOfType(value) ? value : ToEnum(value, target);
        }

        if (target == typeof(DateTimeOffset) || target == typeof(DateTime) || target == typeof(TimeSpan) || target == typeof(Guid) || target == typeof(Uri) || target == typeof(Version))
        {
            return value => target.IsInstanceOfType(value) ? value : FromText(value, target);
        }

        if (target.IsPrimitive || target == typeof(decimal))
        {
            return value => target.IsInstanceOfType(value) ? value : ToNumberOrBoolean(value, target);
        }

        if (target.IsAssignableFrom(typeof(object?[])))
        {
            return value => ToItems(value, target);
        }

        return value => target.IsInstanceOfType(value) ? value : FromJson(value, target);
    }

    /// <summary>Anything that can be gone through, as its items; a single value as a collection of one.</summary>
    private static object?[] ToItems(object value, Type target)
    {
        if (value is string text && text.AsSpan().TrimStart().StartsWith("["))
        {
            try
            {
                value = JsonValues.Parse(text);
            }
            catch (JsonException)
            {
                throw Mismatch(value, target);
            }
        }

        return value switch
        {
            object?[] items => items,
            JsonElement { ValueKind: JsonValueKind.Array } json => [.. json.EnumerateArray().Select(JsonValues.Unwrap)],
            string or JsonElement or IDictionary => [value],
            IEnumerable many => [.. many.Cast<object?>()],
            _ => [value],
        };
    }

    private static string? ToText(object value) => value switch
    {
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString(),
        JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
        JsonElement json => json.GetRawText(),
        bool flag => flag ? "true" : "false",
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        byte[] bytes => System.Convert.ToBase64String(bytes),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => JsonValues.ToJson(value),
    };

    private static object? ToNumberOrBoolean(object value, Type target)
    {
        value = value is JsonElement json ? JsonValues.Unwrap(json) ?? throw Mismatch(value, target) : value;
        try
        {
            return value switch
            {
                string text when target == typeof(bool) => bool.Parse(text.Trim()),
                string text when target == typeof(char) => char.Parse(text),
                string text when target == typeof(double) || target == typeof(float) || target == typeof(decimal) =>
                    System.Convert.ChangeType(decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) ? exact : double.Parse(text, CultureInfo.InvariantCulture), target, CultureInfo.InvariantCulture),
                string text => System.Convert.ChangeType(decimal.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) is var number && number == decimal.Truncate(number) ? number : throw Mismatch(value, target), target, CultureInfo.InvariantCulture),
                bool when target != typeof(bool) => throw Mismatch(value, target),
                IConvertible when target == typeof(bool) => throw Mismatch(value, target),
                double or float or decimal when target != typeof(double) && target != typeof(float) && target != typeof(decimal) && !IsWhole(value) => throw Mismatch(value, target),
                IConvertible => System.Convert.ChangeType(value, target, CultureInfo.InvariantCulture),
                _ => throw Mismatch(value, target),
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidCastException)
        {
            throw Mismatch(value, target);
        }
    }

    private static bool IsWhole(object value) => value switch
    {
        decimal exact => exact == decimal.Truncate(exact),
        float real => real == MathF.Truncate(real),
        _ => (double)value == Math.Truncate((double)value),
    };

    private static object ToEnum(object value, Type target)
    {
        value = value is JsonElement json ? JsonValues.Unwrap(json) ?? throw Mismatch(value, target) : value;
        if (value is string text && Enum.TryParse(target, text.Trim(), ignoreCase: true, out var named) && Enum.IsDefined(target, named))
        {
            return named;
        }

        if (value is long or int && Enum.ToObject(target, value) is var numbered && Enum.IsDefined(target, numbered))
        {
            return numbered;
        }

        throw new ValueConversionException($"must be one of {string.Join(", ", Enum.GetNames(target))}, and is {Describe(value)}");
    }

    private static object FromText(object value, Type target)
    {
        var text = ToText(value)?.Trim() ?? throw Mismatch(value, target);
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        var culture = CultureInfo.InvariantCulture;
        object? parsed =
            target == typeof(DateTimeOffset) ? DateTimeOffset.TryParse(text, culture, DateTimeStyles.AssumeUniversal, out var offset) ? offset : null
            : target == typeof(DateTime) ? DateTime.TryParse(text, culture, Utc, out var time) ? time : null
            : target == typeof(TimeSpan) ? TimeSpan.TryParse(text, culture, out var span) ? span : null
            : target == typeof(Guid) ? Guid.TryParse(text, out var guid) ? guid : null
            : target == typeof(Version) ? Version.TryParse(text, out var version) ? version : null
            : Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out var uri) ? uri : null;
        return parsed ?? throw Mismatch(value, target);
    }

    private static byte[] FromBase64(object value)
    {
        try
        {
            return System.Convert.FromBase64String(ToText(value) ?? "");
        }
        catch (FormatException)
        {
            throw Mismatch(value, typeof(byte[]));
        }
    }

    private static object? FromJson(object value, Type target)
    {
        try
        {
            // A single value where a collection is wanted is a collection of one; text may be the JSON of the whole.
            if (value is string text)
            {
                var collection = target != typeof(string) && typeof(IEnumerable).IsAssignableFrom(target);
                var trimmed = text.AsSpan().TrimStart();
                if (collection && !trimmed.StartsWith("[") && !trimmed.StartsWith("{"))
                {
                    return JsonSerializer.Deserialize(JsonSerializer.SerializeToElement(new[] { text }), target, JsonValues.Options);
                }

                return JsonSerializer.Deserialize(text, target, JsonValues.Options);
            }

            var json = value is JsonElement element ? element : JsonSerializer.SerializeToElement(value, value.GetType(), JsonValues.Options);
            return json.Deserialize(target, JsonValues.Options);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw Mismatch(value, target);
        }
    }

    private static ValueConversionException Mismatch(object? value, Type target) => new($"must be {TypeAlias.Describe(target)}, and is {Describe(value)}");

    /// <summary>Values are named by kind and, when short text, quoted; what is said of a sensitive one goes no further than <see cref="Unquoted"/>.</summary>
    private static string Describe(object? value) => value switch
    {
        null => "null",
        string { Length: <= 40 } text => $"the text '{text}'",
        string => "a longer text",
        JsonElement json => "JSON " + json.ValueKind.ToString().ToLowerInvariant(),
        bool flag => flag ? "true" : "false",
        IFormattable number when value.GetType().IsPrimitive => number.ToString(null, CultureInfo.InvariantCulture),
        _ => TypeAlias.Describe(value.GetType()),
    };
}

/// <summary>A value does not fit the type an input or variable has. The message is the second half of a sentence: "must be ..., and is ...".</summary>
public sealed class ValueConversionException(string message) : Exception(message);
