using FederationWorkflows.Federation.Tests.Clients;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Tests;

/// <summary>The file of a projected token, as a pod has it.</summary>
public sealed class ProjectedVolumeTests
{
    private static readonly DateTimeOffset Start = new(2031, 4, 5, 6, 7, 8, TimeSpan.Zero);

    [Fact]
    public async Task A_token_is_replaced_when_four_fifths_of_its_life_are_over_and_gone_with_the_lab()
    {
        var time = new ManualTime(Start);
        string file;
        await using (var lab = await CloudLabServer.StartAsync(new CloudLabOptions { TimeProvider = time }, TestContext.Current.CancellationToken))
        {
            file = lab.Clusters.ProjectFile("forensics", "triage", "collector", "sts.amazonaws.com", TimeSpan.FromMinutes(20));
            var first = Claims(file);
            time.Advance(TimeSpan.FromMinutes(15.9));
            Claims(file).Expires.ShouldBe(first.Expires);
            time.Advance(TimeSpan.FromMinutes(0.2));

            var second = Claims(file);

            (first.Issuer, first.Subject, first.Expires).ShouldBe((lab.World.Clusters[0].Issuer, "system:serviceaccount:triage:collector", Start.AddMinutes(20)));
            second.Expires.ShouldBe(Start.AddMinutes(36.1), TimeSpan.FromSeconds(1));
            if (!OperatingSystem.IsWindows())
            {
                File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }

        Directory.Exists(Path.GetDirectoryName(file)).ShouldBeFalse();
        time.Advance(TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Of_an_account_that_the_cluster_does_not_have_nothing_is_projected()
    {
        await using var lab = await CloudLabServer.StartAsync(new CloudLabOptions(), TestContext.Current.CancellationToken);

        Should.Throw<ArgumentException>(() => lab.Clusters.ProjectFile("forensics", "triage", "nobody", "sts.amazonaws.com"))
            .Message.ShouldStartWith("The lab has no service account triage/nobody in a cluster forensics");
    }

    private static OidcClaims Claims(string file) =>
        OidcToken.TryParse(Engine.Sensitive.Of(File.ReadAllText(file)), out var token, out _) ? token.UnverifiedClaims : throw new InvalidOperationException("no token");
}
