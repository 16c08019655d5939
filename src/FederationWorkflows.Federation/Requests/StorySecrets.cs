using System.Text.Json;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Requests;

/// <summary>The secrets among the inputs of a request, which its answer must not show.</summary>
internal static class StorySecrets
{
    /// <summary>Shorter texts are found everywhere.</summary>
    private const int Shortest = 8;

    public static IEnumerable<string> Of<T>(ActivityExecutionContext context, Input<T>? input)
    {
        var value = context.GetMasked(input);
        IEnumerable<string> found = value is Sensitive secret ? Texts(InClear.Reveal(secret)) : InClear.FindSecrets(value);
        return found.Where(static text => text.Length >= Shortest).Distinct();
    }

    private static IEnumerable<string> Texts(object? value) => value switch
    {
        null => [],
        string text => [text],
        byte[] bytes => [Convert.ToBase64String(bytes)],
        _ => Texts(JsonSerializer.Deserialize<JsonElement>(InClear.ToJson(value))),
    };

    private static IEnumerable<string> Texts(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(static property => Texts(property.Value)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Texts),
        JsonValueKind.Null => [],
        _ => [json.ToString()],
    };
}
