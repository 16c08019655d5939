using System.Globalization;
using System.Text.Json;

namespace FederationWorkflows.Engine.Tests;

public sealed class ValueConversionTests
{
    public static TheoryData<object?, Type, object?> Fits => new()
    {
        { null, typeof(string), null },
        { null, typeof(int), 0 },
        { null, typeof(int?), null },
        { null, typeof(bool), false },
        { "7", typeof(int), 7 },
        { " 7 ", typeof(int), 7 },
        { "7.0", typeof(int), 7 },
        { "-9223372036854775808", typeof(long), long.MinValue },
        { 7L, typeof(int), 7 },
        { 7L, typeof(int?), 7 },
        { 7.0, typeof(long), 7L },
        { 7m, typeof(int), 7 },
        { 7L, typeof(double), 7.0 },
        { "1e3", typeof(double), 1000.0 },
        { "0.1", typeof(decimal), 0.1m },
        { 0.1, typeof(decimal), 0.1m },
        { "79228162514264337593543950335", typeof(decimal), decimal.MaxValue },
        { "true", typeof(bool), true },
        { " False ", typeof(bool), false },
        { true, typeof(string), "true" },
        { 1.5, typeof(string), "1.5" },
        { 9007199254740993L, typeof(string), "9007199254740993" },
        { "sunday", typeof(DayOfWeek), DayOfWeek.Sunday },
        { 1L, typeof(DayOfWeek), DayOfWeek.Monday },
        { "00:00:30", typeof(TimeSpan), TimeSpan.FromSeconds(30) },
        { "2026-01-31T12:00:00Z", typeof(DateTimeOffset), new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero) },
        { "2026-01-31T12:00:00+02:00", typeof(DateTimeOffset), new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.FromHours(2)) },
        { "2026-01-31T12:00:00", typeof(DateTimeOffset), new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero) },
        { "2026-01-31T12:00:00+02:00", typeof(DateTime), new DateTime(2026, 1, 31, 10, 0, 0, DateTimeKind.Utc) },
        { new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero), typeof(string), "2026-01-31T12:00:00.0000000+00:00" },
        { "AQID", typeof(byte[]), new byte[] { 1, 2, 3 } },
        { new byte[] { 1, 2, 3 }, typeof(string), "AQID" },
        { "https://example.com/x", typeof(Uri), new Uri("https://example.com/x") },
        { Json("\"x\""), typeof(string), "x" },
        { Json("null"), typeof(string), null },
        { Json("7"), typeof(int), 7 },
        { Json("{\"a\":1}"), typeof(string), "{\"a\":1}" },
        { Json("[\"a\",\"b\"]"), typeof(string[]), new[] { "a", "b" } },
        { "a", typeof(string[]), new[] { "a" } },
        { "[\"a\"]", typeof(List<string>), new List<string> { "a" } },
        { Json("[1,\"a\",null]"), typeof(ICollection<object>), new object?[] { 1L, "a", null } },
        { 5L, typeof(ICollection<object>), new object[] { 5L } },
    };

    public static TheoryData<object?, Type, string> DoNotFit => new()
    {
        { "x", typeof(int), "must be a whole number, and is the text 'x'" },
        { "7.5", typeof(int), "must be a whole number, and is the text '7.5'" },
        { 7.5, typeof(int), "must be a whole number, and is 7.5" },
        { 7.5m, typeof(int), "must be a whole number, and is a number" },
        { 7.5f, typeof(long), "must be a whole number, and is 7.5" },
        { 3_000_000_000L, typeof(int), "must be a whole number, and is 3000000000" },
        { "99999999999999999999999999999999", typeof(long), "must be a whole number, and is the text '99999999999999999999999999999999'" },
        { double.NaN, typeof(long), "must be a whole number, and is NaN" },
        { 1e300, typeof(decimal), "must be a number, and is 1E+300" },
        { true, typeof(int), "must be a whole number, and is true" },
        { 1L, typeof(bool), "must be true or false, and is 1" },
        { "yes", typeof(bool), "must be true or false, and is the text 'yes'" },
        { Json("[]"), typeof(int), "must be a whole number, and is JSON array" },
        { Json("null"), typeof(int), "must be a whole number, and is JSON null" },
        { "someday", typeof(DayOfWeek), "must be one of Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, and is the text 'someday'" },
        { 9L, typeof(DayOfWeek), "must be one of Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, and is 9" },
        { "tomorrow", typeof(DateTimeOffset), "must be a date and time such as 2026-01-31T12:00:00Z, and is the text 'tomorrow'" },
        { "a while", typeof(TimeSpan), "must be a duration such as 00:00:30, and is the text 'a while'" },
        { "%%%", typeof(byte[]), "must be Base64 text, and is the text '%%%'" },
        { new string('x', 41), typeof(int), "must be a whole number, and is a longer text" },
        { "[1,", typeof(ICollection<object>), "must be a list of Object, and is the text '[1,'" },
        { Json("[{}]"), typeof(string[]), "must be a list of String, and is JSON array" },
    };

    [Theory, MemberData(nameof(Fits))]
    public void A_value_that_fits_is_converted_and_a_secret_stays_one(object? value, Type target, object? expected)
    {
        ValueConversion.Convert(value, target).ShouldBe(expected);
        if (value is not null)
        {
            var secret = (Sensitive)ValueConversion.Convert(Secret(value), target)!;
            secret.ContentType.ShouldBe(target);
            secret.ToString().ShouldBe("***");
            ValueConversion.Convert(value, typeof(Sensitive<>).MakeGenericType(target)).ShouldBeAssignableTo<Sensitive>()!.ContentType.ShouldBe(target);
        }
    }

    [Theory, MemberData(nameof(DoNotFit))]
    public void A_value_that_does_not_fit_is_named_and_a_secret_is_not(object? value, Type target, string message)
    {
        Should.Throw<ValueConversionException>(() => ValueConversion.Convert(value, target)).Message.ShouldBe(message);
        var secret = Should.Throw<ValueConversionException>(() => ValueConversion.Convert(Secret(value!), target)).Message;
        secret.ShouldEndWith(", and is a secret that is not");
        if (value is not JsonElement)
        {
            secret.ShouldNotContain(Convert.ToString(value, CultureInfo.InvariantCulture)!, Case.Sensitive);
        }

        Should.Throw<ValueConversionException>(() => ValueConversion.Convert(value, typeof(Sensitive<>).MakeGenericType(target))).Message.ShouldBe(secret);
    }

    [Fact]
    public void Anything_takes_a_secret_as_it_is() => ValueConversion.Convert(Sensitive.Of("x"), typeof(object)).ShouldBeOfType<Sensitive<string>>().Reveal().ShouldBe("x");

    [Fact]
    public void Whole_numbers_of_json_are_whole_and_others_are_not()
    {
        JsonValues.Unwrap(Json("9007199254740993")).ShouldBe(9007199254740993L);
        JsonValues.Unwrap(Json("1.5")).ShouldBe(1.5);
        JsonValues.Unwrap(Json("18446744073709551616")).ShouldBe(18446744073709551616.0);
        JsonValues.Unwrap(Json("1e999")).ShouldBe(double.PositiveInfinity);
    }

    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"\\uDFFF\":1}")]
    [InlineData("[\"\\ude00\\ud83d\"]")]
    public void Text_that_could_not_be_read_later_is_refused_at_once(string json)
    {
        Should.Throw<JsonException>(() => JsonValues.Parse(json)).Message.ShouldStartWith("The text has half of a pair");
        JsonValues.Parse("\"\\ud83d\\ude00\"").GetString().ShouldBe("😀");
    }

    private static JsonElement Json(string json) => JsonValues.Parse(json);

    private static Sensitive Secret(object value) => (Sensitive)Activator.CreateInstance(typeof(Sensitive<>).MakeGenericType(value.GetType()), value)!;
}
