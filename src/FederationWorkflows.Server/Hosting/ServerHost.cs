using System.Security.Claims;
using FederationWorkflows.Engine.Activities;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Federation;
using FederationWorkflows.Http;
using FederationWorkflows.Runtime;
using FederationWorkflows.Runtime.Definitions.Files;
using FederationWorkflows.Runtime.Retention;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Schedules;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Server.Federation;
using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Approvals;
using FederationWorkflows.Server.Audit;
using FederationWorkflows.Server.Management;
using FederationWorkflows.Server.Pages;
using FederationWorkflows.Server.Secrets;
using FederationWorkflows.Server.Studio;
using FederationWorkflows.Server.Telemetry;
using FederationWorkflows.Server.Webhooks;
using FederationWorkflows.Server.Webhooks.Callers;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Hosting;

/// <summary>The server as a whole, for its own process and for programs that host it.</summary>
public static partial class ServerHost
{
    /// <summary>The server itself as a caller: what happens at start happens in its name.</summary>
    public static ClaimsPrincipal System => SystemPrincipal.Instance;

    /// <summary>Where it listens when nothing else is configured.</summary>
    public const string DefaultUrl = "http://127.0.0.1:5080";

    private static readonly string[] AddressSettings = [WebHostDefaults.ServerUrlsKey, WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey];

