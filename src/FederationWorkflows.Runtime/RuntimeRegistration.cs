using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Definitions;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.State;
using FederationWorkflows.Engine.Stories;
using FederationWorkflows.Runtime.Definitions;
using FederationWorkflows.Runtime.Definitions.Files;
using FederationWorkflows.Runtime.Events;
using FederationWorkflows.Runtime.FollowUps;
using FederationWorkflows.Runtime.Nodes;
using FederationWorkflows.Runtime.Retention;
using FederationWorkflows.Runtime.Runs;
using FederationWorkflows.Runtime.Schedules;
using FederationWorkflows.Runtime.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Runtime;

/// <summary>Registers the runtime.</summary>
public static class RuntimeRegistration
{
    /// <summary>
    /// Adds engine and runtime. Activity types come from every registered <see cref="IActivityProvider"/>, expression languages from
    /// every <see cref="IExpressionHandler"/>. The catalog of types must be refreshed before the first story is compiled.
    /// </summary>
    public static IServiceCollection AddWorkflowRuntime(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IActivityProvider>(TypedActivityProvider.FromAssemblyOf<Activity>());
        services.TryAddSingleton<ActivityRegistry>();
        services.TryAddSingleton(ISecretSource.None);
        services.TryAddSingleton(provider => new ExpressionHost { TimeProvider = provider.GetRequiredService<TimeProvider>(), Secrets = provider.GetRequiredService<ISecretSource>() });
        services.TryAddSingleton<WorkflowCompiler>();
        services.TryAddSingleton(provider => new StateCodec(provider.GetRequiredService<ISensitiveValueProtector>(), StateCodec.TypesOf(provider.GetRequiredService<ActivityRegistry>().Current)));
        services.TryAddSingleton(provider => new RunEnvironment
        {
            Services = provider,
            Codec = provider.GetRequiredService<StateCodec>(),
            TimeProvider = provider.GetRequiredService<TimeProvider>(),
        });
        services.TryAddSingleton<StoryAccess>();
        services.TryAddSingleton<StoryActivityProvider>();
        services.AddSingleton<IActivityProvider>(provider => provider.GetRequiredService<StoryActivityProvider>());
        services.TryAddSingleton(provider => new DefinitionCatalog(
            provider.GetRequiredService<IDefinitionStore>(),
            provider.GetRequiredService<IScheduleStore>(),
            provider.GetRequiredService<IRunStore>(),
            provider.GetRequiredService<WorkflowCompiler>(),
            provider.GetRequiredService<ActivityRegistry>(),
            provider.GetRequiredService<StoryActivityProvider>(),
            provider.GetRequiredService<StoryAccess>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DefinitionCatalog>>()));
        services.AddOptions<StoryFolderOptions>();
        services.TryAddSingleton<StoryFolder>();
        services.AddHostedService<DefinitionSync>();
        services.TryAddSingleton(provider => new WorkflowRuntime(
            provider.GetRequiredService<DefinitionCatalog>(),
            provider.GetRequiredService<StoryAccess>(),
            provider.GetRequiredService<IRunStore>(),
            provider.GetRequiredService<IFollowUpStore>(),
            provider.GetRequiredService<IStoreSignals>(),
            provider.GetRequiredService<RunEnvironment>(),
            provider.GetServices<IRunObserver>(),
            provider.GetServices<IEffectHandler>(),
            provider.GetRequiredService<IOptions<ConcurrencyOptions>>(),
            provider.GetRequiredService<ILogger<WorkflowRuntime>>()));
        services.AddHostedService(provider => provider.GetRequiredService<WorkflowRuntime>());
        services.AddHostedService<NodeService>();
        services.AddSingleton<TimerWaker>();
        services.AddSingleton<IRunObserver>(provider => provider.GetRequiredService<TimerWaker>());
        services.TryAddSingleton<IStoryDirectory, StoryDirectory>();
        services.TryAddSingleton<EventPublisher>();
        services.TryAddSingleton<TaskCompletion>();
        services.TryAddSingleton<RunArchive>();
        services.TryAddSingleton<RunInspector>();
        services.TryAddSingleton(provider => new ActivityTest(
            provider.GetRequiredService<WorkflowCompiler>(), provider.GetRequiredService<StoryAccess>(), provider.GetRequiredService<RunEnvironment>()));
        services.AddSingleton<FollowUpWorker>();
        services.AddSingleton<FollowUpInbox>();
        services.AddSingleton<IRunObserver>(provider => provider.GetRequiredService<FollowUpInbox>());
        services.AddHostedService<FollowUpService>();
        services.AddOptions<ConcurrencyOptions>();
        services.AddOptions<ScheduleOptions>();
        services.AddHostedService<ScheduleService>();
        services.TryAddSingleton<NodeDrain>();
        services.AddHostedService(provider => provider.GetRequiredService<NodeDrain>());
        services.AddHostedService<TimerService>();
        services.AddHostedService<LeaseService>();
        services.AddOptions<RetentionOptions>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RetentionOptions>, RetentionOptionsValidator>());
        services.AddHostedService<RetentionService>();
        services.AddHostedService<StoryFolderService>();
        return services;
    }

    /// <summary>Keeps definitions and runs in memory: nothing survives the process.</summary>
    public static IServiceCollection AddMemoryStorage(this IServiceCollection services)
    {
        services.TryAddSingleton<InProcessSignals>();
        services.TryAddSingleton(provider => new MemoryWorkflowStore(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<InProcessSignals>()));
        services.TryAddSingleton<IRunStore>(provider => provider.GetRequiredService<MemoryWorkflowStore>());
        services.TryAddSingleton<IDefinitionStore>(provider => provider.GetRequiredService<MemoryWorkflowStore>());
        services.TryAddSingleton<IFollowUpStore>(provider => provider.GetRequiredService<MemoryWorkflowStore>());
        services.TryAddSingleton<IScheduleStore>(provider => provider.GetRequiredService<MemoryWorkflowStore>());
        services.TryAddSingleton<INodeStore>(provider => provider.GetRequiredService<MemoryWorkflowStore>());
        services.TryAddSingleton<IStoreSignals>(provider => provider.GetRequiredService<MemoryWorkflowStore>().Signals);
        services.TryAddSingleton<IDocumentStore, MemoryDocumentStore>();
        services.TryAddSingleton<IAuditStore, MemoryAuditStore>();
        services.TryAddSingleton<ISensitiveValueProtector, EphemeralProtector>();
        return services;
    }
}
