using System.Text;
using System.Text.Json;

namespace FederationWorkflows.Federation.Trust;

/// <summary>
/// Reads JSON from outside so that nothing in it can throw later: no duplicate names, bounded depth, and text that really is text -
/// System.Text.Json otherwise reports broken UTF-8 and lone surrogates only when a value is asked for.
/// </summary>
internal static class StrictJson
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="JsonException">It is not such JSON.</exception>
    public static JsonDocument Parse(string json, int maximumDepth)
    {
        try
        {
            return Parse(StrictUtf8.GetBytes(json), maximumDepth);
        }
        catch (EncoderFallbackException exception)
        {
            throw new JsonException("The text has a lone surrogate.", exception);
        }
    }

    /// <exception cref="JsonException">It is not such JSON.</exception>
    public static JsonDocument Parse(byte[] utf8, int maximumDepth)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = maximumDepth });
            Touch(document.RootElement);
            return document;
        }
        catch (InvalidOperationException exception)
        {
            document?.Dispose();
            throw new JsonException("A text in the JSON is not valid Unicode.", exception);
        }
    }

    private static void Touch(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    Touch(property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Touch(item);
                }

                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
        }
    }
}
