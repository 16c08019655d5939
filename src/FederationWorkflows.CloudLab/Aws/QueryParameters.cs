using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>
/// The parameters of a query API call. Breaches of constraints are collected and thrown together, in AWS's own words.
/// </summary>
internal sealed class QueryParameters(IReadOnlyDictionary<string, string> values)
{
    private readonly List<string> breaches = [];

    public string? this[string name] => values.GetValueOrDefault(name);

    /// <summary>A text the call must have; empty when it is missing, which <see cref="ThrowIfInvalid"/> then says.</summary>
    public string Required(string name, int minimum, int maximum, bool sensitive = false)
    {
        var value = Optional(name, minimum, maximum, sensitive);
        if (value is null)
        {
            Breach("Value null", name, "Member must not be null");
        }

        return value ?? string.Empty;
    }

    public string? Optional(string name, int minimum, int maximum, bool sensitive = false)
    {
        if (values.GetValueOrDefault(name) is not { } value)
        {
            return null;
        }

        if (value.Length < minimum)
        {
            Breach(Quote(value, sensitive), name, $"Member must have length greater than or equal to {minimum}");
        }
        else if (value.Length > maximum)
        {
            Breach(Quote(value, sensitive), name, $"Member must have length less than or equal to {maximum}");
        }

        return value;
    }

    /// <summary>A session name, source identity: 2 to 64 of <c>\w+=,.@-</c>.</summary>
    public string? Name(string name, bool required)
    {
        var value = required ? Required(name, 2, 64) : Optional(name, 2, 64);
        if (!string.IsNullOrEmpty(value) && !value.All(static character => char.IsAsciiLetterOrDigit(character) || "_+=,.@-".Contains(character, StringComparison.Ordinal)))
        {
            Breach(Quote(value, sensitive: false), name, @"Member must satisfy regular expression pattern: [\w+=,.@-]*");
        }

        return value;
    }

    public int Integer(string name, int minimum, int maximum, int fallback)
    {
        if (values.GetValueOrDefault(name) is not { } text)
        {
            return fallback;
        }

        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            throw new AwsException("MalformedInput", $"Value '{text}' at '{MemberName(name)}' is not a whole number", StatusCodes.Status400BadRequest);
        }

        if (value < minimum)
        {
            Breach(Quote(text, sensitive: false), name, $"Member must have value greater than or equal to {minimum}");
        }
        else if (value > maximum)
        {
            Breach(Quote(text, sensitive: false), name, $"Member must have value less than or equal to {maximum}");
        }

        return value;
    }

    /// <summary>The pairs of a list such as <c>Tags.member.1.Key</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Pairs(string list, int maximum)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        while (values.GetValueOrDefault($"{list}.member.{pairs.Count + 1}.Key") is { } key)
        {
            pairs.Add(new(key, values.GetValueOrDefault($"{list}.member.{pairs.Count + 1}.Value") ?? string.Empty));
            if (pairs.Count > maximum)
            {
                Breach("Value", list, $"Member must have length less than or equal to {maximum}");
                break;
            }
        }

        return pairs;
    }

    /// <summary>The texts of a list such as <c>TagKeys.member.1</c>.</summary>
    public IReadOnlyList<string> Values(string list, int maximum)
    {
        var texts = new List<string>();
        while (values.GetValueOrDefault($"{list}.member.{texts.Count + 1}") is { } text)
        {
            texts.Add(text);
            if (texts.Count > maximum)
            {
                Breach("Value", list, $"Member must have length less than or equal to {maximum}");
                break;
            }
        }

        return texts;
    }

    /// <summary>Notes a breach unless a constraint holds.</summary>
    /// <param name="holds">Whether it does.</param>
    /// <param name="value">What does not fit; null for something that is missing.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="constraint">The constraint in AWS's words.</param>
    public void Check(bool holds, string? value, string name, string constraint)
    {
        if (!holds)
        {
            Breach(value is null ? "Value null" : Quote(value, sensitive: false), name, constraint);
        }
    }

    public bool HasList(string list) => values.Keys.Any(key => key.StartsWith($"{list}.member.", StringComparison.Ordinal));

    public void ThrowIfInvalid()
    {
        if (breaches.Count > 0)
        {
            throw Invalid($"{breaches.Count} validation error{(breaches.Count == 1 ? string.Empty : "s")} detected: {string.Join("; ", breaches)}");
        }
    }

    public static AwsException Invalid(string message) => new("ValidationError", message, StatusCodes.Status400BadRequest);

    private void Breach(string value, string name, string constraint) =>
        breaches.Add($"{value} at '{MemberName(name)}' failed to satisfy constraint: {constraint}");

    private static string Quote(string value, bool sensitive) => sensitive ? "Value" : $"Value '{value}'";

    private static string MemberName(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
