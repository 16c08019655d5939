using System.Globalization;
using System.Text;
using FederationWorkflows.Cel.Checking;
using FederationWorkflows.Cel.Compilation;
using FederationWorkflows.Cel.Functions;
using FederationWorkflows.Cel.Syntax;
using FederationWorkflows.Cel.Types;

namespace FederationWorkflows.Cel.Tests.Conformance;

/// <summary>The specification's own tests, as far as they need no protobuf messages (<see cref="Applicability"/>).</summary>
public sealed class ConformanceTests
{
    // Less would mean that the rule leaves out what it should not, or that files are missing.
    private const int FewestCases = 1_000;

    public static TheoryData<string> Ids() => ConformanceCase.Folder is null
        ? [ConformanceCase.Missing]
        : [.. ConformanceCase.All.Where(test => Applicability.WhyNot(test) is null).Select(test => test.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void The_specification_is_followed(string id)
    {
        RequireData();
        Failure(ConformanceCase.All.Single(test => test.Id == id)).ShouldBeNull();
    }

    [Fact]
    public void Cases_that_do_not_apply_are_counted_by_file_and_reason()
    {
        RequireData();
        var report = new StringBuilder();
        var left = ConformanceCase.All.Select(test => (test.File, Reason: Applicability.WhyNot(test))).Where(test => test.Reason is not null).ToList();
        foreach (var group in left.CountBy(test => test).OrderBy(group => group.Key.File, StringComparer.Ordinal))
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"{group.Key.File}: {group.Value} {group.Key.Reason}");
        }

        var applied = ConformanceCase.All.Count - left.Count;
        report.Append(CultureInfo.InvariantCulture, $"{ConformanceCase.All.Count} cases, {left.Count} do not apply, {applied} do");
        TestContext.Current.TestOutputHelper!.WriteLine(report.ToString());
        applied.ShouldBeGreaterThan(FewestCases);
    }

    private static void RequireData()
    {
        if (ConformanceCase.Folder is not null)
        {
            return;
        }

        const string Reason = "The specification's data is not here: put cel-spec's tests/simple/testdata into ../shared/cel, or name its folder in FEDERATIONWORKFLOWS_CEL_CONFORMANCE.";
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Assert.Fail(Reason);
        }

        Assert.Skip(Reason);
    }

    /// <summary>What is not as the case says, or null.</summary>
    private static string? Failure(ConformanceCase test)
    {
        var variables = new Dictionary<string, (CelType, object?)>();
        foreach (var (name, value) in test.Bindings)
        {
            variables[name] = (CelType.Dyn, ProtoValues.Read(value));
        }

        foreach (var declaration in test.Declarations.Where(declaration => declaration.Message("ident") is not null))
        {
            var name = declaration.Text("name");
            var value = variables.TryGetValue(name, out var bound) ? bound.Item2 : null;
            variables[name] = (ProtoTypes.Read(declaration.Message("ident")!.Message("type")!), value);
        }

        var input = new PlainInput(variables);
        var functions = new FunctionTable(StandardLibrary.All.Concat(test.Declarations.SelectMany(ProtoTypes.Functions)));
        var options = new CelOptions { Container = test.Container };
        try
        {
            var tree = Checker.Check(Parser.Parse(test.Expression, options, test.HasMacros), new NameResolution(input, functions, test.Container), test.IsChecked);
            if (test.ExpectedType is { } type && !tree.TypeOf(tree.Tree.Root).Equals(ProtoTypes.Read(type)))
            {
                return $"{test.Expression}\n  has the type {tree.TypeOf(tree.Tree.Root)} instead of {ProtoTypes.Read(type)}";
            }

            return test.IsCheckedOnly ? null : EvaluationFailure(test, tree, options, input);
        }
        catch (CelException e)
        {
            // As in the specification's own runner: an error that the checker sees first is an error.
            return test.ExpectedValue is null ? null : $"{test.Expression}\n  gives {Plain.Show(ProtoValues.Read(test.ExpectedValue))}, but here it fails: {e.Explain()}";
        }
    }

    private static string? EvaluationFailure(ConformanceCase test, CheckedTree tree, CelOptions options, PlainInput input)
    {
        var evaluation = new CelEvaluation(options, tree.LocalCount);
        evaluation.Begin(input, TestContext.Current.CancellationToken);
        var result = Compiler.Compile(tree)(evaluation);
        if (result.IsError)
        {
            return test.ExpectedValue is null
                ? null
                : $"{test.Expression}\n  gives {Plain.Show(ProtoValues.Read(test.ExpectedValue))}, but here it fails: {result.Fault.Message} {result.Fault.Detail}";
        }

        var actual = Plain.From(evaluation, result);
        return test.ExpectedValue is not { } wanted ? $"{test.Expression}\n  is an error, but gives {Plain.Show(actual)} here"
            : Plain.Same(actual, ProtoValues.Read(wanted)) ? null
            : $"{test.Expression}\n  gives {Plain.Show(ProtoValues.Read(wanted))}, but here it gives {Plain.Show(actual)}";
    }
}
