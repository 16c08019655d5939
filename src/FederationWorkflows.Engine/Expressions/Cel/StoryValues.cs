using System.Text.Json;
using FederationWorkflows.Cel;
using FederationWorkflows.Cel.Values;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>What an evaluation gave, as a value of a run.</summary>
internal static class StoryValues
{
    /// <summary>
    /// A value of the run that is the whole result stays as it is; lists and maps that the expression made become JSON, numbers the run's own.
    /// A confidential result is sensitive as a whole.
    /// </summary>
    /// <exception cref="CelException">The result has no form in a run.</exception>
    public static object? From(CelResult result)
    {
        var value = Plain(result.Value);
        return !result.IsConfidential ? value : value switch
        {
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

    /// <summary>As a template shows it: nothing for null, times and durations as <c>string(x)</c> does, lists and maps as JSON.</summary>
    public static string ToText(object? value) => value switch
    {
        null => "",
        DateTimeOffset time => CelTimestamp.From(time).ToString(),
        TimeSpan span when CelDuration.From(span) is { } duration => duration.ToString(),
        _ => (string?)ValueConversion.Convert(value, typeof(string)) ?? "",
    };

    /// <summary>A result as JSON text.</summary>
    /// <exception cref="CelException">JSON cannot say it.</exception>
    public static string ToJson(object? value) => Json(value).GetRawText();

    private static object? Plain(object? value) => value switch
    {
        ulong number => number <= long.MaxValue ? (long)number : (object)(decimal)number,
        RecordView view => view.Record,
        Dictionary<object, object?> or List<object?> => Json(value),
        _ => value,
    };

    private static JsonElement Json(object? value)
    {
        try
        {
            return JsonSerializer.SerializeToElement(Keyed(value, 0), JsonValues.Options);
        }
        catch (JsonException)
        {
            throw TooDeep();
        }
    }

    /// <summary>Keys are text in JSON.</summary>
    private static object? Keyed(object? value, int level)
    {
        if (level > JsonValues.MaxDepth)
        {
            throw TooDeep();
        }

        switch (value)
        {
            case List<object?> list:
                return list.ConvertAll(item => Keyed(item, level + 1));
            case Dictionary<object, object?> map:
                var entries = new Dictionary<string, object?>(map.Count);
                foreach (var (key, item) in map)
                {
                    if (!entries.TryAdd(ToText(key), Keyed(item, level + 1)))
                    {
                        throw new CelException("Two keys of a map are the same text in JSON, such as 1 and '1'. Make them different.");
                    }
                }

                return entries;
            default:
                return value;
        }
    }

    private static CelException TooDeep() => new($"The value nests deeper than {JsonValues.MaxDepth} levels, which JSON of a run may not.");
}
