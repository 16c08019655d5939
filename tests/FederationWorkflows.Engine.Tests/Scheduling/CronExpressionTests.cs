using System.Globalization;
using FederationWorkflows.Engine.Scheduling;

namespace FederationWorkflows.Engine.Tests.Scheduling;

public sealed class CronExpressionTests
{
    [Theory]
    [InlineData("* * * * *", "2026-01-31 12:00:30", "2026-01-31 12:01")]
    [InlineData("* * * * *", "2026-01-31 12:00:00", "2026-01-31 12:01")]
    [InlineData("* * * * * *", "2026-01-31 12:00:59", "2026-01-31 12:01")]
    [InlineData("*/20 * * * * *", "2026-01-31 12:00:21", "2026-01-31 12:00:40")]
    [InlineData("*/5 * * * *", "2026-01-31 12:03", "2026-01-31 12:05")]
    [InlineData("*/24 * * * *", "2026-01-31 12:48", "2026-01-31 13:00")]
    [InlineData("10/20 * * * *", "2026-01-31 12:10", "2026-01-31 12:30")]
    [InlineData("0 8 * * MON-FRI", "2026-01-30 08:00", "2026-02-02 08:00")]
    [InlineData("0 8 * * mon-fri", "2026-01-30 08:00", "2026-02-02 08:00")]
    [InlineData("0 0 * * 0", "2026-01-26 00:00", "2026-02-01 00:00")]
    [InlineData("0 0 * * 7", "2026-01-26 00:00", "2026-02-01 00:00")]
    [InlineData("0 0 * * 5-7", "2026-02-01 00:00", "2026-02-06 00:00")]
    [InlineData("0 0 * * SAT-SUN", "2026-01-31 00:00", "2026-02-01 00:00")]
    [InlineData("0 22-2 * * *", "2026-01-31 02:00", "2026-01-31 22:00")]
    [InlineData("0 22-2 * * *", "2026-01-31 23:00", "2026-02-01 00:00")]
    [InlineData("30,45-15/2 1 * * *", "2026-01-31 01:59", "2026-02-01 01:01")]
    [InlineData("30,45-15/2 1 * * *", "2026-01-31 01:15", "2026-01-31 01:30")]
    [InlineData("0 0 1 NOV-FEB ?", "2026-02-02 00:00", "2026-11-01 00:00")]
    [InlineData("0 0 13 * 5", "2026-03-14 00:00", "2026-11-13 00:00")]
    [InlineData("0 0 L * *", "2026-02-01 00:00", "2026-02-28 00:00")]
    [InlineData("0 0 L-1 * *", "2028-02-01 00:00", "2028-02-28 00:00")]
    [InlineData("0 0 LW * *", "2026-02-01 00:00", "2026-02-27 00:00")]
    [InlineData("0 0 L-1W * *", "2026-02-01 00:00", "2026-02-27 00:00")]
    [InlineData("0 0 1W * *", "2026-08-01 00:00", "2026-08-03 00:00")]
    [InlineData("0 0 15W * *", "2026-02-01 00:00", "2026-02-16 00:00")]
    [InlineData("0 0 14W * *", "2026-02-01 00:00", "2026-02-13 00:00")]
    [InlineData("0 0 31W * *", "2026-05-01 00:00", "2026-05-29 00:00")]
    [InlineData("0 0 31W * *", "2026-06-01 00:00", "2026-07-31 00:00")]
    [InlineData("0 0 * * FRIL", "2026-02-01 00:00", "2026-02-27 00:00")]
    [InlineData("0 0 * * 2L", "2026-02-01 00:00", "2026-02-24 00:00")]
    [InlineData("0 0 * * 7L", "2026-02-01 00:00", "2026-02-22 00:00")]
    [InlineData("0 0 * * 6#3", "2026-02-01 00:00", "2026-02-21 00:00")]
    [InlineData("0 0 ? 1 MON#1", "2026-02-01 00:00", "2027-01-04 00:00")]
    [InlineData("0 0 * * MON#5", "2026-01-01 00:00", "2026-03-30 00:00")]
    [InlineData("0 0 29 2 *", "2026-01-01 00:00", "2028-02-29 00:00")]
    [InlineData("0 0 29 2 1", "2025-01-01 00:00", "2044-02-29 00:00")]
    [InlineData("@hourly", "2026-01-31 12:00", "2026-01-31 13:00")]
    [InlineData(" @Weekly ", "2026-01-31 12:00", "2026-02-01 00:00")]
    [InlineData("@yearly", "2026-01-31 12:00", "2027-01-01 00:00")]
    [InlineData("@every_second", "2026-01-31 12:00", "2026-01-31 12:00:01")]
    [InlineData("  5\t4  *  * * ", "2026-01-31 12:00", "2026-02-01 04:05")]
    public void An_expression_says_when_it_is_next(string expression, string after, string expected) =>
        CronExpression.Parse(expression).NextAfter(At(after), TimeZoneInfo.Utc).ShouldBe(At(expected));

    [Theory]
    [InlineData("0 0 30 2 *")]
    [InlineData("0 0 31 4,6,9,11 *")]
    [InlineData("0 0 L-30 2 *")]
    public void What_never_comes_has_no_next_time(string expression) =>
        CronExpression.Parse(expression).NextAfter(At("2026-01-01 00:00"), TimeZoneInfo.Utc).ShouldBeNull();

