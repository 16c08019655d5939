using System.Buffers;
using System.Text.Json;
using FederationWorkflows.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace FederationWorkflows.Http.Endpoints;

/// <summary>Turns a live request into data a run can keep. Whatever comes in, it reads a bounded amount and fails with its own exceptions only.</summary>
public static class HttpRequestReader
{
    /// <summary>Bytes that are set aside at most before anything came, whatever a caller says.</summary>
    private const int FirstRoom = 16 * 1024;

    /// <summary>Reads a request to its end.</summary>
    /// <param name="request">The request; its body is consumed.</param>
    /// <param name="limits">What the host takes at most. The bytes are counted as they come: a wrong or missing Content-Length changes nothing.</param>
    /// <param name="rules">What the endpoint takes at most; null for no rules.</param>
    /// <param name="cancellationToken">Usually the request's abortion.</param>
    /// <exception cref="HttpBodyTooLargeException">The body or a file is too long: answer 413.</exception>
    /// <exception cref="HttpBodyException">The body is malformed or of a kind that is not taken: answer its status, 400 or 415.</exception>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public static async Task<HttpRequestData> ReadAsync(HttpRequest request, HttpRequestLimits limits, HttpUploadRules? rules, CancellationToken cancellationToken) =>
        await ParseAsync(request, await ReadBodyAsync(request, limits, rules, cancellationToken), limits, rules, null, cancellationToken);

    /// <summary>Reads the body and nothing else, for who must know that the caller may send it before it is looked into.</summary>
    /// <param name="request">The request; its body is consumed.</param>
    /// <param name="limits">What the host takes at most.</param>
    /// <param name="rules">What the endpoint takes at most; null for no rules.</param>
    /// <param name="cancellationToken">Usually the request's abortion.</param>
    /// <exception cref="HttpBodyTooLargeException">The body is too long: answer 413.</exception>
    /// <exception cref="HttpBodyException">It cannot be read, or is of a kind that is not taken: answer its status, 400 or 415.</exception>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public static Task<byte[]> ReadBodyAsync(HttpRequest request, HttpRequestLimits limits, HttpUploadRules? rules, CancellationToken cancellationToken)
    {
        _ = TypeOf(request);
        if (request.Headers.ContentEncoding.Any(coding => !string.Equals(coding, "identity", StringComparison.OrdinalIgnoreCase)))
        {
            throw new HttpBodyException(415, "Compressed bodies are not taken. Send the body without Content-Encoding.");
        }

        return ReadBodyAsync(request, Math.Min(limits.MaxBodyBytes, rules?.RequestSizeLimit ?? long.MaxValue), cancellationToken);
    }

    /// <summary>Makes of a request and its body what a run keeps.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">What <see cref="ReadBodyAsync(HttpRequest, HttpRequestLimits, HttpUploadRules?, CancellationToken)"/> gave.</param>
    /// <param name="limits">What the host takes at most.</param>
    /// <param name="rules">What the endpoint takes at most; null for no rules.</param>
    /// <param name="secretHeader">A header that is a secret besides those that are by their names; null for none.</param>
    /// <param name="cancellationToken">Usually the request's abortion.</param>
    /// <exception cref="HttpBodyTooLargeException">A file is too long: answer 413.</exception>
    /// <exception cref="HttpBodyException">The body is malformed or of a kind that is not taken: answer its status, 400 or 415.</exception>
    public static async Task<HttpRequestData> ParseAsync(
        HttpRequest request, byte[] body, HttpRequestLimits limits, HttpUploadRules? rules, string? secretHeader, CancellationToken cancellationToken)
    {
        var type = TypeOf(request);
        var (headers, secretHeaders) = Split(
            request.Headers.Select(h => KeyValuePair.Create(h.Key.ToLowerInvariant(), h.Value)),
            name => HeaderFields.IsSecret(name) || string.Equals(name, secretHeader, StringComparison.OrdinalIgnoreCase));
        var (query, secretQuery) = Split(request.Query, HeaderFields.IsSecretParameter);
        var data = new HttpRequestData
        {
            Method = request.Method.ToUpperInvariant(),
            Path = request.Path.Value ?? "/",
            Query = query,
            SecretQuery = secretQuery,
            Headers = headers,
            SecretHeaders = secretHeaders,
            ContentType = request.ContentType,
            ContentLength = body.Length,
        };
        if (body.Length > 0)
        {
            data = await ParseAsync(data, type, body, limits, cancellationToken);
        }

        return rules?.Check(data) is { } problem ? throw problem.Error : data;
    }

