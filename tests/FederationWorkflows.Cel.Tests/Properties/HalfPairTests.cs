using System.Text.Json;
using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Tests.Properties;

/// <summary>Half of a surrogate pair is no Unicode text, but .NET strings and JSON escapes can have it.</summary>
public sealed class HalfPairTests
{
    [Theory]
    [InlineData("'a\\uD83D'", 3)]
    [InlineData("'\\uDE00'", 2)]
    [InlineData("x. \\uD83D", 4)]
    public void An_expression_with_half_a_pair_is_refused_at_its_place(string escaped, int column)
    {
        var text = escaped.Replace("\\uD83D", "\uD83D", StringComparison.Ordinal).Replace("\\uDE00", "\uDE00", StringComparison.Ordinal);
        var error = Should.Throw<CelException>(() => new CelEnvironment().Compile(text));
        error.Message.ShouldBe("The expression is not well-formed Unicode text here: half of a surrogate pair stands alone.");
        error.Column.ShouldBe(column);
        Should.Throw<CelException>(() => new CelEnvironment().CompileTemplate($"${{{text}}}")).Message.ShouldBe(error.Message);
    }

    [Theory]
    [InlineData("size(x.text)")]
    [InlineData("x.text.contains('a')")]
    [InlineData("x.text + 'b'")]
    [InlineData("x['te' + 'xt'].matches('a')")]
    [InlineData("x.names.map(name, name)")]
    [InlineData("x.names.bad")]
    public void Reading_JSON_with_half_a_pair_is_an_error_of_the_expression(string expression)
    {
        using var json = JsonDocument.Parse("""{ "text": "a\ud83d", "names": { "a\ud83d": 1 } }""");
        var input = new PlainInput(new Dictionary<string, (CelType, object?)> { ["x"] = (CelType.Dyn, json.RootElement) });
        Should.Throw<CelException>(() => new CelEnvironment(input).Compile(expression).Evaluate(input, TestContext.Current.CancellationToken)).Message
            .ShouldBeOneOf(
                "A text in the JSON that the expression reads is not well-formed Unicode: half of a surrogate pair stands alone. Mend it where the JSON is made.",
                "No such key; test with has() or use '.?' where it may be missing: 'bad'.");
    }

    [Fact]
    public void A_key_with_half_a_pair_is_not_in_JSON()
    {
        using var json = JsonDocument.Parse("""{ "a": 1 }""");
        var input = new PlainInput(new Dictionary<string, (CelType, object?)> { ["x"] = (CelType.Dyn, json.RootElement), ["key"] = (CelType.String, "\uD83D") });
        new CelEnvironment(input).Compile("key in x || x[?key].hasValue()").Evaluate(input, TestContext.Current.CancellationToken).Value.ShouldBe(false);
    }
}
