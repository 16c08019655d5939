using System.Globalization;
using FederationWorkflows.Engine.Activities;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Engine.Retries;

/// <summary>Which errors are worth another attempt: type names of exceptions, HTTP statuses (<c>429</c>, <c>5xx</c>), categories and codes, and <see cref="Transient"/>.</summary>
internal sealed record RetryFilter(IReadOnlyList<string> Wanted)
{
    /// <summary>Whatever calls itself passing (<see cref="IRetryFacts.IsTransient"/>).</summary>
    public const string Transient = "Transient";

    public static readonly RetryFilter Any = new([]);

    private const int MaxCauses = 8;

    public static RetryFilter Read(JsonReading retry)
    {
        var wanted = new List<string>();
        foreach (var item in retry.Items("on"))
        {
            if (item.Json.ValueKind != System.Text.Json.JsonValueKind.String || string.IsNullOrWhiteSpace(item.Json.GetString()))
            {
                item.Report("invalid-retry", "Each is an exception's type name, an HTTP status such as \"429\" or \"5xx\", or a category, in quotes.");
            }
            else
            {
                wanted.Add(item.Json.GetString()!);
            }
        }

        return new RetryFilter(wanted);
    }

    /// <summary>Without a list, every error but those of the story itself: another attempt would find the same story.</summary>
    public bool Matches(Exception error) =>
        Wanted.Count == 0 ? error is not (ExpressionException or ValueConversionException or DefinitionException) : Causes(error).Any(cause => Wanted.Any(word => Matches(cause, word)));

    /// <summary>What an error and its causes tell about themselves.</summary>
    public static IEnumerable<IRetryFacts> Facts(Exception error) => Causes(error).OfType<IRetryFacts>();

    private static IEnumerable<Exception> Causes(Exception error)
    {
        var depth = 0;
        for (Exception? cause = error; cause is not null && depth < MaxCauses; cause = cause.InnerException)
        {
            depth++;
            yield return cause;
        }
    }

    private static bool Matches(Exception error, string word)
    {
        var status = (error as IRetryFacts)?.StatusCode ?? (int?)(error as HttpRequestException)?.StatusCode;
        if (status is { } code && (Same(code.ToString(CultureInfo.InvariantCulture), word) || Same($"{code / 100}xx", word)))
        {
            return true;
        }

        if (error is IRetryFacts { IsTransient: true } && Same(Transient, word))
        {
            return true;
        }

        if (error is IRetryFacts { Category: { } category } && Same(category, word))
        {
            return true;
        }

        if (error is FaultException fault && (Same(fault.Category, word) || Same(fault.Code, word) || Same(fault.FaultType, word)))
        {
            return true;
        }

        for (var type = error.GetType(); type != typeof(object); type = type.BaseType!)
        {
            if (Same(type.Name, word) || Same(type.FullName!, word))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Same(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);
}
