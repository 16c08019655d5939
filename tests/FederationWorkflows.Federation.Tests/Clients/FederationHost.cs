using System.Collections.Concurrent;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Aws.Sources;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>The clients as a host has them, over a network that the test plays and at a time that the test sets.</summary>
internal sealed class FederationHost : IDisposable
{
    public static readonly DateTimeOffset Start = new(2031, 4, 5, 6, 7, 8, TimeSpan.Zero);

    private readonly ServiceProvider services;

    public FederationHost(params (string Key, string? Value)[] configuration)
        : this(configuration, _ => null)
    {
    }

    public FederationHost((string Key, string? Value)[] configuration, Action<IServiceCollection> configure)
        : this(configuration, _ => null, configure)
    {
    }

    public FederationHost((string Key, string? Value)[] configuration, Func<string, string?> environment, Action<IServiceCollection>? configure = null)
    {
        var root = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Federation:StsRetries", "0")]) // The SDK waits between attempts.
            .AddInMemoryCollection(configuration.Select(pair => KeyValuePair.Create("Federation:" + pair.Key, pair.Value)))
            .Build();
        var collection = new ServiceCollection();
        collection.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new LogSink(Log)));
        collection.AddSingleton<TimeProvider>(Time);
        collection.AddSingleton(provider => new ApplicationDefault(provider.GetRequiredService<IOptionsMonitor<FederationOptions>>(), environment));
        collection.AddSingleton(new HostEnvironment(environment, Home));
        configure?.Invoke(collection);
        collection.AddFederation(root);
        foreach (var name in new[] { FederationHttpClients.Google, FederationHttpClients.GoogleMetadata, FederationHttpClients.Aws, FederationHttpClients.AwsMetadata })
        {
            collection.AddHttpClient(name).ConfigurePrimaryHttpMessageHandler(() => Network);
        }

        services = collection.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }

    /// <summary>The home directory that the shared AWS files are in. There is none unless a test makes it.</summary>
    public string Home { get; } = Path.Combine(Path.GetTempPath(), "federation-" + Guid.NewGuid().ToString("N"));

    public RecordingHandler Network { get; } = new();

    public ManualTime Time { get; } = new(Start);

    public ConcurrentQueue<string> Log { get; } = new();

    public IConnectionStore Connections => services.GetRequiredService<IConnectionStore>();

    public IGoogleTokenSource Google => services.GetRequiredService<IGoogleTokenSource>();

    public IServiceAccountCredentials ServiceAccounts => services.GetRequiredService<IServiceAccountCredentials>();

    public IAwsFederation Aws => services.GetRequiredService<IAwsFederation>();

    public IBuckets Buckets => services.GetRequiredService<IBuckets>();

    public IServiceProvider Services => services;

    public FederationOptions Options => services.GetRequiredService<IOptions<FederationOptions>>().Value;

    public void Dispose()
    {
        services.Dispose();
        if (Directory.Exists(Home))
        {
            Directory.Delete(Home, recursive: true);
        }
    }

    private sealed class LogSink(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
