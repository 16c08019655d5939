using System.Globalization;

namespace FederationWorkflows.Http.Endpoints;

/// <summary>The body of a request cannot be read. The message is for the caller and quotes nothing of the body.</summary>
public sealed class HttpBodyException : Exception
{
    internal HttpBodyException(int statusCode, string message, int? line = null, int? column = null)
        : base(line is null ? message : string.Create(CultureInfo.InvariantCulture, $"{message} (line {line}, column {column})."))
    {
        StatusCode = statusCode;
        Line = line;
        Column = column;
    }

    /// <summary>The status to answer with: 400 for a malformed body, 415 for a kind that is not taken.</summary>
    public int StatusCode { get; }

    /// <summary>Line of the body, from 1; null when the problem has no place.</summary>
    public int? Line { get; }

    /// <summary>Column in the line, in bytes from 1; null when the problem has no place.</summary>
    public int? Column { get; }
}

/// <summary>The body of a request, or a file in it, is longer than allowed. Answer with 413.</summary>
public sealed class HttpBodyTooLargeException : Exception
{
    internal HttpBodyTooLargeException(string what, long limit)
        : base(string.Create(CultureInfo.InvariantCulture, $"{what} is longer than {limit} bytes."))
    {
        Limit = limit;
    }

    /// <summary>The limit in bytes.</summary>
    public long Limit { get; }
}
