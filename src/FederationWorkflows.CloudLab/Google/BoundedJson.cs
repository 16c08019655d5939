using System.Text.Json;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>JSON from a client, checked once so that reading it later cannot fail.</summary>
internal static class BoundedJson
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>
    /// The object in <paramref name="utf8"/>. False for anything else, for a member given twice, and for text that is no Unicode (a lone surrogate).
    /// </summary>
    public static bool TryParseObject(ReadOnlyMemory<byte> utf8, out JsonElement json)
    {
        json = default;
        try
        {
            using var document = JsonDocument.Parse(utf8, Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            Decode(document.RootElement);
            json = document.RootElement.Clone();
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // A lone surrogate in an escape passes the parser and throws InvalidOperationException at the first reading.
            return false;
        }
    }

    private static void Decode(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in json.EnumerateObject())
                {
                    _ = member.Name;
                    Decode(member.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in json.EnumerateArray())
                {
                    Decode(item);
                }

                break;
            case JsonValueKind.String:
                _ = json.GetString();
                break;
        }
    }
}
