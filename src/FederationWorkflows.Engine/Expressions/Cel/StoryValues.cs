using System.Text.Json;
using FederationWorkflows.Cel;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>What an evaluation gave, as a value of a run.</summary>
internal static class StoryValues
{
    /// <summary>Lists and maps become JSON, numbers the run's own; a confidential result is sensitive as a whole.</summary>
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
    public static object? ForJson(object? value) => value switch
    {
        List<object?> list => list.ConvertAll(ForJson),
        Dictionary<object, object?> map => map.ToDictionary(entry => ToText(entry.Key), entry => ForJson(entry.Value)),
        _ => value,
    };

    private static object? Plain(object? value) => value switch
    {
        ulong number => number <= long.MaxValue ? (long)number : (object)(decimal)number,
        List<object?> or Dictionary<object, object?> => JsonSerializer.SerializeToElement(ForJson(value), JsonValues.Options),
        _ => value,
    };
}
