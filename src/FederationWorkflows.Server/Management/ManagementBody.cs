using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;

namespace FederationWorkflows.Server.Management;

/// <summary>Reads JSON bodies that hold definitions, which nest deeper than others.</summary>
internal static class ManagementBody
{
    /// <summary>A definition and what is around it.</summary>
    public const int MaxBytes = DefinitionParser.MaxBytes + (64 * 1024);

    public static readonly JsonDocumentOptions Strict = new() { MaxDepth = JsonValues.MaxDepth, AllowDuplicateProperties = false };

    /// <exception cref="DefinitionException">The body is no JSON object, or too large.</exception>
    public static async ValueTask<JsonObject> ReadObjectAsync(HttpContext context, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (content.Length + read > MaxBytes)
            {
                throw Wrong("too-large", $"The body has more than {MaxBytes} bytes.");
            }

            await content.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return Parse(content.GetBuffer().AsMemory(0, (int)content.Length));
    }

    /// <exception cref="DefinitionException">It is no JSON object.</exception>
    public static JsonObject Parse(ReadOnlyMemory<byte> utf8Json)
    {
        if (utf8Json.Span.StartsWith("\uFEFF"u8))
        {
            utf8Json = utf8Json[3..];
        }

        try
        {
            JsonValues.Parse(utf8Json);
            return JsonNode.Parse(utf8Json.Span, documentOptions: Strict) as JsonObject ?? throw Wrong("invalid-json", "This must be a JSON object: { ... }.");
        }
        catch (JsonException e)
        {
            throw Wrong("invalid-json", $"This is not valid JSON: {JsonValues.Describe(e)}.");
        }
    }

    public static DefinitionException Wrong(string code, string message, string path = "$") => new(new DefinitionProblem(code, message, path));
}
