using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using FederationWorkflows.Engine.State;

namespace FederationWorkflows.Engine;

/// <summary>Writes UTF-8 JSON for storage. A commit writes several pieces of it, so each thread keeps the room it writes in.</summary>
public static class JsonBytes
{
    /// <summary>Bytes that a piece rarely exceeds.</summary>
    private const int FirstRoom = 8 * 1024;

    /// <summary>Bytes beyond which the room is given up: large pieces are rare.</summary>
    private const int MaxKept = 256 * 1024;

    [ThreadStatic]
    private static Room? free;

    /// <summary>People's text stays as it is. Who writes is this product's own code, whose tests read all of it again.</summary>
    internal static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = StateCodec.MaxDepth, SkipValidation = true };

    /// <summary>One JSON value.</summary>
    /// <param name="what">What is written.</param>
    /// <param name="write">Writes it, and nothing else. It may call this method in turn.</param>
    public static byte[] Write<T>(T what, Action<Utf8JsonWriter, T> write)
    {
        var room = free ?? new Room();
        free = null;
        try
        {
            write(room.Writer, what);
            room.Writer.Flush();
            return room.Buffer.WrittenSpan.ToArray();
        }
        finally
        {
            if (room.Buffer.Capacity <= MaxKept)
            {
                room.Buffer.ResetWrittenCount();
                room.Writer.Reset();
                free = room;
            }
        }
    }

    /// <summary>
    /// Copies JSON as it is. What came in by way of an API may hold bytes that are no text, which the writer mends, or half of a pair, which it
    /// refuses (<see cref="JsonValues.Parse(string)"/> refuses both): that is written anew.
    /// </summary>
    public static void Copy(Utf8JsonWriter writer, JsonElement json)
    {
        var raw = JsonMarshal.GetRawUtf8Value(json);
        if (JsonValues.IsSound(raw))
        {
            writer.WriteRawValue(raw, skipInputValidation: true);
        }
        else
        {
            json.WriteTo(writer);
        }
    }

    private sealed class Room
    {
        public Room()
        {
            Writer = new Utf8JsonWriter(Buffer, Options);
        }

        public ArrayBufferWriter<byte> Buffer { get; } = new(FirstRoom);

        public Utf8JsonWriter Writer { get; }
    }
}
