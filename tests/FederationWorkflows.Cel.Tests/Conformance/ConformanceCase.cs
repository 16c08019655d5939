namespace FederationWorkflows.Cel.Tests.Conformance;

/// <summary>One test of the specification (cel-spec, proto/cel/expr/conformance/test/simple.proto).</summary>
/// <param name="Id">File, section and name.</param>
/// <param name="File">The file, without its ending.</param>
/// <param name="Expression">The expression.</param>
/// <param name="Body">The test with all its fields.</param>
internal sealed record ConformanceCase(string Id, string File, string Expression, TextMessage Body)
{
    /// <summary>What is said instead of cases when the data is not there.</summary>
    public const string Missing = "conformance data";

    private static readonly Lazy<IReadOnlyList<ConformanceCase>> Cases = new(Load);

    public static IReadOnlyList<ConformanceCase> All => Cases.Value;

    /// <summary>The folder of the specification's textproto files, or null: it is not part of the repository.</summary>
    public static string? Folder { get; } = FindFolder();

    public string Container => Body.Text("container");

    public bool IsChecked => !Body.Flag("disable_check");

    public bool HasMacros => !Body.Flag("disable_macros");

    public bool IsCheckedOnly => Body.Flag("check_only");

    public IEnumerable<(string Name, TextMessage Value)> Bindings =>
        Body.Messages("bindings").Select(binding => (binding.Text("key"), binding.Message("value")!.Message("value")!));

    public IEnumerable<TextMessage> Declarations => Body.Messages("type_env");

    public TextMessage? ExpectedType => Body.Message("typed_result")?.Message("deduced_type");

    /// <summary>Null when an error is expected; the value <c>true</c> when the test does not say.</summary>
    public TextMessage? ExpectedValue =>
        Body.Message("eval_error") is not null || Body.Message("any_eval_errors") is not null ? null
        : Body.Message("value") ?? Body.Message("typed_result")?.Message("result") ?? TextFormat.Parse("bool_value: true");

    private static string? FindFolder()
    {
        if (Environment.GetEnvironmentVariable("FEDERATIONWORKFLOWS_CEL_CONFORMANCE") is { Length: > 0 } named)
        {
            return Directory.Exists(named) ? named : null;
        }

        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "FederationWorkflows.sln")))
        {
            folder = folder.Parent;
        }

        var data = folder is null ? null : Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared", "cel"));
        return Directory.Exists(data) ? data : null;
    }

    private static List<ConformanceCase> Load()
    {
        var cases = new List<ConformanceCase>();
        var seen = new Dictionary<string, int>();
        foreach (var path in Directory.EnumerateFiles(Folder!, "*.textproto").Order(StringComparer.Ordinal))
        {
            var file = Path.GetFileNameWithoutExtension(path);
            foreach (var section in TextFormat.Parse(System.IO.File.ReadAllText(path)).Messages("section"))
            {
                foreach (var test in section.Messages("test"))
                {
                    // Some names are given twice.
                    var id = $"{file}/{section.Text("name")}/{test.Text("name")}";
                    var count = seen[id] = seen.GetValueOrDefault(id) + 1;
                    cases.Add(new ConformanceCase(count == 1 ? id : $"{id}#{count}", file, test.Text("expr"), test));
                }
            }
        }

        return cases;
    }
}
