using System.Globalization;

namespace FederationWorkflows.Federation;

/// <summary>
/// How far the clock of this host is from that of the service that refused, by the <c>Date</c> of its answer (RFC 9110, section 6.6.1). It is told where a wrong clock may be the
/// reason: signatures and assertions have a time, and so has whatever expires.
/// </summary>
internal static class ClockDifference
{
    /// <summary>What advice says while it is not known how much.</summary>
    public const string Wrong = "The clock of this host is wrong";

    /// <summary>Below it an answer may only have been long on its way, and no cloud minds.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMinutes(2);

    private static readonly string[] Codes =
        ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "ExpiredToken", "ExpiredTokenException", "InvalidIdentityToken", "IDPRejectedClaim", "AuthFailure", "UNAUTHENTICATED", "Unauthorized"];

    private static readonly string[] Words = ["Signature expired", "Signature not yet current", "short-lived", "reasonable timeframe", "stale to sign-in", "ExpiredToken"];

    /// <summary>What to check, with the difference where it matters.</summary>
    /// <param name="advice">What to check else.</param>
    /// <param name="service">Who refused.</param>
    /// <param name="code">With which code.</param>
    /// <param name="message">In which words.</param>
    /// <param name="date">The date of the answer; null when it has none.</param>
    /// <param name="now">The time of this host.</param>
    public static string With(string advice, string service, string code, string message, DateTimeOffset? date, DateTimeOffset now)
    {
        if (date is not { } there || (now - there).Duration() < Least || !(Codes.Contains(code) || Words.Any(word => message.Contains(word, StringComparison.OrdinalIgnoreCase))))
        {
            return advice;
        }

        var ahead = now - there;
        var known = string.Create(
            CultureInfo.InvariantCulture,
            $"The clock of this host is {Length(ahead.Duration())} {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} that of {service} ({now.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} here, {there.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} there)");
        return advice.Contains(Wrong, StringComparison.Ordinal) ? advice.Replace(Wrong, known, StringComparison.Ordinal)
            : advice.Length == 0 ? $"{known}: synchronize it."
            : $"{advice}{(advice[^1] is '.' or '!' or '?' ? "" : ".")} {known}: synchronize it.";
    }

    private static string Length(TimeSpan difference) => difference switch
    {
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{difference.TotalMinutes:0} minutes"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{difference.TotalHours:0} hours"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{difference.TotalDays:0} days"),
    };
}
