using System.CommandLine;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Cli.Eval;

/// <summary><c>fedflow eval</c>: tries an expression over JSON, or one after another.</summary>
internal static class EvalCommand
{
    private const string Help = """
        Write an expression and press Enter. Each property of the data is a variable. "${...}" makes the line a template.
          :data   show the names there are
          :quit   end (also Ctrl-D)
        The language is described in docs/expressions.md.
        """;

    public static Command Create()
    {
        var expression = new Argument<string?>("expression") { Description = "The expression; without one, expressions are read line by line.", Arity = ArgumentArity.ZeroOrOne };
        var data = new Option<string?>("--data") { Description = "A JSON file with an object; each of its properties is a variable. \"-\" reads standard input." };
        var template = new Option<bool>("--template") { Description = "The text is a template with ${...} in it." };
        var json = JsonOutput.Option();
        var command = new Command("eval", "Try an expression as stories use them.") { expression, data, template, json };
        command.SetAction(async (result, cancellationToken) =>
        {
            var variables = await ReadDataAsync(result.GetValue(data), cancellationToken);
            return result.GetValue(expression) is { } text
                ? Once(text, variables, result.GetValue(template), result.GetValue(json))
                : await InteractiveAsync(variables, cancellationToken);
        });
        return command;
    }

    private static int Once(string text, JsonElement data, bool template, bool json)
    {
        try
        {
            var (value, type) = Evaluate(text, data, template);
            if (json)
            {
                JsonOutput.Write(new { value, type });
            }
            else
            {
                Console.Out.WriteLine(JsonValues.ToJson(value));
            }

            return ExitCodes.Ok;
        }
        catch (ExpressionException e)
        {
            Console.Error.WriteLine(Explain(e));
            if (json)
            {
                JsonOutput.Write(new { error = e.Message, line = e.Line, column = e.Column });
            }

            return ExitCodes.Failed;
        }
    }

    private static async Task<int> InteractiveAsync(JsonElement data, CancellationToken cancellationToken)
    {
        var prompt = Console.IsInputRedirected ? "" : "> ";
        if (prompt.Length > 0)
        {
            await Console.Out.WriteLineAsync(Help);
        }

        await Console.Out.WriteAsync(prompt);
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line && line.Trim() is not ":quit")
        {
            await Console.Out.WriteLineAsync(Answer(line.Trim(), data));
            await Console.Out.WriteAsync(prompt);
        }

        return ExitCodes.Ok;
    }

    private static string Answer(string line, JsonElement data)
    {
        switch (line)
        {
            case "":
                return "";
            case ":data":
                return string.Join(", ", data.EnumerateObject().Select(property => property.Name));
            case ['h', 'e', 'l', 'p'] or [':', ..]:
                return Help;
        }

        try
        {
            var (value, type) = Evaluate(line, data, line.Contains("${", StringComparison.Ordinal));
            return $"{JsonValues.ToJson(value)}  : {type}";
        }
        catch (ExpressionException e)
        {
            return Explain(e);
        }
    }

    private static (object? Value, string Type) Evaluate(string text, JsonElement data, bool template)
    {
        var host = new ExpressionHost();
        return template ? (DataExpression.Render(text, data, host), "template") : DataExpression.Evaluate(text, data, host);
    }

    private static string Explain(ExpressionException e) => e.Line is null ? e.Message : $"{e.Message} (line {e.Line}, column {e.Column})\n{e.Excerpt}";

    private static async Task<JsonElement> ReadDataAsync(string? file, CancellationToken cancellationToken)
    {
        if (file is null)
        {
            return JsonValues.Parse("{}");
        }

        var text = file == "-" ? await Console.In.ReadToEndAsync(cancellationToken)
            : File.Exists(file) ? await File.ReadAllTextAsync(file, cancellationToken)
            : throw new CommandException($"There is no file '{file}'.");
        try
        {
            return JsonValues.Parse(text) is { ValueKind: JsonValueKind.Object } data ? data : throw new CommandException("The data must be a JSON object: each of its properties is a variable.");
        }
        catch (JsonException e)
        {
            throw new CommandException($"{file}({e.LineNumber + 1},{e.BytePositionInLine + 1}): the data is not valid JSON: {JsonValues.Describe(e)}.");
        }
    }
}
