using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>Reading and answering as Google's front end does: bounded bodies, indented JSON that no cache keeps.</summary>
internal static class GoogleHttp
{
    /// <summary>Assertions and IAM requests are a few kilobytes; this leaves room and no more.</summary>
    public const int LargestBody = 64 * 1024;

    // Google leaves quotes readable in messages; the answer is no HTML, and says so.
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The body as text; null when it is larger than <see cref="LargestBody"/>.</summary>
    public static async Task<string?> ReadBodyAsync(HttpContext context)
    {
        var buffer = new byte[LargestBody + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        return length > LargestBody ? null : Encoding.UTF8.GetString(buffer, 0, length);
    }

    /// <summary>A form's fields; null when the body is too large or is no form.</summary>
    public static async Task<Dictionary<string, StringValues>?> ReadFormAsync(HttpContext context)
    {
        if (await ReadBodyAsync(context) is not { } body)
        {
            return null;
        }

        try
        {
            using var reader = new FormReader(body) { ValueCountLimit = 64, KeyLengthLimit = 256, ValueLengthLimit = LargestBody };
            return await reader.ReadFormAsync(context.RequestAborted);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    public static bool HasForm(HttpContext context) =>
        context.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The token of an <c>Authorization: Bearer</c> header; null without one.</summary>
    public static string? BearerToken(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim() : null;
    }

    public static Task WriteAsync(HttpContext context, int status, JsonNode body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=UTF-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-cache, no-store, max-age=0, must-revalidate";
        return context.Response.WriteAsync(body.ToJsonString(Indented) + "\n", context.RequestAborted);
    }
}
