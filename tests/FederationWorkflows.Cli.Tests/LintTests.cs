using System.Text.Json;
using FederationWorkflows.Cli.Tests.Support;

namespace FederationWorkflows.Cli.Tests;

/// <summary><c>fedflow lint</c>.</summary>
public sealed class LintTests : TestFolder
{
    private const string Open = """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Principal": { "Federated": "accounts.google.com" },
              "Action": "sts:AssumeRoleWithWebIdentity",
              "Condition": { "StringEquals": { "accounts.google.com:aud": "1122", "accounts.google.com:oaud": "https://aud.example" } }
            }
          ]
        }
        """;

    private static readonly string Pinned = Open.Replace("\"1122\",", "\"1122\", \"accounts.google.com:sub\": \"1122\",", StringComparison.Ordinal);

    [Fact]
    public async Task A_finding_names_place_rule_risk_and_fix_and_fails_the_build()
    {
        Write("trust.json", Open);
        var (code, output, error) = await Fedflow.RunAsync(Folder, "lint", "trust.json");

        (code, error).ShouldBe((2, ""));
        output.ShouldStartWith("trust.json(8,7): high google-sub-missing: No condition reads accounts.google.com:sub.\n    where $.Statement[0].Condition\n    risk  Every Google identity");
        output.ShouldContain("\n    fix   Add accounts.google.com:sub");
        output.ShouldEndWith("1 file(s), 1 finding(s): 1 high.\n");
    }

    [Fact]
    public async Task What_is_pinned_passes_also_by_a_pipe()
    {
        (await Fedflow.PipeAsync(Folder, Pinned, "lint", "-")).ShouldBe((0, "1 file(s), no findings.\n", ""));
    }

    [Theory]
    [InlineData(0, "--ignore", "google-sub-missing")]
    [InlineData(2, "--severity", "high")]
    [InlineData(1, "--ignore", "google-sub-mising")]
    public async Task Rules_can_be_left_out(int expected, params string[] options)
    {
        Write("trust.json", Open);
        (await Fedflow.RunAsync(Folder, ["lint", "trust.json", .. options])).Code.ShouldBe(expected);
    }

    [Fact]
    public async Task Severity_is_a_threshold()
    {
        Write("role.json", """{"Roles":[{"MaxSessionDuration":7200}]}""");
        (await Fedflow.RunAsync(Folder, "lint", "role.json")).Code.ShouldBe(2);
        (await Fedflow.RunAsync(Folder, "lint", "role.json", "--severity", "medium")).Code.ShouldBe(0);
    }

    [Fact]
    public async Task A_file_that_is_not_there_or_not_known_is_an_error()
    {
        Write("other.json", "[]");
        var (code, output, error) = await Fedflow.RunAsync(Folder, "lint", "missing.json", "other.json", "--json");

        code.ShouldBe(1);
        error.ShouldContain("missing.json: The file cannot be read:");
        error.ShouldContain("other.json: This is nothing that lint knows.");
        Fedflow.Json(output).GetProperty("problems").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task A_folder_is_looked_through_for_what_lint_knows()
    {
        Write("package.json", "{}");
        Directory.CreateDirectory(Path.Combine(Folder, "iam"));
        Write("iam/trust.json", Open);
        var (code, output, error) = await Fedflow.RunAsync(Folder, "lint", ".", "--json");

        (code, error).ShouldBe((2, ""));
        var finding = Fedflow.Json(output).GetProperty("findings").EnumerateArray().ShouldHaveSingleItem();
        (finding.GetProperty("file").GetString(), finding.GetProperty("rule").GetString(), finding.GetProperty("severity").GetString(), finding.GetProperty("line").GetInt32())
            .ShouldBe(("iam/trust.json", "google-sub-missing", "High", 8));
    }

    /// <summary>The parts of the SARIF 2.1.0 schema that GitHub, Azure DevOps and GitLab require.</summary>
    [Fact]
    public async Task Sarif_has_the_shape_that_code_hosts_read()
    {
        Write("my trust.json", Open);
        var (code, output, _) = await Fedflow.RunAsync(Folder, "lint", "my trust.json", "--sarif");

        code.ShouldBe(2);
        var log = Fedflow.Json(output);
        Names(log).ShouldBe(["$schema", "version", "runs"]);
        log.GetProperty("version").GetString().ShouldBe("2.1.0");
        log.GetProperty("$schema").GetString().ShouldEndWith("sarif-schema-2.1.0.json");
        var run = log.GetProperty("runs").EnumerateArray().ShouldHaveSingleItem();
        Names(run).ShouldBe(["tool", "columnKind", "results"]);
        run.GetProperty("columnKind").GetString().ShouldBeOneOf("utf16CodeUnits", "unicodeCodePoints");
        var driver = run.GetProperty("tool").GetProperty("driver");
        driver.GetProperty("name").GetString().ShouldNotBeNullOrEmpty();
        var rules = driver.GetProperty("rules").EnumerateArray().ToArray();
        foreach (var rule in rules)
        {
            Names(rule).ShouldBe(["id", "shortDescription", "fullDescription", "help", "defaultConfiguration", "properties"]);
            rule.GetProperty("shortDescription").GetProperty("text").GetString().ShouldNotBeNullOrEmpty();
            rule.GetProperty("defaultConfiguration").GetProperty("level").GetString().ShouldBeOneOf("note", "warning", "error");
            double.Parse(rule.GetProperty("properties").GetProperty("security-severity").GetString()!, System.Globalization.CultureInfo.InvariantCulture).ShouldBeInRange(0.1, 10);
        }

        var result = run.GetProperty("results").EnumerateArray().ShouldHaveSingleItem();
        Names(result).ShouldBe(["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"]);
        rules[result.GetProperty("ruleIndex").GetInt32()].GetProperty("id").GetString().ShouldBe(result.GetProperty("ruleId").GetString());
        result.GetProperty("level").GetString().ShouldBe("error");
        result.GetProperty("message").GetProperty("text").GetString()!.ShouldContain("accounts.google.com:sub");
        var location = result.GetProperty("locations").EnumerateArray().ShouldHaveSingleItem();
        location.GetProperty("physicalLocation").GetProperty("artifactLocation").GetProperty("uri").GetString().ShouldBe("my%20trust.json");
        location.GetProperty("physicalLocation").GetProperty("region").GetProperty("startLine").GetInt32().ShouldBe(8);
        location.GetProperty("physicalLocation").GetProperty("region").GetProperty("startColumn").GetInt32().ShouldBe(7);
        location.GetProperty("logicalLocations")[0].GetProperty("fullyQualifiedName").GetString().ShouldBe("$.Statement[0].Condition");
    }

    [Fact]
    public async Task What_the_house_ships_is_clean_from_medium_up()
    {
        var (code, output, error) = await Fedflow.RunAsync(Folder, "lint", Path.Combine(Checkout.Root, "workflows"), "--severity", "medium");

        (code, error).ShouldBe((0, ""), output);
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(static property => property.Name);
}
