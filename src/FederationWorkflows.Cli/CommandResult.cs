using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Server.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Cli;

/// <summary>The exit codes of every command.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    public const int Failed = 1;

    /// <summary>As a shell has it for a program ended by Ctrl-C.</summary>
    public const int Cancelled = 130;
}

/// <summary>How a command that could not do its work says so.</summary>
internal static class Failure
{
    /// <summary>Says it in a line for each problem on standard error, and with <c>--json</c> as the one object on standard output.</summary>
    /// <returns>The exit code.</returns>
    public static int Report(Exception exception, bool json, string? file = null)
    {
        if (exception is OperationCanceledException)
        {
            return ExitCodes.Cancelled;
        }

        var problems = (exception as DefinitionException)?.Problems;
        foreach (var line in problems?.Select(problem => $"{file}: {problem}") ?? [ServerHost.Explain(exception)])
        {
            Console.Error.WriteLine(line);
        }

        if (json)
        {
            JsonOutput.Write(new { error = problems is null ? ServerHost.Explain(exception) : $"{file} has {problems.Count} problem(s).", problems });
        }

        return ExitCodes.Failed;
    }
}

/// <summary>What the user asked for cannot be done, and the message says why.</summary>
internal sealed class CommandException(string message) : Exception(message);

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

/// <summary>The services a story runs on, without a web server.</summary>
internal static class StoryServices
{
    /// <summary>Builds them; the activity types are known when this returns.</summary>
    public static async Task<ServiceProvider> BuildAsync(IReadOnlyDictionary<string, string?> settings, Action<IServiceCollection> configure, CancellationToken cancellationToken)
    {
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(Environment.CurrentDirectory, "appsettings.json"), optional: true)
            .AddEnvironmentVariables()
            .AddInMemoryCollection(settings)
            .Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddLogging(logging => logging.AddWarningsToStandardError());
        configure(services);
        services.AddFederationWorkflows(configuration);
        var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<ActivityRegistry>().RefreshAsync(cancellationToken);
        return provider;
    }

    /// <summary>Standard output belongs to the command's result.</summary>
    public static ILoggingBuilder AddWarningsToStandardError(this ILoggingBuilder logging) => logging
        .ClearProviders()
        .SetMinimumLevel(LogLevel.Warning)
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None) // What keeps a host from starting reaches the command as an exception.
        .AddFilter("FederationWorkflows.Server.Hosting", LogLevel.Error)
        .AddFilter("FederationWorkflows.Runtime.Runs", LogLevel.Error)
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

    /// <summary>Reads a story file for the compiler, which says what is wrong with it.</summary>
    /// <exception cref="DefinitionException">It cannot be read or is too large.</exception>
    public static async Task<byte[]> ReadStoryAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            return new FileInfo(file).Length <= DefinitionParser.MaxBytes
                ? await File.ReadAllBytesAsync(file, cancellationToken)
                : throw new DefinitionException(new DefinitionProblem("too-large", $"The file is larger than {DefinitionParser.MaxBytes} bytes.", "$"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DefinitionException(new DefinitionProblem("unreadable-file", $"The file cannot be read: {e.Message}", "$"));
        }
    }
}
