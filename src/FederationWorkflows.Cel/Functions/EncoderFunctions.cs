using FederationWorkflows.Cel.Values;
using static FederationWorkflows.Cel.CelFunction;

namespace FederationWorkflows.Cel.Functions;

/// <summary>The extension "encoders": base64 (RFC 4648), whose padding may be missing when it is read.</summary>
internal static class EncoderFunctions
{
    public static IReadOnlyList<CelFunction> All { get; } =
    [
        Global("base64.encode", "bytes", "string", static (evaluation, args) =>
        {
            evaluation.ChargeLength(args[0].Bytes.Length);
            return CelValue.Of(Convert.ToBase64String(args[0].Bytes.Span));
        }),
        Global("base64.decode", "string", "bytes", static (evaluation, args) => Decode(evaluation, args[0].Text)),
    ];

    private static CelValue Decode(CelEvaluation evaluation, string text)
    {
        evaluation.ChargeLength(text.Length);
        var padded = text.EndsWith('=') ? text : text.PadRight((text.Length + 3) / 4 * 4, '=');
        var bytes = new byte[(padded.Length / 4 * 3) + 3];
        return Convert.TryFromBase64String(padded, bytes, out var written)
            ? CelValue.Of(bytes[..written])
            : CelValue.Error("this is not base64: letters, digits, '+' and '/', in groups of four. For '-' and '_' use base64url.decode()");
    }
}
