using System.Text;

namespace FederationWorkflows.Cel.Tests.Conformance;

public sealed class TextFormatTests
{
    [Theory]
    [InlineData("""a: "b" 'c'""", "bc")]
    [InlineData("""a: "\a\b\f\n\r\t\v\?\\\'\"" """, "\a\b\f\n\r\t\v?\\'\"")]
    [InlineData("""a: '\101\x42\u00e9\U0001F600é😀'""", "ABé😀é😀")]
    [InlineData("a: 'x' # 'y'\n# z\n", "x")]
    [InlineData("a: 'x' ; a: 'y',", "y")]
    [InlineData("a: '#'", "#")]
    public void Strings_are_read_with_their_escapes(string text, string expected) => TextFormat.Parse(text).Text("a").ShouldBe(expected);

    [Fact]
    public void Bytes_that_are_no_UTF8_are_kept() => ((TextString)TextFormat.Parse(@"a: '\377\0\xfe'").Find("a")!).Bytes.ShouldBe([0xFF, 0, 0xFE]);

    [Theory]
    [InlineData("a { b: 1 }")]
    [InlineData("a: { b: 1 }")]
    [InlineData("a < b: 1 >")]
    [InlineData("a:<b:1;>;")]
    [InlineData("a{b:1,}")]
    public void Messages_are_read_in_every_spelling(string text) => ((TextAtom)TextFormat.Parse(text).Message("a")!.Find("b")!).Text.ShouldBe("1");

    [Fact]
    public void Lists_and_repeated_fields_are_the_same() =>
        TextFormat.Parse("a: [1, -2.5e+3] a: inf a: - nan a: [] a [{}, <>]").All("a").Select(value => (value as TextAtom)?.Text ?? "message")
            .ShouldBe(["1", "-2.5e+3", "inf", "-nan", "message", "message"]);

    [Fact]
    public void The_type_of_any_message_is_its_fields_name() =>
        TextFormat.Parse("a { [type.googleapis.com/google.protobuf.Duration] { seconds: 3 } }").Message("a")!.Fields[0].Name.ShouldBe("type.googleapis.com/google.protobuf.Duration");

    [Theory]
    [InlineData("a: 'x\n'", "a string does not end on its line in line 1")]
    [InlineData("a: 1\nb 2", "'b' has no value in line 2")]
    [InlineData("a: 1\n{", "a name or number is missing in line 2")]
    [InlineData("a {", "a name or number is missing in line 1")]
    [InlineData(@"a: '\q'", @"\q is no escape in line 1")]
    public void What_cannot_be_read_is_an_error_with_its_line(string text, string message) =>
        Should.Throw<FormatException>(() => TextFormat.Parse(text)).Message.ShouldBe(message);

    [Fact]
    public void Long_text_is_read_whole() => TextFormat.Parse($"a: '{new string('x', 100_000)}'").Text("a").Length.ShouldBe(Encoding.UTF8.GetByteCount(new string('x', 100_000)));
}
