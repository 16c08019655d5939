using System.Globalization;

namespace FederationWorkflows.Benchmarks.Load;

/// <summary>The table, in Markdown, row by row as they are measured.</summary>
internal static class LoadTable
{
    public static void WriteHead()
    {
        Console.WriteLine($"| {"",-52} | {"accepted/s",10} | {"p50 ms",7} | {"p99 ms",7} | {"CPU µs",7} | {"peak MB",7} | {"",-44} |");
        Console.WriteLine($"|:{new string('-', 53)}|{new string('-', 11)}:|{new string('-', 8)}:|{new string('-', 8)}:|{new string('-', 8)}:|{new string('-', 8)}:|:{new string('-', 45)}|");
    }

    /// <param name="name">What was measured.</param>
    /// <param name="result">What the client saw.</param>
    /// <param name="processor">What the servers computed each second.</param>
    /// <param name="peakBytes">The most memory that one of them had.</param>
    /// <param name="remark">What follows.</param>
    public static void Write(string name, LoadResult result, TimeSpan processor, long peakBytes, string remark) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {name,-52} | {result.AcceptedPerSecond,10:N0} | {result.P50,7:N1} | {result.P99,7:N1} | {processor.TotalMicroseconds / result.AcceptedPerSecond,7:N0} | {peakBytes / 1e6,7:N0} | {remark,-44} |"));

    public static void Write(string name, string remark) => Console.WriteLine($"| {name,-52} | {"",10} | {"",7} | {"",7} | {"",7} | {"",7} | {remark,-44} |");

    public static string Percent(double part, double whole) => string.Create(CultureInfo.InvariantCulture, $"{100 * part / whole:N0} %");
}
