using System.Globalization;

namespace FederationWorkflows.Engine.Scheduling;

/// <summary>One field of a cron expression: what it may hold, and the set of values that a text of it stands for, one bit each.</summary>
internal sealed class CronField
{
    public static readonly CronField Second = new("second", 0, 59) { MakesInterval = true };

    public static readonly CronField Minute = new("minute", 0, 59) { MakesInterval = true };

    public static readonly CronField Hour = new("hour", 0, 23) { MakesInterval = true };

    public static readonly CronField DayOfMonth = new("day of month", 1, 31);

    public static readonly CronField Month = new("month", 1, 12, "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");

    /// <summary>Sunday is 0 and 7.</summary>
    public static readonly CronField DayOfWeek = new("day of week", 0, 7, "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

    private const ulong SecondSunday = 1UL << 7;

    private readonly int first;

    private readonly int last;

    private readonly string[] names;

    private CronField(string name, int first, int last, params string[] names)
    {
        Name = name;
        this.first = first;
        this.last = last;
        this.names = names;
    }

    public string Name { get; }

    /// <summary>A star, range or step here makes the expression one of intervals.</summary>
    public bool MakesInterval { get; private init; }

    /// <summary>The values of <c>*</c>, <c>?</c>, <c>*/5</c>, <c>1</c>, <c>1-5</c>, <c>1-5/2</c>, <c>50-10/5</c>, <c>10/5</c>, and of lists of all but the first three.</summary>
    /// <param name="text">The field.</param>
    /// <param name="isInterval">It says how often rather than when.</param>
    public ulong Parse(string text, out bool isInterval)
    {
        isInterval = false;
        if (text[0] is '*' or '?')
        {
            isInterval = true;
            return text.Length == 1 ? Fold(Range(first, last, 1)) : text[1] == '/' ? Fold(Range(first, last, Step(text, text[2..]))) : throw Wrong(text, "after '*' only a step such as '*/5' may follow");
        }

        var values = 0UL;
        foreach (var item in text.Split(','))
        {
            values |= ParseItem(text, item, ref isInterval);
        }

        return values;
    }

    /// <summary>A single value: a number or a name.</summary>
    public int Value(string field, string text)
    {
        var index = Array.FindIndex(names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (index >= 0)
        {
            return first + index;
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            throw Wrong(field, names.Length > 0 ? $"'{text}' is neither a number nor one of {string.Join(", ", names)}" : $"'{text}' is no number");
        }

        return value >= first && value <= last ? value : throw Wrong(field, $"{value} is outside {first} to {last}");
    }

    public CronFormatException Wrong(string field, string why) => new($"The {Name} field '{field}' is wrong: {why}.");

    private ulong ParseItem(string field, string item, ref bool isInterval)
    {
        var slash = item.IndexOf('/', StringComparison.Ordinal);
        var step = slash < 0 ? 1 : Step(field, item[(slash + 1)..]);
        var range = slash < 0 ? item : item[..slash];
        var dash = range.IndexOf('-', StringComparison.Ordinal);
        isInterval |= slash >= 0 || dash >= 0;
        if (dash < 0)
        {
            var value = Value(field, range);
            return Fold(slash < 0 ? 1UL << value : Range(value, last, step));
        }

        var from = Value(field, range[..dash]);
        var to = Value(field, range[(dash + 1)..]);
        from = from > to && ReferenceEquals(this, DayOfWeek) ? from % 7 : from;
        return Fold(from <= to ? Range(from, to, step) : Wrapped(from, to, step));
    }

    /// <summary>A range that wraps goes on counting its steps beyond the end: <c>45-15/2</c> ends 57, 59, 1, 3, ... 15.</summary>
    private ulong Wrapped(int from, int to, int step)
    {
        var end = ReferenceEquals(this, DayOfWeek) ? last - 1 : last;
        var beyond = step - ((end - from) % step) - 1;
        return Range(from, end, step) | Range(first + beyond, to, step);
    }

    private int Step(string field, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var step) && step >= 1 && step <= last ? step : throw Wrong(field, $"a step is a number from 1 to {last}");

    private static ulong Range(int from, int to, int step)
    {
        var values = 0UL;
        for (var value = from; value <= to; value += step)
        {
            values |= 1UL << value;
        }

        return values;
    }

    private ulong Fold(ulong values) => ReferenceEquals(this, DayOfWeek) && (values & SecondSunday) != 0 ? (values & ~SecondSunday) | 1 : values;
}
