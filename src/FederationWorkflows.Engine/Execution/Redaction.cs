using System.Globalization;
using System.Text.Json;
using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Engine.Execution;

/// <summary>Makes of an exception what a user may see.</summary>
internal static class Redaction
{
    /// <summary>Masking shorter values than this would show, by what is missing, what they are.</summary>
    private const int ShortestSecret = 6;

    private const int MaxMessageLength = 4_000;

    /// <summary>The error without stack trace, and without any sensitive input of the activity, should its message quote one.</summary>
    public static ErrorInfo Describe(Exception error, ActivityExecutionContext context)
    {
        var secrets = Secrets(context).Where(secret => secret.Length > 0).Distinct().OrderByDescending(secret => secret.Length).ToArray();
        return Describe(error, secrets, depth: 0);
    }

    private static ErrorInfo Describe(Exception error, string[] secrets, int depth)
    {
        var message = error is DefinitionException definition ? string.Join("; ", definition.Problems) : error.Message;
        foreach (var secret in secrets)
        {
            if (secret.Length < ShortestSecret && message.Contains(secret, StringComparison.Ordinal))
            {
                message = "The message is not shown: it may quote a secret that the activity was given.";
                break;
            }

            message = message.Replace(secret, Sensitive.Mask, StringComparison.Ordinal);
        }

        message = message.Length > MaxMessageLength ? message[..MaxMessageLength] + "…" : message;
        return new ErrorInfo(error.GetType().Name, message, error.InnerException is { } inner && depth < 5 ? Describe(inner, secrets, depth + 1) : null);
    }

    private static IEnumerable<string> Secrets(ActivityExecutionContext context)
    {
        var inputs = context.Inputs ?? [];
        for (var slot = 0; slot < inputs.Length; slot++)
        {
            // What an input for secrets was given in clear is one only if it looks like one.
            var declared = context.Node.Descriptor.Inputs[slot].IsSensitive;
            foreach (var text in Texts(inputs[slot], declared))
            {
                if (text.IsSecret || text.Value.Length >= ShortestSecret)
                {
                    yield return text.Value;
                }
            }
        }
    }

    /// <summary>The texts within a value that are secret, or are all taken for secret.</summary>
    private static IEnumerable<(string Value, bool IsSecret)> Texts(object? value, bool all, bool secret = false) => value switch
    {
        Sensitive sensitive => Texts(sensitive.RevealObject(), all, secret: true),
        IEnumerable<KeyValuePair<string, object?>> map => map.SelectMany(item => Texts(item.Value, all, secret)),
        IEnumerable<object?> items => items.SelectMany(item => Texts(item, all, secret)),
        _ when !all && !secret => [],
        string text => [(text, secret)],
        JsonElement { ValueKind: JsonValueKind.Object } json => json.EnumerateObject().SelectMany(property => Texts(property.Value, all, secret)),
        JsonElement { ValueKind: JsonValueKind.Array } json => json.EnumerateArray().SelectMany(item => Texts(item, all, secret)),
        JsonElement { ValueKind: JsonValueKind.String } json => [(json.GetString()!, secret)],
        JsonElement { ValueKind: JsonValueKind.Number } json => [(json.GetRawText(), secret)],
        IFormattable number when value.GetType().IsPrimitive => [(number.ToString(null, CultureInfo.InvariantCulture), secret)],
        _ => [],
    };
}
