using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Engine.Execution;

/// <summary>Makes of an exception what a user may see.</summary>
internal static class Redaction
{
    /// <summary>Shorter values than this would mask ordinary words.</summary>
    private const int ShortestSecret = 6;

    private const int MaxMessageLength = 4_000;

    /// <summary>The error without stack trace, and without any sensitive input of the activity, should its message quote one.</summary>
    public static ErrorInfo Describe(Exception error, ActivityExecutionContext context)
    {
        var secrets = Secrets(context).Where(secret => secret.Length >= ShortestSecret).OrderByDescending(secret => secret.Length).ToArray();
        return Describe(error, secrets, depth: 0);
    }

    private static ErrorInfo Describe(Exception error, string[] secrets, int depth)
    {
        var message = error is DefinitionException definition ? string.Join("; ", definition.Problems) : error.Message;
        foreach (var secret in secrets)
        {
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
            var value = inputs[slot];
            if (value is Sensitive sensitive)
            {
                value = sensitive.RevealObject();
            }
            else if (!context.Node.Descriptor.Inputs[slot].IsSensitive)
            {
                continue;
            }

            if (value is string text)
            {
                yield return text;
            }
        }
    }
}
