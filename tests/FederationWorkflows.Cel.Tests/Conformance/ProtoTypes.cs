using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Tests.Conformance;

/// <summary>Types as the specification's tests write them (cel-spec, proto/cel/expr/checked.proto).</summary>
internal static class ProtoTypes
{
    public static CelType Read(TextMessage type)
    {
        var (name, content) = type.Fields.Single();
        return (name, content) switch
        {
            ("dyn", _) => CelType.Dyn,
            ("null", _) => CelType.Null,
            ("primitive", TextAtom { Text: "BOOL" }) => CelType.Bool,
            ("primitive", TextAtom { Text: "INT64" }) => CelType.Int,
            ("primitive", TextAtom { Text: "UINT64" }) => CelType.Uint,
            ("primitive", TextAtom { Text: "DOUBLE" }) => CelType.Double,
            ("primitive", TextAtom { Text: "STRING" }) => CelType.String,
            ("primitive", TextAtom { Text: "BYTES" }) => CelType.Bytes,
            ("well_known", TextAtom { Text: "TIMESTAMP" }) => CelType.Timestamp,
            ("well_known", TextAtom { Text: "DURATION" }) => CelType.Duration,
            ("list_type", TextMessage list) => CelType.ListOf(ReadOrDyn(list, "elem_type")),
            ("map_type", TextMessage map) => CelType.MapOf(ReadOrDyn(map, "key_type"), ReadOrDyn(map, "value_type")),
            ("type", TextMessage inner) => CelType.TypeOf(inner.Fields.Count == 0 ? CelType.Dyn : Read(inner)),
            ("type_param", TextString parameter) => CelType.Parameter(parameter.Text),
            ("abstract_type", TextMessage named) => CelType.Opaque(named.Text("name"), [.. named.Messages("parameter_types").Select(Read)]),
            ("message_type", TextString { Text: "google.protobuf.Timestamp" }) => CelType.Timestamp,
            ("message_type", TextString { Text: "google.protobuf.Duration" }) => CelType.Duration,
            ("message_type", TextString { Text: "google.protobuf.Struct" }) => CelType.MapOf(CelType.String, CelType.Dyn),
            ("message_type", TextString { Text: "google.protobuf.ListValue" }) => CelType.AnyList,

            // A wrapper is its value or null, and Value is anything: JSON-like data of unknown type.
            ("message_type" or "wrapper" or "well_known", _) => CelType.Dyn,
            _ => throw new FormatException($"{name} is no type that is known"),
        };
    }

    /// <summary>Functions that a test declares; only their types are asked for.</summary>
    public static IEnumerable<CelFunction> Functions(TextMessage declaration) =>
        declaration.Message("function")?.Messages("overloads").Select(overload =>
        {
            var parameters = string.Join(", ", overload.Messages("params").Select(type => Notation(Read(type))));
            var result = Notation(Read(overload.Message("result_type")!));
            return overload.Flag("is_instance_function")
                ? CelFunction.Member(declaration.Text("name"), parameters, result, (_, _) => CelValueOfDeclaration)
                : CelFunction.Global(declaration.Text("name"), parameters, result, (_, _) => CelValueOfDeclaration);
        }) ?? [];

    private static Values.CelValue CelValueOfDeclaration => Values.CelValue.Error("the test declares this function without defining it");

    private static string Notation(CelType type) => type.Kind == CelTypeKind.Null ? "null" : type.ToString();

    private static CelType ReadOrDyn(TextMessage message, string field) => message.Message(field) is { } type ? Read(type) : CelType.Dyn;
}
