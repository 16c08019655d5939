using System.Globalization;

namespace FederationWorkflows.CloudLab.Aws.Signing;

/// <summary>What a signed request says of its signature, in the Authorization header or in the query of a presigned URL.</summary>
internal sealed record SigV4Authorization
{
    public const string Algorithm = "AWS4-HMAC-SHA256";

    private static readonly TimeSpan LongestPresigned = TimeSpan.FromDays(7);

    public required string AccessKeyId { get; init; }

    public required string Date { get; init; }

    public required string Region { get; init; }

    public required string Service { get; init; }

    public required IReadOnlyList<string> SignedHeaders { get; init; }

    public required string Signature { get; init; }

    public required DateTimeOffset Time { get; init; }

    public string? SecurityToken { get; init; }

    /// <summary>How long a presigned URL works; null for a request signed in its header.</summary>
    public TimeSpan? Lifetime { get; init; }

    public string Scope => $"{Date}/{Region}/{Service}/aws4_request";

    public string Timestamp => Time.UtcDateTime.ToString(SignatureErrors.TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>The service a request is signed for, without looking at anything else; null when it is not signed.</summary>
    public static string? ServiceOf(AwsCall call)
    {
        var header = call.Header("Authorization");
        var credential = header is null
            ? call.QueryValue("X-Amz-Credential")
            : Parameters(header).GetValueOrDefault("Credential");
        return credential?.Split('/') is [.., var service, "aws4_request"] ? service : null;
    }

    /// <summary>Reads the request's authorization; null when it has none.</summary>
    public static SigV4Authorization? Read(AwsCall call, SignatureErrors errors)
    {
        if (call.Header("Authorization") is { } header)
        {
            return FromHeader(call, header, errors);
        }

        return call.QueryValue("X-Amz-Algorithm") is { } algorithm ? FromQuery(call, algorithm, errors) : null;
    }

    private static SigV4Authorization FromHeader(AwsCall call, string header, SignatureErrors errors)
    {
        if (!header.StartsWith($"{Algorithm} ", StringComparison.Ordinal))
        {
            throw errors.Malformed($"the only signing algorithm is {Algorithm}.");
        }

        var parameters = Parameters(header);
        string Parameter(string name) => parameters.GetValueOrDefault(name) is { Length: > 0 } value
            ? value
            : throw errors.Malformed($"Authorization header requires '{name}' parameter.");

        var time = call.Header("X-Amz-Date") ?? throw errors.Malformed("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
        return Build(Parameter("Credential"), Parameter("SignedHeaders"), Parameter("Signature"), time, call.Header("X-Amz-Security-Token"), null, errors);
    }

    private static SigV4Authorization FromQuery(AwsCall call, string algorithm, SignatureErrors errors)
    {
        if (algorithm != Algorithm)
        {
            throw errors.MalformedQuery($"X-Amz-Algorithm only supports \"{Algorithm}\"");
        }

        string Parameter(string name) => call.QueryValue(name) is { Length: > 0 } value ? value : throw errors.MalformedQuery(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");

        return Build(
            Parameter("X-Amz-Credential"),
            Parameter("X-Amz-SignedHeaders"),
            Parameter("X-Amz-Signature"),
            Parameter("X-Amz-Date"),
            call.QueryValue("X-Amz-Security-Token"),
            errors.HonoursExpires ? Expires(Parameter("X-Amz-Expires"), errors) : SignatureErrors.MaximumSkew,
            errors);
    }

    private static TimeSpan Expires(string text, SignatureErrors errors)
    {
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
        {
            throw errors.MalformedQuery("X-Amz-Expires should be a number");
        }

        if (seconds < 0)
        {
            throw errors.MalformedQuery("X-Amz-Expires must be non-negative");
        }

        return TimeSpan.FromSeconds(seconds) is var lifetime && lifetime <= LongestPresigned
            ? lifetime
            : throw errors.MalformedQuery("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds");
    }

    private static SigV4Authorization Build(
        string credential, string signedHeaders, string signature, string time, string? securityToken, TimeSpan? lifetime, SignatureErrors errors)
    {
        AwsException Malformed(string inHeader, string inQuery) => lifetime is null ? errors.Malformed(inHeader) : errors.MalformedQuery(inQuery);
        if (credential.Split('/') is not [{ Length: > 0 and <= 128 } keyId, var date, var region, var service, "aws4_request"])
        {
            const string Expected = "expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";
            throw Malformed($"the Credential is mal-formed; {Expected}", $"Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; {Expected}");
        }

        if (!DateTimeOffset.TryParseExact(time, SignatureErrors.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            throw Malformed("Date must be in ISO-8601 'basic format'.", "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
        }

        if (date != time[..8])
        {
            var differs = $"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != '{time[..8]}'.";
            throw Malformed(differs, differs);
        }

        return new SigV4Authorization
        {
            AccessKeyId = keyId,
            Date = date,
            Region = region,
            Service = service,
            SignedHeaders = signedHeaders.Split(';'),
            Signature = signature,
            Time = at,
            SecurityToken = securityToken,
            Lifetime = lifetime,
        };
    }

    private static Dictionary<string, string> Parameters(string header)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        var space = header.IndexOf(' ', StringComparison.Ordinal);
        foreach (var part in header[(space + 1)..].Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                parameters[part[..equals]] = part[(equals + 1)..];
            }
        }

        return parameters;
    }
}
