using System.Collections.Concurrent;
using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Aws.Objects;
using FederationWorkflows.Federation.Aws.Requests;
using FederationWorkflows.Federation.Aws.Sources;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;
using FederationWorkflows.Federation.Google.Requests;
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
        : this(configuration, _ => null, configure: configure)
    {
    }

    /// <param name="configuration">Below the section of the federation.</param>
    /// <param name="environment">The environment variables.</param>
    /// <param name="clock">The time of real servers, for a host that really calls them; otherwise the test plays both.</param>
    /// <param name="transfers">Is told how far transfers are.</param>
    /// <param name="given">What <see cref="GivenCredentials"/> gives; <see cref="Credentials.Session"/> when null.</param>
    /// <param name="configure">More services.</param>
    public FederationHost((string Key, string? Value)[] configuration, Func<string, string?> environment, TimeProvider? clock = null, ITransferObserver? transfers = null, AwsCredentials? given = null, Action<IServiceCollection>? configure = null)
    {
        Clock = clock ?? Time;
        var root = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Federation:StsRetries", "0")]) // The SDK waits between attempts.
            .AddInMemoryCollection(configuration.Select(pair => KeyValuePair.Create("Federation:" + pair.Key, pair.Value)))
            .Build();
        var collection = new ServiceCollection();
        collection.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new LogSink(Log)));
        collection.AddSingleton(Clock);
        if (transfers is not null)
        {
            collection.AddSingleton(transfers);
        }

        collection.AddSingleton(given ?? Credentials.Session);
        collection.AddSingleton<IActivityProvider>(new TypedActivityProvider(typeof(GivenCredentials)));
        collection.AddSingleton(provider => new ApplicationDefault(provider.GetRequiredService<IOptionsMonitor<FederationOptions>>(), environment));
        collection.AddSingleton(new HostEnvironment(environment, Home));
        configure?.Invoke(collection);
        collection.AddFederation(root);
        foreach (var name in FederationHttpClients.All)
        {
            collection.AddHttpClient(name).ConfigurePrimaryHttpMessageHandler(() => clock is null ? Network : new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
        }

        services = collection.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }

    /// <summary>The home directory that the shared AWS files are in. There is none unless a test makes it.</summary>
    public string Home { get; } = Path.Combine(Path.GetTempPath(), "federation-" + Guid.NewGuid().ToString("N"));

    public RecordingHandler Network { get; } = new();

    public ManualTime Time { get; } = new(Start);

    /// <summary>The time that the clients see.</summary>
    public TimeProvider Clock { get; }

    public ConcurrentQueue<string> Log { get; } = new();

    public IConnectionStore Connections => services.GetRequiredService<IConnectionStore>();

    public IGoogleTokenSource Google => services.GetRequiredService<IGoogleTokenSource>();

    public IServiceAccountCredentials ServiceAccounts => services.GetRequiredService<IServiceAccountCredentials>();

    public IAwsFederation Aws => services.GetRequiredService<IAwsFederation>();

    public IBuckets Buckets => services.GetRequiredService<IBuckets>();

    public IObjects Objects => services.GetRequiredService<IObjects>();

    public IObjectWrites Writes => services.GetRequiredService<IObjectWrites>();

    public IAwsRequests AwsRequests => services.GetRequiredService<IAwsRequests>();

    public IGoogleRequests GoogleRequests => services.GetRequiredService<IGoogleRequests>();

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

/// <summary>Gives a story the credentials that the test has.</summary>
[Activity("Test")]
internal sealed class GivenCredentials : CodeActivity<AwsCredentials>
{
    protected override void Execute(ActivityExecutionContext context) => context.SetResult(context.GetRequiredService<AwsCredentials>());
}
