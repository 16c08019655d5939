using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Cel;
using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Engine.Expressions.Cel;

/// <summary>The functions stories need beside those of the language.</summary>
internal static class StoryLibrary
{
    private static readonly CelFunction[] All = [.. Functions()];

    private static readonly CelLibrary Library = new(All);

    /// <summary>What they are called, with namespace.</summary>
    public static IEnumerable<string> FunctionNames => All.Select(function => function.Name).Distinct();

    /// <summary>What an expression at one place of a story can name and call.</summary>
    public static CelEnvironment EnvironmentFor(IExpressionCompilationScope scope) => EnvironmentFor(new StoryNames(scope), scope.Host);

    /// <summary>The functions of stories over other names.</summary>
    public static CelEnvironment EnvironmentFor(ICelNames names, ExpressionHost host) => new(names, Library, new CelOptions
    {
        CostLimit = host.CostLimit,
        MaxExpressionLength = host.MaxExpressionLength,
        MaxInputLength = host.MaxInputLength,
    });

    private static IEnumerable<CelFunction> Functions() =>
    [
        Global("now", "", "timestamp", static (evaluation, _) => CelValue.Of(CelTimestamp.From(Host(evaluation).TimeProvider.GetUtcNow())), isVolatile: true),
        Global("uuid", "", "string", static (evaluation, _) => CelValue.Of(Host(evaluation).NewId().ToString()), isVolatile: true),

        Global("json.parse", "string", "dyn", ParseJson),
        Global("json.render", "dyn", "string", static (evaluation, args) => Text(evaluation, StoryValues.ToJson(evaluation.Export(args[0])))),
        .. OfText("base64.encode", "string", static bytes => Convert.ToBase64String(bytes), bytesToo: false),
        .. OfText("base64url.encode", "string", static bytes => System.Buffers.Text.Base64Url.EncodeToString(bytes)),
        Global("base64url.decode", "string", "bytes", static (evaluation, args) => Decode(evaluation, args[0].Text, FromBase64Url, "base64url: letters, digits, '-' and '_'")),
        .. OfText("hex.encode", "string", static bytes => Convert.ToHexStringLower(bytes)),
        Global("hex.decode", "string", "bytes", static (evaluation, args) => Decode(evaluation, args[0].Text, Convert.FromHexString, "hexadecimal: pairs of digits 0-9 and a-f")),
        Global("hash.sha256", "string", "bytes", static (evaluation, args) => CelValue.Of(SHA256.HashData(Utf8(evaluation, args[0])))),
        Global("hash.sha256", "bytes", "bytes", static (evaluation, args) => CelValue.Of(SHA256.HashData(Utf8(evaluation, args[0])))),
        .. from key in TextOrBytes from data in TextOrBytes select Global("hmac.sha256", $"{key}, {data}", "bytes", static (evaluation, args) =>
            CelValue.Of(HMACSHA256.HashData(Utf8(evaluation, args[0]), Utf8(evaluation, args[1])))),
        Global("url.encode", "string", "string", static (evaluation, args) => Text(evaluation, Uri.EscapeDataString(Charged(evaluation, args[0].Text)))),
        Global("url.decode", "string", "string", static (evaluation, args) => Text(evaluation, WebUtility.UrlDecode(Charged(evaluation, args[0].Text)))),
        Global("jwt.unverifiedHeader", "string", "map(string, dyn)", static (evaluation, args) => JwtPart(evaluation, args[0].Text, 0)),
        Global("jwt.unverifiedClaims", "string", "map(string, dyn)", static (evaluation, args) => JwtPart(evaluation, args[0].Text, 1)),
        Global("arn.parse", "string", "map(string, string)", static (evaluation, args) => ParseArn(Charged(evaluation, args[0].Text))),
        Global("lists.zip", "list(A), list(B)", "list(list(dyn))", Zip),
        Member("format", "timestamp, string", "string", static (evaluation, args) => FormatTime(args[0], Charged(evaluation, args[1].Text), "UTC")),
        Member("format", "timestamp, string, string", "string", static (evaluation, args) => FormatTime(args[0], Charged(evaluation, args[1].Text), args[2].Text)),
    ];

    private static string[] TextOrBytes => ["string", "bytes"];

    private static ExpressionHost Host(CelEvaluation evaluation) => ((IHostActivation)evaluation.Activation).Host;

