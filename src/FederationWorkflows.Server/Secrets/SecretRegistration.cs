using FederationWorkflows.Engine.Expressions;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FederationWorkflows.Server.Secrets;

/// <summary>Registers the store of secrets, and lets stories read it.</summary>
internal static class SecretRegistration
{
    public static IServiceCollection AddSecrets(this IServiceCollection services)
    {
        services.AddOptions<SecretOptions>().BindConfiguration(SecretOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<SecretCipher>();
        services.AddSingleton<SecretStore>();
        services.AddSingleton<SecretUses>();
        services.AddSingleton<SecretVault>();
        return services.Replace(ServiceDescriptor.Singleton<ISecretSource>(provider => provider.GetRequiredService<SecretVault>()));
    }
}
