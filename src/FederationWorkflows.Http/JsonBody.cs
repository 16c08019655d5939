using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Http;

/// <summary>
/// JSON from outside. Beyond the grammar it makes sure that every text in it is text - valid UTF-8, no half surrogate pairs -,
/// so that nothing that reads the values later can stumble over them.
/// </summary>
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

        if (!Utf8.IsValid(body.Span))
        {
            return (null, Problem(body.Span, FirstInvalid(body.Span), "the text is not valid UTF-8"));
        }

        try
        {
            var value = JsonValues.Parse(body);
            return HalfPair(body.Span) is { } at ? (null, Problem(body.Span, at, "a text has half of a surrogate pair")) : (value, null);
        }
        catch (JsonException e)
        {
            return (null, new JsonProblem(JsonValues.Describe(e), (int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1));
        }
    }

    private static int FirstInvalid(ReadOnlySpan<byte> body)
    {
        var at = 0;
        while (at < body.Length && Rune.DecodeFromUtf8(body[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }

    private static int? HalfPair(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = JsonValues.MaxDepth });
        while (reader.Read())
        {
            if (!reader.ValueIsEscaped)
            {
                continue;
            }

            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException)
            {
                return (int)reader.TokenStartIndex;
            }
        }

        return null;
    }

    private static JsonProblem Problem(ReadOnlySpan<byte> body, int at, string message)
    {
        var before = body[..at];
        return new JsonProblem(message, before.Count((byte)'\n') + 1, at - before.LastIndexOf((byte)'\n'));
    }
}

/// <summary>What is wrong with a JSON text.</summary>
/// <param name="Message">What, as part of a sentence.</param>
/// <param name="Line">Where, from 1.</param>
/// <param name="Column">Where, in bytes of UTF-8 from 1.</param>
internal sealed record JsonProblem(string Message, int Line, int Column);
