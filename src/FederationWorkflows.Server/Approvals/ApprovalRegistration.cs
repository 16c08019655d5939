using FederationWorkflows.Engine.Activities.Tasks;

namespace FederationWorkflows.Server.Approvals;

/// <summary>Registers the inbox of approvals and the links to them.</summary>
internal static class ApprovalRegistration
{
    public static IServiceCollection AddApprovals(this IServiceCollection services)
    {
        services.AddSingleton<ApprovalInbox>();
        services.AddSingleton<ApprovalLinks>();
        return services.AddSingleton<IApprovalLinks>(provider => provider.GetRequiredService<ApprovalLinks>());
    }
}
