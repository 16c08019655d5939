using System.Text;

namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// Text of a policy with its wildcards and variables resolved (IAM User Guide, "IAM policy elements: Variables and tags").
/// What comes out of a variable is literal: a user named <c>*</c> is not everybody.
/// </summary>
internal readonly struct PolicyPattern
{
    private const int AnyRun = -1;
    private const int AnyOne = -2;

    private readonly int[] tokens;

    private PolicyPattern(int[] tokens) => this.tokens = tokens;

    /// <summary>Resolves <paramref name="text"/>; false when it uses a variable that the request has no single value for.</summary>
    public static bool TryResolve(string text, bool wildcards, bool variables, ConditionContext context, out PolicyPattern pattern)
    {
        var tokens = new List<int>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (variables && text[i] == '$' && i + 1 < text.Length && text[i + 1] == '{' && text.IndexOf('}', i + 2) is var end and > 0)
            {
                if (Resolve(text[(i + 2)..end], context) is not { } value)
                {
                    pattern = default;
                    return false;
                }

                tokens.AddRange(value.Select(static character => (int)character));
                i = end;
            }
            else
            {
                tokens.Add(wildcards && text[i] == '*' ? AnyRun : wildcards && text[i] == '?' ? AnyOne : text[i]);
            }
        }

        pattern = new PolicyPattern([.. tokens]);
        return true;
    }

    /// <summary>Whether the whole of <paramref name="value"/> fits. Linear in practice, at worst the product of both lengths.</summary>
    public bool Matches(string value, bool ignoreCase = false) => Matches(tokens, value, ignoreCase);

    /// <summary>
    /// Whether an ARN fits, each of its six parts by itself: a wildcard does not reach across a colon, except in the last part.
    /// A shorter pattern is filled up with wildcards (IAM User Guide, "IAM JSON policy elements: Resource").
    /// </summary>
    public bool MatchesArn(string arn)
    {
        var values = arn.Split(':', 6);
        if (tokens is [AnyRun])
        {
            return true;
        }

        if (values.Length != 6)
        {
            return false;
        }

        ReadOnlySpan<int> rest = tokens;
        for (var i = 0; i < 6; i++)
        {
            var colon = i < 5 ? rest.IndexOf(':') : -1;
            var part = colon >= 0 ? rest[..colon] : rest;
            if (!Matches(part, values[i], ignoreCase: false))
            {
                return false;
            }

            if (colon < 0)
            {
                return true;
            }

            rest = rest[(colon + 1)..];
        }

        return true;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var token in tokens)
        {
            text.Append(token switch { AnyRun => '*', AnyOne => '?', _ => (char)token });
        }

        return text.ToString();
    }

    private static string? Resolve(string variable, ConditionContext context)
    {
        if (variable is "*" or "?" or "$")
        {
            return variable;
        }

        // ${key, 'default'}
        var comma = variable.IndexOf(',', StringComparison.Ordinal);
        var key = (comma < 0 ? variable : variable[..comma]).Trim();
        if (context.TryGet(key, out var values) && values is [var value])
        {
            return value;
        }

        return comma >= 0 && variable[(comma + 1)..].Trim() is ['\'', .. var fallback, '\''] ? fallback : null;
    }

    private static bool Matches(ReadOnlySpan<int> pattern, string value, bool ignoreCase)
    {
        var p = 0;
        var v = 0;
        var star = -1;
        var retry = 0;
        while (v < value.Length)
        {
            if (p < pattern.Length && pattern[p] == AnyRun)
            {
                star = p++;
                retry = v;
            }
            else if (p < pattern.Length && (pattern[p] == AnyOne || Same(pattern[p], value[v], ignoreCase)))
            {
                p++;
                v++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                v = ++retry;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == AnyRun)
        {
            p++;
        }

        return p == pattern.Length;
    }

    private static bool Same(int token, char value, bool ignoreCase) =>
        token == value || (ignoreCase && token >= 0 && char.ToUpperInvariant((char)token) == char.ToUpperInvariant(value));
}
