using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Engine.State;
using FederationWorkflows.Runtime.Protection;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Storage.PostgreSql.Tests;

public sealed class SharedKeyRingTests(PostgreSqlServer server)
{
    [Fact]
    public async Task Nodes_that_start_together_over_an_empty_key_ring_read_each_others_values()
    {
        var options = server.NewOptions();
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            var services = new ServiceCollection().AddLogging().AddPostgreSqlStorage(options).AddKeyRing(new KeyRingOptions { Key = WrappingKeySource.FromCommand("/bin/echo", key) }).BuildServiceProvider();
            return (Services: services, Stored: services.GetRequiredService<ISensitiveValueProtector>().Protect("canary"u8));
        })));

        foreach (var (services, _) in nodes)
        {
            foreach (var (_, stored) in nodes)
            {
                Encoding.UTF8.GetString(services.GetRequiredService<ISensitiveValueProtector>().Unprotect(stored)).ShouldBe("canary");
            }
        }

        nodes[0].Services.GetRequiredService<ISharedKeyRepository>().GetAllElements().Count.ShouldBe(1);
        foreach (var (services, _) in nodes)
        {
            await services.DisposeAsync();
        }
    }
}
