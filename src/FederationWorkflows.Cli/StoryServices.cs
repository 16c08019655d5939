using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Federation;
using FederationWorkflows.Server.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Cli;

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

        // Whoever sits here is the administrator of his own configuration; nobody else's stories get here.
        services.Configure<FederationOptions>(federation => federation.TrustOnlyUser());
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
