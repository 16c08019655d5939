using System.Net.Http.Json;
using FederationWorkflows.Cli.Tests.Support;
using FederationWorkflows.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Cli.Tests;

/// <summary>The command at a server where people must sign in.</summary>
public sealed class SignInTests : TestFolder
{
    private const string Password = "correct horse battery";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string KeyFile => Path.Combine(Folder, ".config", "federationworkflows", "api-keys.json");

    [Fact]
    public async Task Who_signs_in_works_with_a_key_until_he_signs_out()
    {
        using var links = new LinkLog();
        await using var app = await StartAsync(links);
        var server = app.Urls.Single();
        await SetUpAsync(await links.Link.WaitAsync(TimeSpan.FromMinutes(2), Cancellation));

        var (code, _, error) = await Fedflow.RunAsync(Folder, "runs", "list", "--server", server);
        code.ShouldBe(1);
        error.ShouldContain("Nobody is signed in.");
        error.ShouldContain("fedflow login");
        (await LoginAsync(server, "wrong horse battery", "--name", "ann", "--password-stdin")).ShouldBe((1, "", "Name or password is wrong.\n"));

        var (loggedIn, output, problem) = await LoginAsync(server, Password, "--name", "ann", "--password-stdin");
        (loggedIn, problem).ShouldBe((0, ""));
        output.ShouldStartWith($"Signed in at {server}/ as ann until ");
        output.ShouldNotContain("fedflow_");
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(KeyFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        var key = KeyOf(server);
        (await Fedflow.RunAsync(Folder, "runs", "list", "--server", server)).ShouldBe((0, "No runs.\n", ""));

        var (audited, table, _) = await Fedflow.RunAsync(Folder, "audit", "list", "--server", server, "--action", "api-key.");
        audited.ShouldBe(0);
        table.ShouldContain("api-key.create");
        var (_, json, _) = await Fedflow.RunAsync(Folder, "audit", "list", "--server", server, "--actor", "ann", "--limit", "2", "--json");
        Fedflow.Json(json).GetProperty("items").GetArrayLength().ShouldBe(2);

        (await Fedflow.RunAsync(Folder, "logout", "--server", server)).ShouldBe((0, $"Signed out at {server}/: the API key is revoked.\n", ""));
        (await File.ReadAllTextAsync(KeyFile, Cancellation)).ShouldNotContain("fedflow_");
        (await RunWithKeyAsync(server, key)).ShouldBe(1, "the server does not know the key any more");
        (await Fedflow.RunAsync(Folder, "logout", "--server", server)).ShouldBe((0, $"There is no API key for {server}/.\n", ""));
    }

    [Fact]
    public async Task A_key_is_taken_from_the_environment_or_from_elsewhere_and_may_be_made_for_less()
    {
        using var links = new LinkLog();
        await using var app = await StartAsync(links);
        var server = app.Urls.Single();
        await SetUpAsync(await links.Link.WaitAsync(TimeSpan.FromMinutes(2), Cancellation));
        (await LoginAsync(server, Password, "--name", "ann", "--password-stdin", "--scope", "runs:read")).Code.ShouldBe(0);
        var key = KeyOf(server);
        var (code, _, error) = await Fedflow.RunAsync(Folder, "audit", "list", "--server", server);
        code.ShouldBe(1);
        error.ShouldContain("This needs the permission audit:read");
        File.Delete(KeyFile);

        (await RunWithKeyAsync(server, key)).ShouldBe(0);
        (await RunWithKeyAsync(server, "fedflow_nonsense")).ShouldBe(1);
        (await LoginAsync(server, key, "--api-key-stdin")).Output.ShouldStartWith($"Signed in at {server}/ as ann.");
        (await Fedflow.RunAsync(Folder, "runs", "list", "--server", server)).Code.ShouldBe(0);
        (await LoginAsync(server, "fedflow_nonsense", "--api-key-stdin")).Error.ShouldContain("The API key does not count");
    }

    [Fact]
    public async Task Nothing_secret_is_sent_where_others_can_read_it()
    {
        var (code, _, error) = await Fedflow.PipeAsync(Folder, Password, "login", "--server", "http://automation.example", "--name", "ann", "--password-stdin");
        (code, error).ShouldBe((1, "Nothing secret is sent to http://automation.example/, since whoever is on the way could read it. Use https.\n"));
    }

    private static async Task<WebApplication> StartAsync(LinkLog links)
    {
        var app = await ServerHost.CreateAsync(
            [],
            builder =>
            {
                builder.WebHost.UseUrls("http://127.0.0.1:0");
                builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Server:Stories"] = "", ["Storage:Mode"] = "Memory" });
                builder.Logging.ClearProviders().AddProvider(links);
            },
            Cancellation);
        await app.StartAsync(Cancellation);
        return app;
    }

    private static async Task SetUpAsync(Uri link)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var answer = await client.PostAsJsonAsync(new Uri(link, "/api/set-up"), new { token = link.Query["?token=".Length..], name = "ann", password = Password }, Cancellation);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private Task<(int Code, string Output, string Error)> LoginAsync(string server, string input, params string[] arguments) =>
        Fedflow.PipeAsync(Folder, input + "\n", ["login", "--server", server, .. arguments]);

    private string KeyOf(string server) => Fedflow.Json(File.ReadAllText(KeyFile)).GetProperty(server + "/").GetString()!;

    private async Task<int> RunWithKeyAsync(string server, string key)
    {
        await using var fedflow = Fedflow.Start(Folder, new Dictionary<string, string> { ["FEDFLOW_API_KEY"] = key }, "runs", "list", "--server", server);
        return await fedflow.ExitAsync();
    }

    private sealed class LinkLog : ILoggerProvider, ILogger
    {
        private readonly TaskCompletionSource<Uri> link = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Uri> Link => link.Task;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception) is var line && line.Contains("/set-up?token=", StringComparison.Ordinal))
            {
                link.TrySetResult(new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..]));
            }
        }

        public void Dispose()
        {
        }
    }
}
