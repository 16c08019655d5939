using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab;

/// <summary>
/// Reads and writes what the lab is told about itself. Only <c>application/json</c> is read: a page of a browser cannot send it here without asking first, and the lab
/// never agrees.
/// </summary>
internal static class LabJson
{
    private const int MaximumBody = 64 * 1024;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        WriteIndented = true,

        // For people's eyes; the answer is no HTML, and says so.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 16,
    };

    /// <summary>Reads a body and does something with it; answers 400 or 415, with what is wrong, when that cannot be done.</summary>
    public static async Task ReadAsync<T>(HttpContext http, Func<T, IResult> then)
        where T : class => await (await ResultAsync(http, then)).ExecuteAsync(http);

    public static IResult Write<T>(T value, int status = StatusCodes.Status200OK) => Results.Json(value, Options, statusCode: status);

    private static async Task<IResult> ResultAsync<T>(HttpContext http, Func<T, IResult> then)
        where T : class
    {
        if (!http.Request.HasJsonContentType())
        {
            return Wrong("The Content-Type must be application/json.", StatusCodes.Status415UnsupportedMediaType);
        }

        var buffer = new byte[MaximumBody + 1];
        var length = await http.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, http.RequestAborted);
        if (length > MaximumBody)
        {
            return Wrong($"The body has more than {MaximumBody} bytes.", StatusCodes.Status413PayloadTooLarge);
        }

        try
        {
            return JsonSerializer.Deserialize<T>(buffer.AsSpan(0, length), Options) is { } value ? then(value) : Wrong("$: null is no value here.");
        }
        catch (JsonException exception)
        {
            return Wrong($"{exception.Path ?? "$"}: {exception.Message}");
        }
        catch (ArgumentException exception)
        {
            return Wrong(exception.Message);
        }
    }

    private static IResult Wrong(string problem, int status = StatusCodes.Status400BadRequest) => Write(new Dictionary<string, string> { ["error"] = problem }, status);
}
