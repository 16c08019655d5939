using System.Globalization;
using System.Numerics;

namespace FederationWorkflows.Cel.Tests.Conformance;

/// <summary>Values as the specification's tests write them (cel-spec, proto/cel/expr/value.proto) as plain values.</summary>
internal static class ProtoValues
{
    private static readonly HashSet<string> Wrappers =
    [
        "google.protobuf.BoolValue", "google.protobuf.BytesValue", "google.protobuf.DoubleValue", "google.protobuf.FloatValue", "google.protobuf.Int32Value",
        "google.protobuf.Int64Value", "google.protobuf.StringValue", "google.protobuf.UInt32Value", "google.protobuf.UInt64Value",
    ];

    public static bool IsJsonLike(string message) => Wrappers.Contains(message)
        || message is "google.protobuf.Timestamp" or "google.protobuf.Duration" or "google.protobuf.Struct" or "google.protobuf.ListValue" or "google.protobuf.Value";

    public static object? Read(TextMessage value)
    {
        var (name, content) = value.Fields.Single();
        return name switch
        {
            "null_value" => null,
            "bool_value" => value.Flag(name),
            "int64_value" => long.Parse(Atom(content), CultureInfo.InvariantCulture),
            "uint64_value" => ulong.Parse(Atom(content), CultureInfo.InvariantCulture),
            "double_value" => Double(content),
            "string_value" => ((TextString)content).Text,
            "bytes_value" => ((TextString)content).Bytes,
            "type_value" => new PlainType(((TextString)content).Text),
            "list_value" => new PlainList([.. ((TextMessage)content).Messages("values").Select(Read)]),
            "map_value" => new PlainMap([.. ((TextMessage)content).Messages("entries").Select(entry => (Read(entry.Message("key")!), Read(entry.Message("value")!)))]),
            "object_value" => Message(((TextMessage)content).Fields.Single()),
            _ => throw new FormatException($"{name} is no value that is known"),
        };
    }

    private static object? Message((string Name, TextNode Value) any)
    {
        var (type, message) = (any.Name["type.googleapis.com/".Length..], (TextMessage)any.Value);
        var value = message.Find("value");
        return type switch
        {
            "google.protobuf.Timestamp" => new PlainTimestamp(Nanos(message)),
            "google.protobuf.Duration" => new PlainDuration(Nanos(message)),
            "google.protobuf.BoolValue" => message.Flag("value"),
            "google.protobuf.BytesValue" => value is TextString bytes ? bytes.Bytes : Array.Empty<byte>(),
            "google.protobuf.StringValue" => message.Text("value"),
            "google.protobuf.DoubleValue" => value is null ? 0d : Double(value),
            "google.protobuf.FloatValue" => value is null ? 0d : (float)Double(value),
            "google.protobuf.Int32Value" or "google.protobuf.Int64Value" => value is null ? 0L : long.Parse(Atom(value), CultureInfo.InvariantCulture),
            "google.protobuf.UInt32Value" or "google.protobuf.UInt64Value" => value is null ? 0UL : ulong.Parse(Atom(value), CultureInfo.InvariantCulture),
            "google.protobuf.Struct" => Struct(message),
            "google.protobuf.ListValue" => new PlainList([.. message.Messages("values").Select(Json)]),
            _ => Json(message),
        };
    }

    /// <summary>google.protobuf.Value.</summary>
    private static object? Json(TextMessage message) => message.Fields switch
    {
        [] => null,
        [("number_value", var number)] => Double(number),
        [("string_value", TextString text)] => text.Text,
        [("bool_value", _)] => message.Flag("bool_value"),
        [("struct_value", TextMessage fields)] => Struct(fields),
        [("list_value", TextMessage list)] => new PlainList([.. list.Messages("values").Select(Json)]),
        _ => null,
    };

    private static PlainMap Struct(TextMessage message) =>
        new([.. message.Messages("fields").Select(field => ((object?)field.Text("key"), field.Message("value") is { } value ? Json(value) : null))]);

    private static BigInteger Nanos(TextMessage message) => (Integer(message.Find("seconds")) * 1_000_000_000) + Integer(message.Find("nanos"));

    private static BigInteger Integer(TextNode? node) => node is null ? 0 : BigInteger.Parse(Atom(node), CultureInfo.InvariantCulture);

    private static double Double(TextNode node) => Atom(node).TrimEnd('f', 'F') switch
    {
        "in" or "inf" or "Infinity" or "Inf" or "infinity" or "In" => double.PositiveInfinity,
        "-in" or "-inf" or "-Infinity" or "-Inf" or "-infinity" => double.NegativeInfinity,
        "nan" or "NaN" or "-nan" => double.NaN,
        var number => double.Parse(number, CultureInfo.InvariantCulture),
    };

    private static string Atom(TextNode node) => ((TextAtom)node).Text;
}
