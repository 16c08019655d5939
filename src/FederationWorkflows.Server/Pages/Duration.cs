using System.Globalization;

namespace FederationWorkflows.Server.Pages;

/// <summary>How long something took, for people.</summary>
internal static class Duration
{
    public static string Text(TimeSpan duration)
    {
        var (value, unit) = duration switch
        {
            { TotalMilliseconds: < 1000 } => (duration.TotalMilliseconds.ToString("0.#", CultureInfo.InvariantCulture), "ms"),
            { TotalSeconds: < 60 } => (duration.TotalSeconds.ToString("0.##", CultureInfo.InvariantCulture), "s"),
            { TotalHours: < 1 } => ($"{duration.Minutes} min {duration.Seconds}", "s"),
            { TotalDays: < 1 } => ($"{duration.Hours} h {duration.Minutes}", "min"),
            _ => ($"{(int)duration.TotalDays} d {duration.Hours}", "h"),
        };
        return $"{value} {unit}";
    }
}
