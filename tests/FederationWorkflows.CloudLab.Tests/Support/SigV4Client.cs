using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace FederationWorkflows.CloudLab.Tests;

/// <summary>Signs requests by hand, so that a test can spoil any part of them. Paths and queries are given as they go over the wire.</summary>
internal sealed class SigV4Client(HttpClient http, TimeProvider clock, string keyId, string secret, string? token, string service)
{
    public string KeyId { get; init; } = keyId;

    public string Secret { get; init; } = secret;

    public string? Token { get; init; } = token;

    public string Region { get; init; } = "us-east-1";

    public string Service { get; init; } = service;

    public TimeSpan Skew { get; init; }

    public bool SignsHost { get; init; } = true;

    public Task<AwsAnswer> QueryAsync(params (string Name, string Value)[] parameters) => SendAsync(
        HttpMethod.Post,
        "/",
        Encoding.UTF8.GetBytes(string.Join('&', parameters.Select(static pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value)}"))),
        [],
        request => request.Content!.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded"));

    public async Task<AwsAnswer> SendAsync(
        HttpMethod method, string target, byte[]? body = null, (string Name, string Value)[]? headers = null, Action<HttpRequestMessage>? spoil = null)
    {
        using var request = Sign(method, target, body ?? [], headers ?? []);
        spoil?.Invoke(request);
        var response = await http.SendAsync(request, TestLab.Cancel);
        return await AwsAnswer.ReadAsync(response);
    }

    public HttpRequestMessage Sign(HttpMethod method, string target, byte[] body, (string Name, string Value)[] headers)
    {
        var time = (clock.GetUtcNow() + Skew).UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var request = new HttpRequestMessage(method, target) { Content = new ByteArrayContent(body) };
        var signed = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["x-amz-date"] = time };
        if (SignsHost)
        {
            signed["host"] = http.BaseAddress!.Authority;
        }

        if (Service == "s3")
        {
            signed["x-amz-content-sha256"] = Hash(body);
        }

        if (Token is not null)
        {
            signed["x-amz-security-token"] = Token;
        }

        foreach (var (name, value) in headers)
        {
            signed[name] = value;
        }

        foreach (var (name, value) in signed.Where(static header => header.Key != "host"))
        {
            _ = request.Headers.TryAddWithoutValidation(name, value) || request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        var (_, signature) = Signature(method.Method, target, signed, signed.GetValueOrDefault("x-amz-content-sha256") ?? Hash(body), time);
        request.Headers.TryAddWithoutValidation(
            "Authorization", $"AWS4-HMAC-SHA256 Credential={KeyId}/{Scope(time)}, SignedHeaders={string.Join(';', signed.Keys)}, Signature={signature}");
        return request;
    }

    /// <summary>The URL that lets whoever has it make one request.</summary>
    public string Presign(HttpMethod method, string path, int seconds, string parameters = "")
    {
        var time = (clock.GetUtcNow() + Skew).UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var query = $"{parameters}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={Uri.EscapeDataString($"{KeyId}/{Scope(time)}")}&X-Amz-Date={time}&X-Amz-Expires={seconds}"
            + (Token is null ? string.Empty : $"&X-Amz-Security-Token={Uri.EscapeDataString(Token)}") + "&X-Amz-SignedHeaders=host";
        var signed = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["host"] = http.BaseAddress!.Authority };
        return $"{path}?{query}&X-Amz-Signature={Signature(method.Method, $"{path}?{query}", signed, Service == "s3" ? "UNSIGNED-PAYLOAD" : Hash([]), time).Signature}";
    }

    public (byte[] Key, string Signature) Signature(string method, string target, SortedDictionary<string, string> signed, string payloadHash, string time)
    {
        var parts = target.Split('?', 2);
        var query = parts.Length == 1 ? string.Empty : string.Join('&', parts[1].Split('&').Select(static pair => pair.Contains('=', StringComparison.Ordinal) ? pair : $"{pair}=").Order(StringComparer.Ordinal));
        var canonical = $"{method}\n{parts[0]}\n{query}\n{string.Concat(signed.Select(static header => $"{header.Key}:{header.Value.Trim()}\n"))}\n{string.Join(';', signed.Keys)}\n{payloadHash}";
        var toSign = $"AWS4-HMAC-SHA256\n{time}\n{Scope(time)}\n{Hash(Encoding.UTF8.GetBytes(canonical))}";
        var key = Hmac(Hmac(Hmac(Hmac(Encoding.UTF8.GetBytes($"AWS4{Secret}"), time[..8]), Region), Service), "aws4_request");
        return (key, Convert.ToHexStringLower(Hmac(key, toSign)));
    }

    public string Scope(string time) => $"{time[..8]}/{Region}/{Service}/aws4_request";

    public static string Hash(byte[] data) => Convert.ToHexStringLower(SHA256.HashData(data));

    public static byte[] Hmac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
}
