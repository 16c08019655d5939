using System.Text.RegularExpressions;

namespace FederationWorkflows.Cel.Tests.Conformance;

/// <summary>Which cases do not apply, by rule: those that need protobuf messages or enums, or <c>cel.block</c>, which is for optimizers.</summary>
internal static partial class Applicability
{
    /// <summary>Why a case does not apply, or null when it does.</summary>
    public static string? WhyNot(ConformanceCase test)
    {
        var code = Literals().Replace(test.Expression, "''");
        return Block().IsMatch(code) ? "uses cel.block"
            : code.Contains("proto.getExt", StringComparison.Ordinal) || code.Contains("proto.hasExt", StringComparison.Ordinal) ? "reads extensions of proto2 messages"
            : Construction().IsMatch(code) ? "makes a protobuf message"
            : ProtobufNames().IsMatch(code) ? "names a protobuf message or enum"
            : NeedsMessage(test.Body) ? "is given or expects a protobuf message or enum"
            : null;
    }

    /// <summary>Types and values of messages other than those that are JSON-like by themselves: times, wrappers, Struct, ListValue and Value.</summary>
    private static bool NeedsMessage(TextNode node) => node is TextMessage message && message.Fields.Any(field =>
        field.Name == "enum_value"
        || (field.Name == "message_type" && !ProtoValues.IsJsonLike(((TextString)field.Value).Text))
        || (field.Name.StartsWith("type.googleapis.com/", StringComparison.Ordinal) && !ProtoValues.IsJsonLike(field.Name["type.googleapis.com/".Length..]))
        || NeedsMessage(field.Value));

    [GeneratedRegex("""
        (?ix: [rb]{0,2} (?: \"{3} .*? \"{3} | '{3} .*? '{3} | (?<=[rR][bB]?) \" [^\"]* \" | (?<=[rR][bB]?) ' [^']* ' | \" (?: \\. | [^\"\\] )* \" | ' (?: \\. | [^'\\] )* ' ) )
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.Singleline)]
    private static partial Regex Literals();

    [GeneratedRegex(@"(?<![\w.])(?!in\s*\{)\.?[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\s*\{")]
    private static partial Regex Construction();

    [GeneratedRegex(@"\bcel\.(block|index|iterVar|accuVar)\b")]
    private static partial Regex Block();

    [GeneratedRegex(@"cel\.expr\.conformance\.|\b(TestAllTypes|NestedTestAllTypes|GlobalEnum|NestedEnum)\b|google\.protobuf\.(?!Timestamp\b|Duration\b)[A-Z]")]
    private static partial Regex ProtobufNames();
}
