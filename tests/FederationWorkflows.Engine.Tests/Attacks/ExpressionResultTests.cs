using System.Text.Json;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.Tests.Support;
using static FederationWorkflows.Engine.Tests.Support.Story;

namespace FederationWorkflows.Engine.Tests.Attacks;

/// <summary>Results that JSON cannot hold are an expression's error, not the host's; and what stories compute of times is what clocks show.</summary>
public sealed class ExpressionResultTests
{
    private static readonly JsonElement Data = JsonSerializer.SerializeToElement(new { nested = JsonSerializer.Deserialize<JsonElement>(new string('[', 60) + new string(']', 60)) });

    [Theory]
    [InlineData("{1: 'a', '1': 'b'}", "Two keys of a map have the same text, such as 1 and '1'; JSON cannot hold both.")]
    [InlineData("json.render({true: 1, 'true': 2})", "Two keys of a map have the same text, such as 1 and '1'; JSON cannot hold both.")]
    [InlineData("DEEP(1)", "The value nests deeper than 128 levels, which is as deep as values of a run may be.")]
    [InlineData("json.render(DEEP(1))", "The value nests deeper than 128 levels, which is as deep as values of a run may be.")]
    [InlineData("[DEEP(nested)]", "The value nests deeper than 128 levels, which is as deep as values of a run may be.")]
    public void A_result_that_is_no_JSON_is_an_error_of_the_expression(string expression, string message)
    {
        foreach (var depth in new[] { 100, 130, 200 })
        {
            if (depth == 100 && expression.Contains("DEEP(1)", StringComparison.Ordinal))
            {
                continue;
            }

            var text = System.Text.RegularExpressions.Regex.Replace(expression, @"DEEP\((\w+)\)", match => new string('[', depth) + match.Groups[1].Value + new string(']', depth));
            Should.Throw<ExpressionException>(() => DataExpression.Evaluate(text, Data, new ExpressionHost())).Message.ShouldBe(message);
        }
    }

    [Fact]
    public async Task A_template_of_many_expressions_costs_no_more_than_one()
    {
        var story = Of(Line("l").With("text", Expression("Template", string.Concat(Enumerable.Repeat("${lists.range(90000).size() + inputs.i.size()}", 20)))), ("inputs", Inputs(("i", "String"))));
        (await new Harness().StartAsync(story, new() { ["i"] = "x" })).ShouldFault("l").Message
            .ShouldBe("Input 'Text': The expressions of this template do more work together than one evaluation may (1,000,000 units). Spread it over several activities.");
    }

    [Fact]
    public async Task A_template_of_many_long_texts_becomes_no_longer_than_one()
    {
        var story = Of(Line("l").With("text", Expression("Template", string.Concat(Enumerable.Repeat("${inputs.i}", 5_000)))), ("inputs", Inputs(("i", "String"))));
        (await new Harness().StartAsync(story, new() { ["i"] = new string('x', 10_000) })).ShouldFault("l").Message
            .ShouldBe("Input 'Text': What this template makes is longer than an expression may work on (16,777,216).");
    }

    [Theory]
    [InlineData("timestamp('2026-01-01T00:00:00Z').format('HH:mm zzz', 'Asia/Tokyo')", "09:00 +09:00")]
    [InlineData("timestamp('2026-07-01T12:00:00Z').format('HH:mm K', 'Europe/Stockholm')", "14:00 +02:00")]
    [InlineData("timestamp('2026-10-25T00:59:59Z').format('HH:mm:ss zzz', 'Europe/Stockholm')", "02:59:59 +02:00")]
    [InlineData("timestamp('2026-10-25T01:00:00Z').format('HH:mm:ss zzz', 'Europe/Stockholm')", "02:00:00 +01:00")]
    [InlineData("timestamp('2026-01-01T00:00:00Z').format('HH:mm zzz', '-02:30')", "21:30 -02:30")]
    [InlineData("timestamp('2026-01-01T00:00:00.5Z').format('o')", "2026-01-01T00:00:00.5000000+00:00")]
    [InlineData("timestamp('0001-01-01T00:00:00Z').format('yyyy', '+14:00')", "0001")]
    [InlineData("timestamp('9999-12-31T23:59:59Z').format('yyyy', '-14:00')", "9999")]
    public void A_time_is_formatted_with_the_offset_of_its_zone(string expression, string text) =>
        DataExpression.Evaluate(expression, Data, new ExpressionHost()).Value.ShouldBe(text);
}
