using System.Text.Json;
using System.Text.RegularExpressions;

namespace FederationWorkflows.Federation.Tests.Refusals;

/// <summary>
/// What is said when one thing on the way is wrong. Each case breaks another rule, or the same one in another way; <c>refusals.json</c> has for each the code and the message, to
/// the letter, as the run's page, the journal and the CLI show them.
/// </summary>
public abstract partial class RefusalMatrix(RefusalLab lab)
{
    private static readonly Dictionary<string, Refusal> Expected = Read();

    /// <summary>The cases of all directions, by name.</summary>
    public static IEnumerable<string> Known => Expected.Keys;

    protected async Task ShouldBeRefusedAsync(string name, Func<RefusalLab, Task> broken)
    {
        try
        {
            var error = await Should.ThrowAsync<FederationException>(() => broken(lab), name);
            var found = new Refusal(error.Code, Plain(error.Message));
            Expected.TryGetValue(name, out var expected).ShouldBeTrue($"{name}: {JsonSerializer.Serialize(found)}");
            found.ShouldBe(expected);
            error.ToString().ShouldNotContain("eyJhbGciOi", Case.Sensitive);
        }
        finally
        {
            lab.Restore();
        }
    }

    // The times, the ids of keys that a lab makes, its port and its folders are others each time.
    private string Plain(string message) => Times().Replace(lab.Plain(message), "{}");

    private static Dictionary<string, Refusal> Read() => JsonSerializer.Deserialize<Dictionary<string, Refusal>>(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Refusals", "refusals.json")), JsonSerializerOptions.Web)!;

    [GeneratedRegex(@"\b[12][0-9]{3}(-[0-9]{2}){2}[T ]([0-9]{2}:){2}[0-9]{2}Z|\b2[0-9]{7}T[0-9]{6}Z|'[12][0-9]{7}'|\b127\.0\.0\.1:[0-9]+|[^' ]*/federation-[0-9a-f]{32}|\b[12][0-9]{9}\b|\b-?[0-9]{4} s\b|\b[0-9a-f]{40}\b|<RequestId>[^<]*</RequestId>")]
    private static partial Regex Times();

    private sealed record Refusal(string Code, string Message);
}

/// <summary>That the matrix is whole.</summary>
public sealed class RefusalMatrixTests
{
    [Fact]
    public void It_has_at_least_150_cases_and_an_expectation_for_each_and_no_other()
    {
        var cases = GoogleToAwsRefusals.Names.Concat(AwsToGoogleRefusals.Names).Concat(ClusterRefusals.Names).Concat(RoleChainRefusals.Names).Select(static row => row.Data).ToList();

        cases.Count.ShouldBeGreaterThanOrEqualTo(150);
        cases.ShouldBeUnique();
        RefusalMatrix.Known.Order(StringComparer.Ordinal).ShouldBe(cases.Order(StringComparer.Ordinal));
    }
}
