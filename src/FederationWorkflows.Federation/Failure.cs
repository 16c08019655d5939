using System.Globalization;
using System.Text;

namespace FederationWorkflows.Federation;

/// <summary>The facts of a <see cref="FederationException"/>, and the sentence they make.</summary>
internal sealed record Failure
{
    public Cloud? Cloud { get; init; }

    public required FailureSide Side { get; init; }

    public required string Service { get; init; }

    public required string Api { get; init; }

    public required string Code { get; init; }

    public int? HttpStatus { get; init; }

    public required string Detail { get; init; }

    public string Advice { get; init; } = "";

    public bool IsRetryable { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    public Trust.TrustExplanation? Explanation { get; init; }

    /// <summary>An input of a call is wrong; nothing was sent.</summary>
    public static FederationException Input(Cloud? cloud, string service, string api, string detail, string advice, string code = FailureCodes.InvalidInput) =>
        new(new Failure { Cloud = cloud, Side = FailureSide.Here, Service = service, Api = api, Code = code, Detail = detail, Advice = advice });

    public string Describe()
    {
        var text = new StringBuilder();
        _ = Side switch
        {
            FailureSide.Here => text.Append(CultureInfo.InvariantCulture, $"{Api}: "),
            FailureSide.Network => text.Append(CultureInfo.InvariantCulture, $"{Api}: no usable answer from {Service}: "),
            _ => text.Append(CultureInfo.InvariantCulture, $"{Service} refused {Api}: {Code} (HTTP {HttpStatus}): "),
        };
        AppendSentence(text, Detail.Length == 0 ? "it gave no reason" : Detail);
        if (Advice.Length > 0)
        {
            text.Append(' ');
            AppendSentence(text, Advice);
        }

        return text.ToString();
    }

    private static void AppendSentence(StringBuilder text, string sentence)
    {
        text.Append(sentence);
        if (sentence[^1] is not ('.' or '!' or '?'))
        {
            text.Append('.');
        }
    }
}
