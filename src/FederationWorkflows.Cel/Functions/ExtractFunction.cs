using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary>
/// <c>text.extract("prefix{name}suffix")</c> as attribute mappings and conditions of Google Cloud have it: what stands between the prefix
/// and the suffix; empty when they are not found (Google Cloud: "Attribute reference for IAM Conditions", extract).
/// </summary>
internal static class ExtractFunction
{
    public static IReadOnlyList<CelFunction> All { get; } = [Member("extract", "string, string", "string", Extract)];

    private static CelValue Extract(CelEvaluation evaluation, ReadOnlySpan<CelValue> args)
    {
        var (text, template) = (args[0].Text, args[1].Text);
        evaluation.ChargeLength(text.Length + template.Length);
        var open = template.IndexOf('{', StringComparison.Ordinal);
        var close = template.IndexOf('}', StringComparison.Ordinal);
        if (open < 0 || close < open)
        {
            return CelValue.Error("the template of extract() has one name in braces, such as 'role/{name}'");
        }

        var (prefix, suffix) = (template[..open], template[(close + 1)..]);
        StringFunctions.ChargeSearch(evaluation, text, prefix);
        StringFunctions.ChargeSearch(evaluation, text, suffix);
        var start = text.IndexOf(prefix, StringComparison.Ordinal);
        if (start < 0)
        {
            return CelValue.Of("");
        }

        start += prefix.Length;
        if (suffix.Length == 0)
        {
            return CelValue.Of(text[start..]);
        }

        var end = text.IndexOf(suffix, start, StringComparison.Ordinal);
        return CelValue.Of(end < 0 ? "" : text[start..end]);
    }
}