    private static CelValue Text(CelEvaluation evaluation, string text) => CelValue.Of(Charged(evaluation, text));

    private static string Charged(CelEvaluation evaluation, string text)
    {
        evaluation.ChargeLength(text.Length);
        return text;
    }

    /// <summary>A text's UTF-8, or bytes.</summary>
    private static byte[] Utf8(CelEvaluation evaluation, in CelValue value)
    {
        var bytes = value.Kind == CelKind.String ? Encoding.UTF8.GetBytes(value.Text) : value.Bytes.ToArray();
        evaluation.ChargeLength(bytes.Length);
        return bytes;
    }

    private static IEnumerable<CelFunction> OfText(string name, string result, Func<byte[], string> encode, bool bytesToo = true) =>
        TextOrBytes.Where(type => bytesToo || type == "string").Select(type => Global(name, type, result, (evaluation, args) => Text(evaluation, encode(Utf8(evaluation, args[0])))));

    private static CelValue ParseJson(CelEvaluation evaluation, ReadOnlySpan<CelValue> args)
    {
        try
        {
            return CelValue.Of(JsonValues.Parse(Charged(evaluation, args[0].Text)));
        }
        catch (JsonException e)
        {
            return CelValue.Error("the text is not valid JSON", $"line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: {JsonValues.Describe(e)}");
        }
    }

    private static CelValue Decode(CelEvaluation evaluation, string text, Func<string, byte[]> decode, string form)
    {
        try
        {
            return CelValue.Of(decode(Charged(evaluation, text)));
        }
        catch (FormatException)
        {
            return CelValue.Error($"this is not {form}");
        }
    }

    private static byte[] FromBase64Url(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);

    private static CelValue JwtPart(CelEvaluation evaluation, string token, int index)
    {
        try
        {
            var parts = Charged(evaluation, token).Split('.');
            if (parts.Length == 3 && CelValue.Of(JsonValues.Parse(FromBase64Url(parts[index]))) is { Kind: CelKind.Map } part)
            {
                return part;
            }
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Said below.
        }

        return CelValue.Error("this is not a JWT: three parts of base64url joined by dots, the first two JSON objects");
    }

    /// <summary>arn:partition:service:region:account:resource (AWS: "Identify AWS resources with Amazon Resource Names").</summary>
    private static CelValue ParseArn(string arn) => arn.Split(':', 6) is ["arn", var partition, var service, var region, var account, var resource]
        ? CelValue.MapOf(
            KeyValuePair.Create("partition", CelValue.Of(partition)),
            KeyValuePair.Create("service", CelValue.Of(service)),
            KeyValuePair.Create("region", CelValue.Of(region)),
            KeyValuePair.Create("account", CelValue.Of(account)),
            KeyValuePair.Create("resource", CelValue.Of(resource)))
        : CelValue.Error("this is not an ARN: arn:partition:service:region:account:resource", $"'{arn}'");

    private static CelValue Zip(CelEvaluation evaluation, ReadOnlySpan<CelValue> args)
    {
        var (left, right) = (evaluation.ItemsOf(args[0]), evaluation.ItemsOf(args[1]));
        return left.Count == right.Count
            ? CelValue.ListOf([.. left.Zip(right, (a, b) => CelValue.ListOf(a, b))])
            : CelValue.Error("the two lists must be of one size", $"{left.Count} and {right.Count} elements");
    }

    private static CelValue FormatTime(in CelValue time, string format, string zone)
    {
        if (!time.Timestamp.TryIn(zone, out var local))
        {
            return CelValue.Error("unknown time zone; write a name such as Europe/Stockholm or an offset such as +02:00", $"'{zone}'");
        }

        // The offset that 'z' and 'K' write is the zone's, which .NET knows to whole minutes and up to 14 hours; of a time alone it would be the host's.
        var offset = TimeSpan.FromSeconds(Math.Round((local - time.Timestamp.ToDateTimeOffset().UtcDateTime).TotalSeconds));
        if (offset.Duration() > TimeSpan.FromHours(14))
        {
            return CelValue.Error("format() takes offsets up to 14:00", $"'{zone}'");
        }

        try
        {
            return CelValue.Of(new DateTimeOffset(local, offset).ToString(format, CultureInfo.InvariantCulture));
        }
        catch (FormatException)
        {
            return CelValue.Error("this is not a date format; write for example yyyy-MM-dd HH:mm:ss", $"'{format}'");
        }
    }
}
