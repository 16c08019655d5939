namespace FederationWorkflows.Cel.Tests;

public sealed class MisspeltCallTests
{
    [Theory]
    [InlineData("[1, 2].filtr(f, f > 1)", "There is no function 'filtr'. Did you mean 'filter'?", 8)]
    [InlineData("[1, 2].filter(f)", "'filter' does not take 1 arguments. See the list of macros in docs/expressions.md.", 8)]
    [InlineData("'a'.startWith('b')", "There is no function 'startWith'. Did you mean 'startsWith'?", 5)]
    [InlineData("'a'.size(b)", "There is no 'b' here.", 10)]
    public void The_name_that_was_meant_is_told_before_anything_else(string expression, string message, int column)
    {
        var error = Should.Throw<CelException>(() => new CelEnvironment().Compile(expression));

        error.Message.ShouldStartWith(message);
        error.Column.ShouldBe(column);
    }
}
