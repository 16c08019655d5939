using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Http;

/// <summary>JSON from outside, in whatever encoding it comes.</summary>
internal static class JsonBody
{
    /// <summary>Parses a body.</summary>
    /// <returns>The value, or what is wrong with it and where; neither for an empty body.</returns>
    public static (JsonElement? Value, JsonProblem? Problem) Parse(ReadOnlyMemory<byte> body, Encoding encoding)
    {
        if (encoding is not UTF8Encoding)
        {
            body = Encoding.UTF8.GetBytes(BodyType.Decode(body.Span, encoding));
        }
        else if (body.Span.StartsWith(Encoding.UTF8.Preamble))
        {
            body = body[3..];
        }

        if (body.Span.Trim(" \t\r\n"u8).IsEmpty)
        {
            return (null, null);
        }

        try
        {
            return (JsonValues.Parse(body), null);
        }
        catch (JsonException e)
        {
            return (null, new JsonProblem(JsonValues.Describe(e), (int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1));
        }
    }
}

/// <summary>What is wrong with a JSON text.</summary>
/// <param name="Message">What, as part of a sentence.</param>
/// <param name="Line">Where, from 1.</param>
/// <param name="Column">Where, in bytes of UTF-8 from 1.</param>
internal sealed record JsonProblem(string Message, int Line, int Column);
