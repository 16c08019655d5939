using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Engine.State;
using FederationWorkflows.Runtime.Protection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FederationWorkflows.Runtime.Tests.Protection;

public sealed class KeyRingTests : IDisposable
{
    private static readonly byte[] Canary = Encoding.UTF8.GetBytes("canary-9f3a");

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("fedflow-keys-");

    private string Data => Path.Combine(directory.FullName, "data", "keys");

    private string KeyPath => Path.Combine(directory.FullName, "secret", "key");

    public void Dispose() => directory.Delete(recursive: true);

    [Fact]
    public async Task What_was_protected_is_read_after_a_restart()
    {
        byte[] stored;
        await using (var before = await StartAsync(File(create: true)))
        {
            stored = before.GetRequiredService<ISensitiveValueProtector>().Protect(Canary);
        }

        await using var after = await StartAsync(File());

        after.GetRequiredService<ISensitiveValueProtector>().Unprotect(stored).ShouldBe(Canary);
        Encoding.Latin1.GetString(stored).ShouldNotContain("canary");
    }

    [Fact]
    public async Task The_key_ring_holds_no_key_in_clear()
    {
        await using var server = await StartAsync(File(create: true));
        server.GetRequiredService<ISensitiveValueProtector>().Protect(Canary);

        var ring = await System.IO.File.ReadAllTextAsync(Directory.GetFiles(Data).ShouldHaveSingleItem(), TestContext.Current.CancellationToken);

        ring.ShouldContain("<wrapped by=");
        ring.ShouldNotContain("<masterKey");
        ring.ShouldNotContain("<value>");
    }

    [Fact]
    public async Task A_key_file_that_is_made_is_its_owners_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        await using var server = await StartAsync(File(create: true));

#pragma warning disable CA1416 // Skipped on Windows.
        System.IO.File.GetUnixFileMode(KeyPath).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        System.IO.File.GetUnixFileMode(Path.GetDirectoryName(KeyPath)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore CA1416
        Convert.FromBase64String((await System.IO.File.ReadAllTextAsync(KeyPath, TestContext.Current.CancellationToken)).Trim()).Length.ShouldBe(32);
    }

    [Fact]
    public async Task A_server_that_is_given_another_key_does_not_start_and_makes_no_new_ring()
    {
        await using (await StartAsync(File(create: true)))
        {
        }

        var error = await Should.ThrowAsync<KeyRingException>(() => StartAsync(Command(NewKey())));

        error.Message.ShouldMatch("^The key ring was wrapped with another key: with [0-9a-f]{16}, while this server was given [0-9a-f]{16}\\. Give it the key it had before, or name that one as a previous key\\.$");
        Directory.GetFiles(Data).Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_wrapping_key_can_be_replaced_while_the_previous_one_is_known()
    {
        byte[] stored;
        await using (var before = await StartAsync(File(create: true)))
        {
            stored = before.GetRequiredService<ISensitiveValueProtector>().Protect(Canary);
        }

        await using var after = await StartAsync(Command(NewKey()), File());

        after.GetRequiredService<ISensitiveValueProtector>().Unprotect(stored).ShouldBe(Canary);
    }

    [Fact]
    public async Task A_changed_value_is_refused()
    {
        await using var server = await StartAsync(File(create: true));
        var protector = server.GetRequiredService<ISensitiveValueProtector>();
        var stored = protector.Protect(Canary);
        stored[^1] ^= 1;

        Should.Throw<CryptographicException>(() => protector.Unprotect(stored));
    }

    [Fact]
    public async Task A_changed_key_ring_is_told()
    {
        await using (await StartAsync(File(create: true)))
        {
        }

        var ring = Directory.GetFiles(Data).Single();
        var text = await System.IO.File.ReadAllTextAsync(ring, TestContext.Current.CancellationToken);
        var value = text.IndexOf('>', text.IndexOf("<wrapped", StringComparison.Ordinal)) + 1;
        await System.IO.File.WriteAllTextAsync(ring, $"{text[..value]}{(text[value] == 'A' ? 'B' : 'A')}{text[(value + 1)..]}", TestContext.Current.CancellationToken);

        (await Should.ThrowAsync<KeyRingException>(() => StartAsync(File()))).Message.ShouldBe("A key of the key ring was changed after it was stored. Restore the key ring from a backup.");
    }

    [Theory]
    [InlineData("data/keys/key")]
    [InlineData("data/key")]
    public void A_key_beside_the_data_is_refused(string path)
    {
        var file = Path.Combine(directory.FullName, path);

        Should.Throw<KeyRingException>(() => new ServiceCollection().AddKeyRing(new KeyRingOptions { Directory = Data, Key = WrappingKeySource.FromFile(file, createIfMissing: true) }))
            .Message.ShouldBe($"The key file {file} lies beside the data it protects. Put it into a directory of its own that is not backed up with the data.");
    }

    public static TheoryData<WrappingKeySource, string> BadKeys => new()
    {
        { WrappingKeySource.FromVariable("FEDFLOW_TEST_NOT_SET"), "The environment variable FEDFLOW_TEST_NOT_SET is not set. It must hold the key that wraps the key ring: 32 bytes in base64." },
        { WrappingKeySource.FromCommand("/bin/echo", "c2hvcnQ="), "What /bin/echo prints does not hold a key: 32 bytes in base64 are wanted. Make one with: openssl rand -base64 32" },
        { WrappingKeySource.FromCommand("/bin/echo", "not base64"), "What /bin/echo prints does not hold a key: 32 bytes in base64 are wanted. Make one with: openssl rand -base64 32" },
        { WrappingKeySource.FromCommand("/bin/false"), "/bin/false, which is to print the key that wraps the key ring, ended with code 1." },
    };

    [Theory]
    [MemberData(nameof(BadKeys), DisableDiscoveryEnumeration = true)]
    public async Task A_key_that_cannot_be_had_is_told(WrappingKeySource key, string message) => (await Should.ThrowAsync<KeyRingException>(() => StartAsync(key))).Message.ShouldBe(message);

    [Fact]
    public async Task A_key_file_that_is_missing_is_told()
    {
        (await Should.ThrowAsync<KeyRingException>(() => StartAsync(File()))).Message.ShouldStartWith($"The file {KeyPath}, which holds the key that wraps the key ring, cannot be read: ");
    }

    [Fact]
    public async Task A_key_from_the_environment_is_used()
    {
        Environment.SetEnvironmentVariable("FEDFLOW_TEST_KEY", NewKey());

        await using var server = await StartAsync(WrappingKeySource.FromVariable("FEDFLOW_TEST_KEY"));

        Directory.GetFiles(Data).Length.ShouldBe(1);
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static WrappingKeySource Command(string key) => WrappingKeySource.FromCommand("/bin/echo", key);

    private WrappingKeySource File(bool create = false) => WrappingKeySource.FromFile(KeyPath, create);

    private async Task<ServiceProvider> StartAsync(WrappingKeySource key, params WrappingKeySource[] previous)
    {
        var services = new ServiceCollection().AddLogging().AddMemoryStorage().AddKeyRing(new KeyRingOptions { Directory = Data, Key = key, PreviousKeys = previous }).BuildServiceProvider();
        try
        {
            foreach (var service in services.GetServices<IHostedService>())
            {
                await service.StartAsync(TestContext.Current.CancellationToken);
            }

            return services;
        }
        catch
        {
            await services.DisposeAsync();
            throw;
        }
    }
}
