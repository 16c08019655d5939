using FederationWorkflows.Federation.Clusters;
using FederationWorkflows.Federation.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;

namespace FederationWorkflows.Federation.Tests.Clusters;

public sealed class ProjectedTokenTests : IDisposable
{
    private readonly FederationHost host = new();
    private readonly string file;

    public ProjectedTokenTests() => file = Path.Combine(Directory.CreateDirectory(host.Home).FullName, "token");

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task A_rotated_token_takes_effect_at_the_next_read()
    {
        await File.WriteAllTextAsync(file, Token("one") + "\n", TestContext.Current.CancellationToken);
        (await ReadAsync()).Claims.Subject.ShouldBe("one");

        await File.WriteAllTextAsync(file, Token("two"), TestContext.Current.CancellationToken);
        var token = await ReadAsync();

        token.Claims.Subject.ShouldBe("two");
        token.Token.Reveal().ShouldBe(Token("two"));
        token.ToString().ShouldNotContain(Token("two").Split('.')[1]);
    }

    [Fact]
    public async Task What_is_no_current_token_is_refused_without_showing_it()
    {
        (await RefusedAsync("CANARY not a token")).ShouldContain("has no token: it has 1 part(s) between dots where a signed JSON web token has three");
        (await RefusedAsync(Token("old", host.Time.GetUtcNow().AddSeconds(-1)))).ShouldContain("expired at 2031-04-05T06:07:07Z. The kubelet replaces a projected token long before");
        (await RefusedAsync(Credentials.IdToken(new { sub = "x" }), issuer: null)).ShouldContain("has no exp");
        (await RefusedAsync(Token("pod"), "https://other.example")).ShouldEndWith("is of the issuer 'https://cluster.example', not of 'https://other.example'. Check that the file is the one that this cluster mounts, and the connection's Issuer.");
        (await RefusedAsync(new string('x', 30_000))).ShouldContain("is larger than 19 KiB");
        File.Delete(file);
        (await RefusedAsync(null)).ShouldBe($"connection 'pod': its file '{file}' does not exist. Put the credential there, or correct the connection's path.");
    }

    private string Token(string subject, DateTimeOffset? expires = null) =>
        Credentials.IdToken(new { iss = "https://cluster.example", sub = subject, aud = new[] { "sts.amazonaws.com" }, exp = (expires ?? host.Time.GetUtcNow().AddHours(1)).ToUnixTimeSeconds() });

    private Task<ProjectedToken> ReadAsync(string? issuer = null) => host.Services.GetRequiredService<IProjectedTokens>().ReadAsync("pod", file, issuer, TestContext.Current.CancellationToken);

    private async Task<string> RefusedAsync(string? content, string? issuer = "https://cluster.example")
    {
        if (content is not null)
        {
            await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
        }

        var error = await Should.ThrowAsync<FederationException>(() => ReadAsync(issuer));
        error.Code.ShouldBe(FailureCodes.UnusableConnection);
        error.ToString().ShouldNotContain("CANARY");
        return error.Message;
    }
}
