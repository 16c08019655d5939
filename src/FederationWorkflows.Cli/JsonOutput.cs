using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FederationWorkflows.Cli;

/// <summary>What all commands with <c>--json</c> share.</summary>
internal static class JsonOutput
{
    public static Option<bool> Option() => new("--json") { Description = "Print one JSON object instead of text." };

    public static bool IsWanted(ParseResult result) => result.CommandResult.Children.Any(child => child is OptionResult { Option.Name: "--json", Implicit: false });

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    public static void Write(object value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Options));
}
