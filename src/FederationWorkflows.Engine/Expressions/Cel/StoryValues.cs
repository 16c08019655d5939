using System.Text.Json;
using FederationWorkflows.Cel;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>What an evaluation gave, as a value of a run.</summary>
internal static class StoryValues
{
    /// <summary>Lists and maps become JSON, numbers the run's own; a confidential result is sensitive as a whole.</summary>
    /// <exception cref="CelException">JSON cannot hold the result.</exception>
    public static object? From(CelResult result)
    {
        var value = Plain(result.Value);
        return !result.IsConfidential ? value : value switch
        {
            null => Sensitive.Of<object?>(null),
            string text => Sensitive.Of(text),
            bool flag => Sensitive.Of(flag),
            long number => Sensitive.Of(number),
            double number => Sensitive.Of(number),
            byte[] bytes => Sensitive.Of(bytes),
            JsonElement json => Sensitive.Of(json),
            DateTimeOffset time => Sensitive.Of(time),
            TimeSpan span => Sensitive.Of(span),
            _ => Sensitive.Of(value),
        };
    }

    /// <summary>As a template shows it: nothing for null, lists and maps as JSON.</summary>
    public static string ToText(object? value) => value is null ? "" : (string?)ValueConversion.Convert(value, typeof(string)) ?? "";

    /// <summary>A result in a form that JSON has: keys are text.</summary>
    /// <exception cref="CelException">Two keys are one as text, or the value is nested deeper than a run's values may be.</exception>
    public static object? ForJson(object? value, int depth = 0)
    {
        if (depth > JsonValues.MaxDepth)
        {
            throw TooDeep();
        }

        return value switch
        {
            List<object?> list => list.ConvertAll(item => ForJson(item, depth + 1)),
            Dictionary<object, object?> map => Properties(map, depth),
            _ => value,
        };
    }

    /// <summary>A result of <see cref="ForJson"/>, written.</summary>
    /// <exception cref="CelException">JSON within the value takes it deeper than a run's values may be.</exception>
    public static T Write<T>(object? value, Func<object?, T> write)
    {
        try
        {
            return write(value);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw TooDeep();
        }
    }

    private static object? Plain(object? value) => value switch
    {
        ulong number => number <= long.MaxValue ? (long)number : (object)(decimal)number,
        List<object?> or Dictionary<object, object?> => Write(ForJson(value), static json => JsonSerializer.SerializeToElement(json, JsonValues.Options)),
        _ => value,
    };

    private static Dictionary<string, object?> Properties(Dictionary<object, object?> map, int depth)
    {
        var properties = new Dictionary<string, object?>(map.Count);
        foreach (var (key, value) in map)
        {
            // The key is not quoted: it may have come from a secret.
            if (!properties.TryAdd(ToText(key), ForJson(value, depth + 1)))
            {
                throw new CelException("Two keys of a map have the same text, such as 1 and '1'; JSON cannot hold both.");
            }
        }

        return properties;
    }

    private static CelException TooDeep() => new($"The value nests deeper than {JsonValues.MaxDepth} levels, which is as deep as values of a run may be.");
}
