using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using FederationWorkflows.EndToEnd.Processes;
using FederationWorkflows.Engine.Execution;
using FederationWorkflows.Storage.PostgreSql.Tests;

namespace FederationWorkflows.EndToEnd.Crashes;

/// <summary>The storage fails under a server at work. Senders are told to come again, and what was acknowledged is done once the storage works.</summary>
public sealed class StorageFailureTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Set by <c>./test.sh --long</c>.</summary>
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("FEDERATIONWORKFLOWS_LONG_TESTS") == "1";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_a_database_restarts_and_while_it_is_gone_senders_are_told_to_come_again()
    {
        var postgreSql = new PostgreSqlServer();
        await postgreSql.InitializeAsync();
        try
        {
            await using var deployment = Deployment.OnPostgreSql(postgreSql);
            await using var recorder = await EffectRecorder.StartAsync(1);
            deployment.AddEventStory(recorder.Address);
            using var server = deployment.Start();
            await server.Listening.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
            await using var feed = new EventFeed(() => server.Address is { } address ? [address] : [], senders: 2, TimeSpan.FromMilliseconds(40));
            foreach (var pause in new[] { TimeSpan.Zero, (IsLong ? 30 : 5) * Second })
            {
                await AcceptsAsync(feed);
                await postgreSql.StopAsync();
                await Task.Delay(pause, Cancellation);
                await postgreSql.StartAsync();
            }

            await AcceptsAsync(feed);
            await feed.StopAsync();
            await CheckAsync(deployment, feed);
            feed.Deliveries.Count(delivery => delivery.Status == HttpStatusCode.ServiceUnavailable).ShouldBeGreaterThan(0);
        }
        finally
        {
            await postgreSql.DisposeAsync();
        }
    }

    [Fact]
    public async Task While_the_disk_is_full_senders_are_told_to_come_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Only root may mount a small disk.");
        await using var deployment = Deployment.OnSqlite();
        Directory.CreateDirectory(deployment.DataDirectory);
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", deployment.DataDirectory);
        try
        {
            await using var recorder = await EffectRecorder.StartAsync(1);
            deployment.AddEventStory(recorder.Address);
            using var server = deployment.Start();
            await server.Listening.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
            await using var feed = new EventFeed(() => server.Address is { } address ? [address] : [], senders: 2, TimeSpan.FromMilliseconds(40));
            await AcceptsAsync(feed);
            var filler = Path.Combine(deployment.DataDirectory, "filler");
            Fill(filler);
            await BecomesAsync(() => feed.Deliveries.Count(delivery => delivery.Status == HttpStatusCode.ServiceUnavailable) >= 10);
            File.Delete(filler);
            await AcceptsAsync(feed);
            await feed.StopAsync();
            await CheckAsync(deployment, feed);
            await server.KillAsync();
            await deployment.CloseAsync();
        }
        finally
        {
            await RunAsync("umount", "--lazy", deployment.DataDirectory);
        }
    }

    [Theory]
    [InlineData("a commit that was being written")]
    [InlineData("a log that ends in the middle of its last page")]
    public async Task A_torn_log_of_SQLite_is_read_up_to_where_it_is_whole(string damage)
    {
        await using var deployment = Deployment.OnSqlite();
        await using var recorder = await EffectRecorder.StartAsync(1);
        deployment.AddEventStory(recorder.Address);
        using (var server = deployment.Start())
        {
            await server.Listening.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
            await using var before = new EventFeed(() => server.Address is { } address ? [address] : [], senders: 2, TimeSpan.FromMilliseconds(10));
            await AcceptsAsync(before);
            await server.KillAsync();
            await before.StopAsync();
            var isWhole = damage.StartsWith("a commit", StringComparison.Ordinal);
            await using (var log = new FileStream(deployment.DatabaseFile + "-wal", FileMode.Open, FileAccess.ReadWrite))
            {
                if (isWhole)
                {
                    log.Seek(0, SeekOrigin.End);
                    log.Write(RandomNumberGenerator.GetBytes(6_000));
                }
                else
                {
                    log.SetLength(log.Length - 2_000);
                }
            }

            using var again = deployment.Start();
            await again.Listening.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
            await using var after = new EventFeed(() => again.Address is { } address ? [address] : [], senders: 1, TimeSpan.FromMilliseconds(10));
            await AcceptsAsync(after);
            await after.StopAsync();
            await CheckAsync(deployment, isWhole ? [.. before.Deliveries, .. after.Deliveries] : after.Deliveries);
        }
    }

    private static Task AcceptsAsync(EventFeed feed)
    {
        var before = feed.Deliveries.Count(delivery => delivery.IsAccepted);
        return BecomesAsync(() => feed.Deliveries.Count(delivery => delivery.IsAccepted) >= before + 20);
    }

    private static async Task BecomesAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(2));
            await Task.Delay(50, Cancellation);
        }
    }

    private static void Fill(string file)
    {
        using var filler = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                filler.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            // That is the aim.
        }
    }

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        var errors = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        process.ExitCode.ShouldBe(0, errors);
    }

    private Task CheckAsync(Deployment deployment, EventFeed feed) => CheckAsync(deployment, feed.Deliveries);

    private async Task CheckAsync(Deployment deployment, IReadOnlyList<Delivery> deliveries)
    {
        var clock = Stopwatch.StartNew();
        var runs = await deployment.AtRestAsync(Cancellation);
        var statuses = deliveries.GroupBy(delivery => delivery.Status).Select(group => $"{group.Count()} x {group.Key?.ToString() ?? "no answer"}");
        output.WriteLine($"{string.Join(", ", statuses)}; {runs.Count} runs, at rest after {clock.Elapsed.TotalSeconds:0.0} s");
        foreach (var refusal in deliveries.Where(delivery => delivery is { IsAccepted: false, Status: not null }))
        {
            refusal.Status.ShouldBe(HttpStatusCode.ServiceUnavailable, refusal.Text);
            refusal.RetryAfter.ShouldBeTrue(refusal.Text);
            refusal.Text.ShouldNotContain(deployment.Directory.FullName);
        }

        deliveries.Where(delivery => delivery.IsAccepted).Select(delivery => delivery.RunId).Except(runs.Select(run => run.Identity.Id)).ShouldBeEmpty("every event that was acknowledged has its run");
        runs.Where(run => run.SubStatus != WorkflowSubStatus.Finished).Select(run => $"{run.Identity.Id} {run.SubStatus}").ShouldBeEmpty("every run comes to its end");
    }
}