    /// <summary>
    /// Builds the server. Once it is started, the stories of its folder are published, and it listens. Its configuration is what ASP.NET Core reads:
    /// <c>appsettings.json</c> of the working directory, then environment variables (<c>Server__ResponseTimeout</c>), then the arguments; the later wins.
    /// </summary>
    /// <param name="args">Configuration as command line arguments, e.g. <c>--urls http://127.0.0.1:8080</c>.</param>
    /// <param name="configure">Changes configuration, logging or services before the server is built; may be null.</param>
    /// <param name="cancellationToken">Ends building.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The configuration is wrong; the message says where.</exception>
    public static async Task<WebApplication> CreateAsync(string[] args, Action<WebApplicationBuilder>? configure, CancellationToken cancellationToken)
    {
        string[] all = ["--hostBuilder:reloadConfigOnChange=false", .. args];
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = all, ContentRootPath = Environment.CurrentDirectory });
        PollSettings(builder);

        // A default, so it stands before every other source.
        ((IConfigurationBuilder)builder.Configuration).Sources.Insert(
            0, new MemoryConfigurationSource { InitialData = [KeyValuePair.Create<string, string?>("AllowedHosts", "localhost;127.0.0.1;[::1]")] });
        builder.AddServerLogging();
        configure?.Invoke(builder);
        if (AddressSettings.All(setting => string.IsNullOrEmpty(builder.WebHost.GetSetting(setting))))
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        AddServices(builder);
        var app = builder.Build();

        // Before anything of the runtime is made: what keeps runs knows the activities' types from then on, and would store theirs as mere JSON.
        await app.Services.GetRequiredService<ActivityRegistry>().RefreshAsync(cancellationToken);
        if (app.Services.GetRequiredService<IRunStore>().Mode == "memory")
        {
            LogMemoryMode(app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ServerHost).FullName!));
        }

        Map(app);
        return app;
    }

    /// <summary>
    /// Has the files of settings looked at every few seconds. To be told of their changes is to be told of every write below the working directory,
    /// the database's among them.
    /// </summary>
    private static void PollSettings(WebApplicationBuilder builder)
    {
#pragma warning disable CA2000 // It lives as long as the configuration.
        var files = new PhysicalFileProvider(builder.Environment.ContentRootPath) { UsePollingFileWatcher = true, UseActivePolling = true };
#pragma warning restore CA2000
        var sources = ((IConfigurationBuilder)builder.Configuration).Sources;
        for (var i = 0; i < sources.Count; i++)
        {
            if (sources[i] is JsonConfigurationSource { Path: { } path } json && path.StartsWith("appsettings", StringComparison.Ordinal))
            {
                sources[i] = new JsonConfigurationSource { Path = path, Optional = json.Optional, ReloadOnChange = true, FileProvider = files };
            }
        }
    }

    /// <summary>What an exception of starting says, with its causes, in one line.</summary>
    public static string Explain(Exception exception)
    {
        var messages = new List<string>();
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            var message = string.Join(' ', cause.Message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            if (!messages.Exists(known => known.Contains(message, StringComparison.Ordinal)))
            {
                messages.Add(message);
            }
        }

        return string.Join(' ', messages);
    }

    /// <summary>
    /// Adds engine, runtime, HTTP and federation activities: what running stories takes, with or without a web server. Runs are kept in memory
    /// unless another storage was added before.
    /// </summary>
    public static IServiceCollection AddFederationWorkflows(this IServiceCollection services, IConfiguration configuration) => services
        .AddMemoryStorage()
        .AddExpressionLimits()
        .AddWorkflowRuntime()
        .AddHttpActivities(configuration)
        .AddFederation(configuration)
        .AddCloudSpans();

    private static IServiceCollection AddExpressionLimits(this IServiceCollection services)
    {
        services.AddOptions<ExpressionOptions>().BindConfiguration(ExpressionOptions.Section).ValidateDataAnnotations();
        services.TryAddSingleton(provider =>
        {
            var limits = provider.GetRequiredService<IOptions<ExpressionOptions>>().Value;
            return new ExpressionHost
            {
                TimeProvider = provider.GetRequiredService<TimeProvider>(),
                Secrets = provider.GetRequiredService<ISecretSource>(),
                CostLimit = limits.CostLimit,
                MaxExpressionLength = limits.MaxExpressionLength,
                MaxInputLength = limits.MaxInputLength,
            };
        });
        return services;
    }

    private static void AddServices(WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(15));
        builder.Services.AddOptions<ServerOptions>().BindConfiguration(ServerOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddTrustedProxies();
        builder.AddTelemetry();
        builder.Services.AddRouting();
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<ExpectedFailures>();
        builder.Services.AddConfiguredStorage(builder.Configuration);
        builder.Services.AddFederationWorkflows(builder.Configuration);
        builder.Services.AddOptions<StoryFolderOptions>().Configure<IOptions<ServerOptions>>((folder, server) =>
        {
            folder.Path = server.Value.Stories;
            folder.WriteBack = server.Value.WriteStories;
        });
        builder.Services.AddOptions<ConcurrencyOptions>().BindConfiguration(ConcurrencyOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<ScheduleOptions>().BindConfiguration(ScheduleOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<RetentionOptions>().BindConfiguration(RetentionOptions.Section).ValidateOnStart();
        builder.Services.TryAddSingleton<IStandardOutput, LoggedOutput>();
        builder.Services.AddSingleton<AuditLog>();
        builder.Services.AddConnectionRules();
        builder.Services.AddSecrets();
        builder.Services.AddSignIn(builder.Configuration);
        builder.Services.AddApprovals();
        builder.Services.AddApiDocument();
        builder.Services.AddPages();
        builder.Services.AddStudio();
        builder.Services.AddSingleton<ResponseWaiters>();
        builder.Services.AddSingleton<IEffectHandler>(provider => provider.GetRequiredService<ResponseWaiters>());
        builder.Services.AddSingleton<WebhookRoutes>();
        builder.Services.AddSingleton<IRunObserver>(provider => provider.GetRequiredService<WebhookRoutes>());
        builder.Services.AddHostedService(provider => provider.GetRequiredService<WebhookRoutes>());
        builder.Services.AddWebhookCallers();
        builder.Services.AddSingleton<WebhookEndpoint>();
        builder.Services.AddManagementApi();
        builder.Services.AddSingleton<StorageHealthCheck>();
        builder.Services.AddHealthChecks().AddCheck<StorageHealthCheck>("storage", tags: ["ready"]);
    }

    private static void Map(WebApplication app)
    {
        app.UseTrustedProxies();

        // Before what looks at paths, the log above all.
        app.UsePathBase(app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.PathBase);
        app.UseMiddleware<RequestSpan>();
        app.UseMiddleware<RequestLog>();
        app.UseExceptionHandler();
        app.UseStatusCodePages(TellStatusAsync);
        app.UseHostFiltering();
        app.UseMiddleware<SecurityHeaders>();
        app.UseRouting();
        app.UseAuthentication();
        app.UseMiddleware<SignedInCaller>();
        app.UseMiddleware<CallerRequirement>();
        app.UseAntiforgery();
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false }).OpenToEverybody();
        app.MapHealthChecks("/health/ready", new() { Predicate = check => check.Tags.Contains("ready") }).OpenToEverybody();
        app.MapManagementApi();
        app.MapApiDocument();
        app.MapPages();
        app.MapStudio();
        app.MapWebhooks();
    }

    /// <summary>What ended with a mere status is told on a page to people, and as a problem to programs.</summary>
    private static async Task TellStatusAsync(StatusCodeContext status)
    {
        var context = status.HttpContext;
        if (context.Response.StatusCode == StatusCodes.Status404NotFound && CallerRequirement.IsForPerson(context.Request))
        {
            await PageResult.Of<ProblemPage>(
                context, new { Caller = context.User, Heading = "Nothing here", Detail = "There is no page of this address. The link may be old." }, StatusCodes.Status404NotFound).ExecuteAsync(context);
            return;
        }

        await context.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = { Status = context.Response.StatusCode } });
    }

    [LoggerMessage(LogLevel.Warning, "Memory mode: stories and runs are kept in memory, and nothing survives a restart")]
    private static partial void LogMemoryMode(ILogger logger);
}
