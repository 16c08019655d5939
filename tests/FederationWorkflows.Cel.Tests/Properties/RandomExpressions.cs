using FederationWorkflows.Cel.Tests.Oracle;

namespace FederationWorkflows.Cel.Tests.Properties;

/// <summary>Random expressions over the variables of <see cref="RandomData"/>, mostly of types that fit.</summary>
internal sealed class RandomExpressions(Random random)
{
    private static readonly string[] Types = ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "optional", "time", "type", "dyn"];
    private static readonly double[] Doubles = [0, 1, -1, 1.5, -2.5, 1e21, 1e-7, 9223372036854775808d, 123456.789, double.MaxValue, double.Epsilon, -0.0];
    private static readonly ulong[] Unsigned = [0, 1, 2, 7, ulong.MaxValue, 1UL << 63];

    private readonly List<(string Name, string Type)> scope = [];

    public Node Next() => Of(Pick(Types), random.Next(1, 6));

    private T Pick<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    private Node Of(string type, int depth)
    {
        // Some of what is written does not fit.
        type = random.Next(25) == 0 ? Pick(Types) : type;
        if (depth <= 0 || random.Next(6) == 0)
        {
            return Leaf(type);
        }

        switch (random.Next(14))
        {
            case 0:
                return new Node(NodeKind.Conditional, "", Of("bool", depth - 1), Of(type, depth - 1), Of(type, depth - 1));
            case 1:
                return new Node(NodeKind.Index, "", Of("list", depth - 1), Of("int", depth - 2));
            case 2:
                return new Node(NodeKind.Select, Pick(RandomData.Keys), Of("map", depth - 1));
            case 3:
                return new Node(NodeKind.Member, "orValue", Of("optional", depth - 1), Of(type, depth - 1));
            case 4:
                var name = NewName();
                var value = Of(Pick(Types), depth - 1);
                return new Node(NodeKind.Bind, "", value, Within([name], "dyn", () => Of(type, depth - 1))) { Variables = [name] };
        }

        return type switch
        {
            "bool" => Bool(depth),
            "int" => Int(depth),
            "uint" => random.Next(3) == 0 ? Call("uint", Of(Pick(["int", "double", "string"]), depth - 1)) : Arithmetic("uint", ["+", "-", "*", "/", "%"], depth),
            "double" => Double(depth),
            "string" => Text(depth),
            "bytes" => random.Next(2) == 0 ? Call("bytes", Of("string", depth - 1)) : Arithmetic("bytes", ["+"], depth),
            "list" => List(depth),
            "map" => Map(depth),
            "optional" => Optional(depth),
            "time" => Time(depth),
            "type" => Call("type", Of(Pick(Types), depth - 1)),
            _ => random.Next(2) == 0 ? Call("dyn", Of(Pick(Types), depth - 1)) : Of(Pick(Types), depth - 1),
        };
    }

    private Node Leaf(string type)
    {
        var fitting = scope.Where(variable => variable.Type == type || variable.Type == "dyn" || type == "dyn").ToList();
        if (fitting.Count > 0 && random.Next(2) == 0)
        {
            return new Node(NodeKind.Name, Pick(fitting).Name);
        }

        return type switch
        {
            "bool" => Node.Literal(random.Next(2) == 0),
            "int" => random.Next(5) == 0 ? new Node(NodeKind.Name, "number") : Node.Literal(Pick(RandomData.Integers)),
            "uint" => Node.Literal(Pick(Unsigned)),
            "double" => Node.Literal(Pick(Doubles)),
            "string" => random.Next(5) == 0 ? new Node(NodeKind.Name, "text") : Node.Literal(Pick(RandomData.Texts)),
            "bytes" => Node.Literal(Pick<byte[]>([[], [1], [0xFF, 0xFE], [0x61]])),
            "list" => random.Next(2) == 0 ? new Node(NodeKind.Name, "items") : new Node(NodeKind.List, ""),
            "map" => random.Next(2) == 0 ? new Node(NodeKind.Name, "data") : new Node(NodeKind.Map, ""),
            "optional" => Call("optional.none"),
            "time" => Call("timestamp", Node.Literal(Pick<long>([0, 1_700_000_000, 253_402_300_799, 253_402_300_800, -62_135_596_800]))),
            "type" => new Node(NodeKind.Name, Pick(["int", "uint", "double", "string", "bytes", "bool", "list", "map", "null_type", "type"])),
            _ => random.Next(2) == 0 ? new Node(NodeKind.Name, "anything") : Node.Literal(null),
        };
    }

    private Node Bool(int depth)
    {
        switch (random.Next(8))
        {
            case 0:
                return new Node(NodeKind.Unary, "!", Of("bool", depth - 1));
            case 1:
                return new Node(NodeKind.Logical, Pick(["&&", "||"]), [.. Enumerable.Range(0, random.Next(2, 4)).Select(_ => Of("bool", depth - 1))]);
            case 2:
                var type = Pick(Types);
                return new Node(NodeKind.Binary, Pick(["==", "!="]), Of(type, depth - 1), Of(random.Next(3) == 0 ? "dyn" : type, depth - 1));
            case 3:
                var ordered = Pick(["int", "uint", "double", "string", "bytes", "bool", "time"]);
                var other = ordered is "int" or "uint" or "double" ? Pick(["int", "uint", "double"]) : ordered;
                return new Node(NodeKind.Binary, Pick(["<", "<=", ">", ">="]), Of(ordered, depth - 1), Of(other, depth - 1));
            case 4:
                return new Node(NodeKind.Binary, "in", Of(Pick(["string", "int", "double", "dyn"]), depth - 1), Of(Pick(["list", "map"]), depth - 1));
            case 5:
                return new Node(NodeKind.Has, Pick(RandomData.Keys), Of("map", depth - 1));
            case 6:
                return Macro(Pick(["all", "exists", "exists_one"]), depth);
            default:
                return random.Next(3) switch
                {
                    0 => Member(Pick(["contains", "startsWith", "endsWith"]), Of("string", depth - 1), Of("string", depth - 1)),
                    1 => Member("hasValue", Of("optional", depth - 1)),
                    _ => Call(Pick(["sets.contains", "sets.intersects", "sets.equivalent"]), Of("list", depth - 1), Of("list", depth - 1)),
                };
        }
    }

    private Node Int(int depth) => random.Next(6) switch
    {
        0 => Arithmetic("int", ["+", "-", "*", "/", "%"], depth),
        1 => new Node(NodeKind.Unary, "-", Of("int", depth - 1)),
        2 => Call("int", Of(Pick(["uint", "double", "string", "int", "time"]), depth - 1)),
        3 => random.Next(2) == 0 ? Call("size", Of(Pick(["string", "bytes", "list", "map"]), depth - 1)) : Member("size", Of(Pick(["string", "list"]), depth - 1)),
        4 => Member("indexOf", Of("string", depth - 1), Of("string", depth - 1)),
        _ => Call("math.abs", Of("int", depth - 1)),
    };

    private Node Double(int depth) => random.Next(3) switch
    {
        0 => Call("double", Of(Pick(["int", "uint", "string", "double"]), depth - 1)),
        1 => new Node(NodeKind.Unary, "-", Of("double", depth - 1)),
        _ => Arithmetic("double", ["+", "-", "*", "/"], depth),
    };

    private Node Text(int depth) => random.Next(6) switch
    {
        0 => Arithmetic("string", ["+"], depth),
        1 => Call("string", Of(Pick(["bool", "int", "uint", "double", "bytes", "string"]), depth - 1)),
        2 => Member(Pick(["lowerAscii", "upperAscii", "reverse"]), Of("string", depth - 1)),
        3 => Member("charAt", Of("string", depth - 1), Of("int", depth - 2)),
        4 => random.Next(2) == 0
            ? Member("substring", Of("string", depth - 1), Of("int", depth - 2))
            : Member("substring", Of("string", depth - 1), Of("int", depth - 2), Of("int", depth - 2)),
        _ => Member("join", Of("list", depth - 1)),
    };

    private Node List(int depth) => random.Next(6) switch
    {
        0 => Arithmetic("list", ["+"], depth),
        1 => Macro(Pick(["map", "filter", "transformList"]), depth),
        2 => Member(Pick(["reverse", "distinct"]), Of("list", depth - 1)),
        3 => Member("slice", Of("list", depth - 1), Of("int", depth - 2), Of("int", depth - 2)),
        4 => Call("lists.range", Node.Literal((long)random.Next(5))),
        _ => new Node(NodeKind.List, "", [.. Enumerable.Range(0, random.Next(4)).Select(_ => Element(Pick(Types), depth - 1))]),
    };

    private Node Element(string type, int depth) => random.Next(6) == 0 ? new Node(NodeKind.Call, "?", Of("optional", depth)) { IsOptional = true } : Of(type, depth);

    private Node Map(int depth)
    {
        if (random.Next(4) == 0)
        {
            return Macro("transformMap", depth);
        }

        var keys = Pick(["string", "string", "int", "uint", "bool", "double"]);
        return new Node(NodeKind.Map, "", [.. Enumerable.Range(0, random.Next(3)).SelectMany(_ => new[] { Of(keys, depth - 2), Element(Pick(Types), depth - 1) })]);
    }

    private Node Optional(int depth)
    {
        switch (random.Next(6))
        {
            case 0:
                return Call("optional.of", Of(Pick(Types), depth - 1));
            case 1:
                return new Node(NodeKind.Select, Pick(RandomData.Keys), Of(Pick(["map", "optional"]), depth - 1)) { IsOptional = true };
            case 2:
                return new Node(NodeKind.Index, "", Of(Pick(["list", "map"]), depth - 1), Of(Pick(["int", "string"]), depth - 2)) { IsOptional = true };
            case 3:
                return Member("or", Of("optional", depth - 1), Of("optional", depth - 1));
            case 4:
                return Member(Pick(["first", "last"]), Of("list", depth - 1));
            default:
                var name = NewName();
                var flat = random.Next(2) == 0;
                var target = Of("optional", depth - 1);
                return new Node(NodeKind.Macro, flat ? "optFlatMap" : "optMap", target, Within([name], "dyn", () => Of(flat ? "optional" : "dyn", depth - 1))) { Variables = [name] };
        }
    }

    private Node Time(int depth)
    {
        var duration = random.Next(2) == 0 ? Call("duration", Of("string", depth - 1)) : Call("duration", Node.Literal(Pick(["1s", "-5s", "86400s", "9223372036s"])));
        return random.Next(3) == 0 ? Call("timestamp", Of("int", depth - 1)) : new Node(NodeKind.Binary, Pick(["+", "-"]), Of("time", depth - 1), duration);
    }

    private Node Arithmetic(string type, string[] symbols, int depth) => new(NodeKind.Binary, Pick(symbols), Of(type, depth - 1), Of(type, depth - 1));

    private Node Macro(string name, int depth)
    {
        var range = Of(Pick(["list", "list", "map"]), depth - 1);
        var two = name.StartsWith("transform", StringComparison.Ordinal) || (name is "all" or "exists" && random.Next(3) == 0);
        string[] variables = two ? [NewName(), NewName() + "2"] : [NewName()];
        var body = name switch
        {
            "map" or "transformList" or "transformMap" => random.Next(2) == 0 ? new[] { "dyn" } : ["bool", "dyn"],
            _ => ["bool"],
        };
        return new Node(NodeKind.Macro, name, [range, .. body.Select(type => Within(variables, "dyn", () => Of(type, depth - 1)))]) { Variables = variables };
    }

    private Node Within(IReadOnlyList<string> names, string type, Func<Node> make)
    {
        scope.AddRange(names.Select(name => (name, type)));
        var node = make();
        scope.RemoveRange(scope.Count - names.Count, names.Count);
        return node;
    }

    /// <summary>Few names, so that inner ones hide outer ones.</summary>
    private string NewName() => Pick(["x", "y", "z", "data"]);

    private static Node Call(string name, params Node[] arguments) => new(NodeKind.Call, name, arguments);

    private static Node Member(string name, params Node[] arguments) => new(NodeKind.Member, name, arguments);
}