    [Theory]
    [InlineData("", "The cron expression '' has 0 fields. It needs 5 (minute, hour, day of month, month, day of week), or 6 with seconds in front.")]
    [InlineData("* * * *", "The cron expression '* * * *' has 4 fields. It needs 5 (minute, hour, day of month, month, day of week), or 6 with seconds in front.")]
    [InlineData("* * * * * * *", "The cron expression '* * * * * * *' has 7 fields. It needs 5 (minute, hour, day of month, month, day of week), or 6 with seconds in front.")]
    [InlineData("60 * * * *", "The minute field '60' is wrong: 60 is outside 0 to 59.")]
    [InlineData("* 24 * * *", "The hour field '24' is wrong: 24 is outside 0 to 23.")]
    [InlineData("* * 0 * *", "The day of month field '0' is wrong: 0 is outside 1 to 31.")]
    [InlineData("* * * 13 *", "The month field '13' is wrong: 13 is outside 1 to 12.")]
    [InlineData("* * * * 8", "The day of week field '8' is wrong: 8 is outside 0 to 7.")]
    [InlineData("* * * JANUARY *", "The month field 'JANUARY' is wrong: 'JANUARY' is neither a number nor one of JAN, FEB, MAR, APR, MAY, JUN, JUL, AUG, SEP, OCT, NOV, DEC.")]
    [InlineData("x * * * *", "The minute field 'x' is wrong: 'x' is no number.")]
    [InlineData("*/0 * * * *", "The minute field '*/0' is wrong: a step is a number from 1 to 59.")]
    [InlineData("*/60 * * * *", "The minute field '*/60' is wrong: a step is a number from 1 to 59.")]
    [InlineData("1- * * * *", "The minute field '1-' is wrong: '' is no number.")]
    [InlineData("1, * * * *", "The minute field '1,' is wrong: '' is no number.")]
    [InlineData("*,5 * * * *", "The minute field '*,5' is wrong: after '*' only a step such as '*/5' may follow.")]
    [InlineData("-5 * * * *", "The minute field '-5' is wrong: '' is no number.")]
    [InlineData("* * L-31 * *", "The day of month field 'L-31' is wrong: after 'L' only an offset from 0 to 30, as in 'L-3', and 'W' may follow.")]
    [InlineData("* * 1-5W * *", "The day of month field '1-5W' is wrong: '1-5' is no number.")]
    [InlineData("* * * * MON#6", "The day of week field 'MON#6' is wrong: after '#' stands the week of the month, 1 to 5.")]
    [InlineData("* * * * L", "The day of week field 'L' is wrong: 'L' is neither a number nor one of SUN, MON, TUE, WED, THU, FRI, SAT.")]
    [InlineData("@never", "There is no macro '@never'. Use one of: @every_second, @every_minute, @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.")]
    public void What_is_no_expression_is_told_by_field(string expression, string message) =>
        Should.Throw<CronFormatException>(() => CronExpression.Parse(expression)).Message.ShouldBe(message);

    /// <summary>New York: the clock skips 2:00 to 3:00 on 8 March 2026, and shows 1:00 to 2:00 twice on 1 November 2026.</summary>
    [Theory]
    [InlineData("30 2 * * *", "2026-03-08 01:59 -5", "2026-03-08 03:00 -4", "2026-03-09 02:30 -4")]
    [InlineData("*/30 * * * *", "2026-03-08 01:30 -5", "2026-03-08 03:00 -4", "2026-03-08 03:30 -4")]
    [InlineData("15,45 2 * * *", "2026-03-08 01:59 -5", "2026-03-08 03:00 -4", "2026-03-09 02:15 -4")]
    [InlineData("30 1 * * *", "2026-11-01 00:59 -4", "2026-11-01 01:30 -4", "2026-11-02 01:30 -5")]
    [InlineData("0 1,2 * * *", "2026-11-01 00:59 -4", "2026-11-01 01:00 -4", "2026-11-01 02:00 -5")]
    [InlineData("30 * * * *", "2026-11-01 00:59 -4", "2026-11-01 01:30 -4", "2026-11-01 01:30 -5", "2026-11-01 02:30 -5")]
    [InlineData("*/30 1 * * *", "2026-11-01 00:59 -4", "2026-11-01 01:00 -4", "2026-11-01 01:30 -4", "2026-11-01 01:00 -5", "2026-11-01 01:30 -5", "2026-11-02 01:00 -5")]
    [InlineData("* * * * * *", "2026-11-01 01:59:59 -4", "2026-11-01 01:00 -5", "2026-11-01 01:00:01 -5")]
    [InlineData("59 59 1-2 * * *", "2026-11-01 01:30 -4", "2026-11-01 01:59:59 -4", "2026-11-01 01:59:59 -5", "2026-11-01 02:59:59 -5")]
    public void A_changing_clock_neither_loses_nor_doubles_an_occurrence(string expression, string after, params string[] expected)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");
        var cron = CronExpression.Parse(expression);
        var at = Zoned(after);
        foreach (var next in expected)
        {
            at = cron.NextAfter(at, zone).ShouldNotBeNull();
            at.ShouldBe(Zoned(next));
        }
    }

    [Fact]
    public void A_day_that_a_zone_skipped_occurs_when_the_next_one_begins() =>
        CronExpression.Parse("0 12 30 12 *").NextAfter(At("2011-12-01 00:00"), TimeZoneInfo.FindSystemTimeZoneById("Pacific/Apia")).ShouldBe(At("2011-12-30 10:00"));

    [Fact]
    public void An_expression_is_shown_as_it_was_written() => CronExpression.Parse("0 8 * * mon").ToString().ShouldBe("0 8 * * mon");

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static DateTimeOffset Zoned(string text)
    {
        var space = text.LastIndexOf(' ');
        return new DateTimeOffset(DateTime.Parse(text[..space], CultureInfo.InvariantCulture), TimeSpan.FromHours(int.Parse(text[space..], CultureInfo.InvariantCulture)));
    }
}
