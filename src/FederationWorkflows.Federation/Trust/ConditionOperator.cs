using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace FederationWorkflows.Federation.Trust;

/// <summary>How a condition operator treats keys with several values.</summary>
public enum SetQualifier
{
    /// <summary>The key is expected to have one value.</summary>
    None,

    /// <summary><c>ForAnyValue:</c>: one of the request's values must match; a missing key does not.</summary>
    ForAnyValue,

    /// <summary><c>ForAllValues:</c>: every one of the request's values must match; a missing key matches.</summary>
    ForAllValues,
}

/// <summary>A condition operator (IAM User Guide, "IAM JSON policy elements: Condition operators"). Immutable.</summary>
public sealed class ConditionOperator
{
    private static readonly FrozenDictionary<string, (ValueComparison Comparison, bool Negated)> Known = new Dictionary<string, (ValueComparison, bool)>
    {
        ["StringEquals"] = (ValueComparison.Text, false),
        ["StringNotEquals"] = (ValueComparison.Text, true),
        ["StringEqualsIgnoreCase"] = (ValueComparison.TextIgnoreCase, false),
        ["StringNotEqualsIgnoreCase"] = (ValueComparison.TextIgnoreCase, true),
        ["StringLike"] = (ValueComparison.Like, false),
        ["StringNotLike"] = (ValueComparison.Like, true),
        ["NumericEquals"] = (ValueComparison.Number, false),
        ["NumericNotEquals"] = (ValueComparison.Number, true),
        ["NumericLessThan"] = (ValueComparison.NumberLess, false),
        ["NumericLessThanEquals"] = (ValueComparison.NumberLessOrEqual, false),
        ["NumericGreaterThan"] = (ValueComparison.NumberGreater, false),
        ["NumericGreaterThanEquals"] = (ValueComparison.NumberGreaterOrEqual, false),
        ["DateEquals"] = (ValueComparison.Date, false),
        ["DateNotEquals"] = (ValueComparison.Date, true),
        ["DateLessThan"] = (ValueComparison.DateLess, false),
        ["DateLessThanEquals"] = (ValueComparison.DateLessOrEqual, false),
        ["DateGreaterThan"] = (ValueComparison.DateGreater, false),
        ["DateGreaterThanEquals"] = (ValueComparison.DateGreaterOrEqual, false),
        ["Bool"] = (ValueComparison.Bool, false),
        ["BinaryEquals"] = (ValueComparison.Binary, false),
        ["IpAddress"] = (ValueComparison.IpAddress, false),
        ["NotIpAddress"] = (ValueComparison.IpAddress, true),
        ["ArnEquals"] = (ValueComparison.Arn, false),
        ["ArnLike"] = (ValueComparison.Arn, false),
        ["ArnNotEquals"] = (ValueComparison.Arn, true),
        ["ArnNotLike"] = (ValueComparison.Arn, true),
        ["Null"] = (ValueComparison.Absence, false),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private ConditionOperator(string name, SetQualifier qualifier, bool ifExists, ValueComparison comparison, bool negated)
    {
        Name = name;
        Qualifier = qualifier;
        IfExists = ifExists;
        Comparison = comparison;
        Negated = negated;
    }

    /// <summary>The operator as it is written, with qualifier and suffix.</summary>
    public string Name { get; }

    /// <summary>The qualifier before the colon.</summary>
    public SetQualifier Qualifier { get; }

    /// <summary>Whether a missing key satisfies it (<c>...IfExists</c>).</summary>
    public bool IfExists { get; }

    /// <summary>Whether no value may match; a missing key satisfies it.</summary>
    public bool Negated { get; }

    internal ValueComparison Comparison { get; }

    /// <summary>Reads an operator's name; false when there is none of that name.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out ConditionOperator? parsed)
    {
        parsed = null;
        var rest = name;
        var qualifier = SetQualifier.None;
        if (name.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0)
        {
            switch (name[..colon])
            {
                case "ForAnyValue":
                    qualifier = SetQualifier.ForAnyValue;
                    break;
                case "ForAllValues":
                    qualifier = SetQualifier.ForAllValues;
                    break;
                default:
                    return false;
            }

            rest = name[(colon + 1)..];
        }

        var ifExists = rest.EndsWith("IfExists", StringComparison.Ordinal);
        rest = ifExists ? rest[..^"IfExists".Length] : rest;

        // "Null" asks for existence itself: "IfExists" adds nothing and IAM has no such operator.
        if (!Known.TryGetValue(rest, out var known) || (known.Comparison == ValueComparison.Absence && (ifExists || qualifier != SetQualifier.None)))
        {
            return false;
        }

        parsed = new ConditionOperator(name, qualifier, ifExists, known.Comparison, known.Negated);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal bool Accepts(string value) => ValueComparer.Accepts(Comparison, value);
}

/// <summary>What an operator does with one value of the policy and one of the request.</summary>
internal enum ValueComparison
{
    Text,
    TextIgnoreCase,
    Like,
    Number,
    NumberLess,
    NumberLessOrEqual,
    NumberGreater,
    NumberGreaterOrEqual,
    Date,
    DateLess,
    DateLessOrEqual,
    DateGreater,
    DateGreaterOrEqual,
    Bool,
    Binary,
    IpAddress,
    Arn,
    Absence,
}