    private static BodyType TypeOf(HttpRequest request) =>
        BodyType.Parse(request.ContentType) ?? throw new HttpBodyException(415, "The Content-Type header is not valid. Send for example: application/json.");

    private static async Task<HttpRequestData> ParseAsync(HttpRequestData data, BodyType type, byte[] body, HttpRequestLimits limits, CancellationToken cancellationToken)
    {
        if (type.Kind == BodyKind.Binary)
        {
            return data with { Body = body };
        }

        var encoding = type.FindEncoding() ?? throw new HttpBodyException(415, "The charset of the Content-Type header is not known. Send UTF-8.");
        switch (type.Kind)
        {
            case BodyKind.Json:
                var (value, problem) = JsonBody.Parse(body, encoding);
                return problem is null
                    ? data with { ParsedContent = value }
                    : throw new HttpBodyException(400, $"The body is not valid JSON: {problem.Message}", problem.Line, problem.Column);
            case BodyKind.Form:
                return data with { ParsedContent = ToJson(await FormBody.ReadAsync(BodyType.Decode(body, encoding), limits, cancellationToken)) };
            case BodyKind.Multipart:
                var (fields, files) = await FormBody.ReadMultipartAsync(body, type.Boundary, limits, cancellationToken);
                return data with { ParsedContent = ToJson(fields), Files = files };
            default:
                return data with { ParsedContent = JsonSerializer.SerializeToElement(BodyType.Decode(body, encoding)) };
        }
    }

    private static async Task<byte[]> ReadBodyAsync(HttpRequest request, long limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            throw new HttpBodyTooLargeException("The request's body", limit);
        }

        // One more than there is, so that its end is seen without more room.
        var body = new ArrayBufferWriter<byte>((int)Math.Clamp(request.ContentLength ?? 0, 1_023, FirstRoom - 1) + 1);
        try
        {
            while (true)
            {
                var read = await request.Body.ReadAsync(body.GetMemory(), cancellationToken);
                body.Advance(read);
                if (body.WrittenCount > limit)
                {
                    throw new HttpBodyTooLargeException("The request's body", limit);
                }

                if (read == 0)
                {
                    return body.WrittenSpan.ToArray();
                }
            }
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new HttpBodyTooLargeException("The request's body", limit);
        }
        catch (BadHttpRequestException)
        {
            throw new HttpBodyException(400, "The body ended before it was complete, or its chunks are malformed. Send it again.");
        }
        catch (IOException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpBodyException(400, "The connection broke before the body was complete. Send it again.");
        }
    }

    private static JsonElement ToJson(Dictionary<string, StringValues> fields) =>
        JsonSerializer.SerializeToElement(fields.ToDictionary(f => f.Key, f => f.Value.Count == 1 ? (object?)f.Value[0] : f.Value.ToArray()));

    private static (Dictionary<string, string[]> Plain, Dictionary<string, Sensitive<string>> Secret) Split(
        IEnumerable<KeyValuePair<string, StringValues>> fields, Func<string, bool> isSecret)
    {
        var plain = new Dictionary<string, string[]>();
        var secret = new Dictionary<string, Sensitive<string>>();
        foreach (var (name, values) in fields)
        {
            if (isSecret(name))
            {
                secret[name] = Sensitive.Of(string.Join(", ", values.ToArray()));
            }
            else
            {
                plain[name] = [.. values.Select(value => value ?? "")];
            }
        }

        return (plain, secret);
    }
}
