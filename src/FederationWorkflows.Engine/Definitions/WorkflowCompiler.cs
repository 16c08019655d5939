using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine.Activities;
using FederationWorkflows.Engine.Descriptors;
using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.Expressions.Cel;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>Turns definitions into executable graphs. Thread-safe; one serves the whole process.</summary>
public sealed class WorkflowCompiler
{
    private readonly ActivityRegistry registry;

    private readonly ExpressionLanguages languages;

    private readonly ExpressionHost host;

    /// <summary>A compiler over the registered activity types and expression languages.</summary>
    /// <param name="registry">The activity types; the snapshot at the time of each compilation is used.</param>
    /// <param name="languages">Languages beside Elsa's own, CEL and Template, which are always there.</param>
    /// <param name="host">What expressions get from the host.</param>
    public WorkflowCompiler(ActivityRegistry registry, IEnumerable<IExpressionHandler> languages, ExpressionHost host)
    {
        this.registry = registry;
        this.languages = new ExpressionLanguages([.. BuiltInExpressions.All, new CelHandler(), new TemplateHandler(), .. languages]);
        this.host = host;
    }

    /// <summary>The expression languages, for the designer.</summary>
    public IReadOnlyList<ExpressionDescriptor> ExpressionDescriptors => languages.Descriptors;

    /// <summary>Checks and compiles a definition.</summary>
    public CompilationResult Compile(WorkflowDefinition definition)
    {
        var compilation = new Compilation(definition, registry.Current, languages, host);
        compilation.Run();
        var problems = (IReadOnlyList<DefinitionProblem>)[.. definition.Warnings, .. compilation.Problems];
        return new CompilationResult(
            problems.Any(problem => problem.Severity == ProblemSeverity.Error) ? null : new ExecutableWorkflow(definition, compilation.Nodes, host) { Connections = compilation.Connections }, problems)
        {
            SecretNames = compilation.SecretNames,
            Connections = compilation.Connections,
        };
    }

    /// <summary>Reads, checks and compiles a file; problems carry line and column.</summary>
    public CompilationResult Compile(ReadOnlyMemory<byte> utf8Json)
    {
        if (utf8Json.Span.StartsWith(Encoding.UTF8.Preamble))
        {
            utf8Json = utf8Json[Encoding.UTF8.Preamble.Length..];
        }

        CompilationResult result;
        try
        {
            result = Compile(DefinitionParser.Parse(utf8Json));
        }
        catch (DefinitionException e)
        {
            result = new CompilationResult(null, e.Problems);
        }

        return result with { Problems = [.. JsonLocation.Locate(utf8Json.Span, result.Problems).OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)] };
    }
}

/// <summary>What compiling a definition gave.</summary>
/// <param name="Workflow">The executable graph; null when there is an error among the problems.</param>
/// <param name="Problems">Errors and warnings, in the order of the file.</param>
public sealed record CompilationResult(ExecutableWorkflow? Workflow, IReadOnlyList<DefinitionProblem> Problems)
{
    /// <summary>The secrets that the story names, also where it has errors elsewhere.</summary>
    public IReadOnlyCollection<string> SecretNames { get; init; } = [];

    /// <summary>The connections that the story names, also where it has errors elsewhere.</summary>
    public IReadOnlyList<ConnectionUse> Connections { get; init; } = [];

    /// <summary>The executable graph.</summary>
    /// <exception cref="DefinitionException">There is an error among the problems.</exception>
    public ExecutableWorkflow Require() => Workflow ?? throw new DefinitionException([.. Problems.Where(problem => problem.Severity == ProblemSeverity.Error)]);
}

/// <summary>The expression languages by type name.</summary>
internal sealed class ExpressionLanguages(IReadOnlyList<IExpressionHandler> handlers)
{
    private static readonly HashSet<string> ElsaOnly = new(StringComparer.Ordinal) { "JavaScript", "CSharp", "Liquid", "Python", "Delegate" };

    private readonly Dictionary<string, IExpressionHandler> byType = handlers.ToDictionary(handler => handler.Descriptor.Type);

    public IReadOnlyList<ExpressionDescriptor> Descriptors { get; } = [.. handlers.Select(handler => handler.Descriptor)];

    public IExpressionHandler Find(string type)
    {
        if (byType.TryGetValue(type, out var handler))
        {
            return handler;
        }

        throw new ExpressionException(ElsaOnly.Contains(type)
            ? $"{type} expressions are kept in the file but not run here, because a story may not execute arbitrary code. Use one of: {string.Join(", ", byType.Keys)}."
            : $"There is no expression type '{type}'. {Suggestion.Among(type, byType.Keys, "Use a known type")}");
    }
}

/// <summary>One compilation: first the tree with its scopes, then the expressions, which may name anything in it.</summary>
internal sealed class Compilation(WorkflowDefinition definition, ActivityCatalog catalog, ExpressionLanguages languages, ExpressionHost host)
{
    private const int MaxActivities = 10_000;

    /// <summary>Added to any date a run will see, it stays one.</summary>
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromDays(3_650);

    private static readonly ActivityDescriptor WorkflowDescriptor = ActivityDescriber.Describe(typeof(WorkflowRoot));

    private readonly Dictionary<string, ActivityNode> byId = new(StringComparer.Ordinal);

    private readonly List<Action> afterTree = [];

    public List<ActivityNode> Nodes { get; } = [];

    public List<DefinitionProblem> Problems { get; } = [];

    /// <summary>The secrets that the story names.</summary>
    public SortedSet<string> SecretNames { get; } = new(StringComparer.Ordinal);

    /// <summary>The connections that the story names.</summary>
    public List<ConnectionUse> Connections { get; } = [];

    public IReadOnlyDictionary<string, ActivityNode> ById => byId;

    public WorkflowDefinition Definition => definition;

    public ExpressionHost Host => host;

    public void Run()
    {
        var workflow = new ActivityNode(0, "Workflow1", null, null, WorkflowDescriptor, new WorkflowRoot(), default, "$") { Timeout = ReadTimeout(new JsonReading(definition.Json, "$", Problems)) };
        workflow.VariableList.AddRange(definition.Variables);
        Nodes.Add(workflow);
        byId.Add(workflow.Id, workflow);
        ((WorkflowRoot)workflow.Activity).Root = ReadActivity(new JsonReading(definition.Root, "$.root", Problems), workflow, "Root")?.Activity;
        foreach (var action in afterTree)
        {
            action();
        }

        // A child comes after its parent in the list, and is done before it.
        for (var i = Nodes.Count - 1; i >= 0; i--)
        {
            (Nodes[i].Activity as ICompiled)?.OnCompiled(new NodeCompilation(Nodes[i], Problems));
            Problems.AddRange((Nodes[i].Activity as IStoryCheck)?.Check(Nodes[i]) ?? []);
        }
    }

    /// <summary>Adds the activity and everything below it to the tree; null when it cannot be told what it is.</summary>
    public ActivityNode? ReadActivity(JsonReading json, ActivityNode parent, string port)
    {
        if (!json.Expect(JsonValueKind.Object, "An activity is an object with \"type\", \"id\" and \"version\"."))
        {
            return null;
        }

        var id = json.Text("id");
        var typeName = json.Text("type");
        json = json with { ActivityId = id };
        if (string.IsNullOrWhiteSpace(id))
        {
            json.Report("missing-id", "The activity has no \"id\". Give it one that is unique in the definition.", "id");
            return null;
        }

        if (byId.TryGetValue(id, out var same))
        {
            json.Report("duplicate-id", $"The id '{id}' is already used by the activity at {same.Path}. Give one of them another id.", "id");
            return null;
        }

        if (Nodes.Count > MaxActivities)
        {
            json.Report("too-many-activities", $"The definition has more than {MaxActivities} activities. Split it into several stories.");
            return null;
        }

        if (FindDescriptor(json, typeName) is not { } descriptor)
        {
            return null;
        }

        var activity = descriptor.Create();
        var node = new ActivityNode(Nodes.Count, id, parent, port, descriptor, activity, json.Json, json.Path)
        {
            CanStartWorkflow = json.Property("customProperties")?.Flag("canStartWorkflow") is true,
            CommitStrategy = json.Property("customProperties")?.Text("commitStrategyName"),
            Timeout = ReadTimeout(json),
            Retry = Retries.RetryPolicy.Read(json.Property("customProperties")),
        };
        activity.Name = json.Text("name");
        Nodes.Add(node);
        byId.Add(id, node);
        parent.ChildList.Add(node);
        node.VariableList.AddRange(VariableReader.Read(json));
        if (parent.Activity is IDeclaresBodyVariables loop)
        {
            node.VariableList.AddRange(loop.BodyVariables);
        }

        new ActivityBinder(this, node, json).Bind();
        return node;
    }

    /// <summary>Defers what needs the whole tree.</summary>
    public void AfterTree(Action action) => afterTree.Add(action);

    /// <summary>Compiles one expression for a target type; null after reporting what is wrong.</summary>
    public CompiledExpression? CompileExpression(Expression expression, Type target, ActivityNode node, JsonReading json, string inputName)
    {
        // An input stored bare, {"type","value"}, has no "expression" level.
        var place = json.Property("expression") is null ? json : json.Property("expression")!;
        var value = place.Property("value") is null ? place.Path : place.Path + ".value";
        try
        {
            if (expression.Text.Length > host.MaxExpressionLength)
            {
                throw new ExpressionException($"The expression has {expression.Text.Length} characters; at most {host.MaxExpressionLength} are allowed.");
            }

            var compiled = languages.Find(expression.Type).Compile(expression, target, new CompilationScope(this, node));
            SecretNames.UnionWith(compiled.SecretNames);
            var convert = ValueConversion.To(target);
            return compiled.TryGetConstant(out var constant)
                ? CompiledExpression.Constant(convert(constant))
                : new ConvertingExpression(compiled, convert, inputName);
        }
        catch (ExpressionException e)
        {
            Problems.Add(new DefinitionProblem("invalid-expression", $"Input '{inputName}': {e.Explain()}", value, node.Id));
        }
        catch (ValueConversionException e)
        {
            Problems.Add(new DefinitionProblem("wrong-input-type", $"Input '{inputName}' {e.Message}.", value, node.Id));
        }

        return null;
    }

    public static VariableReference? FindVariable(string idOrName, ActivityNode from)
    {
        foreach (var matches in new Func<Variable, bool>[] { v => v.Id == idOrName, v => v.Name == idOrName })
        {
            for (var scope = from; scope is not null; scope = scope.Parent)
            {
                var index = scope.VariableList.FindIndex(variable => matches(variable));
                if (index >= 0)
                {
                    return new VariableReference(scope, index, scope.VariableList[index]);
                }
            }
        }

        return null;
    }

    private ActivityDescriptor? FindDescriptor(JsonReading json, string? typeName)
    {
        if (string.IsNullOrWhiteSpace(typeName))
        {
            json.Report("missing-type", "The activity has no \"type\", for example \"Elsa.WriteLine\".", "type");
            return null;
        }

        var version = json.Integer("version");
        var descriptor = catalog.Find(typeName, version);
        if (descriptor is not null)
        {
            return descriptor;
        }

        var latest = catalog.Find(typeName);
        if (latest is { IsStory: true })
        {
            return latest;
        }

        json.Report("unknown-activity-type", latest is null
            ? $"There is no activity type '{typeName}'. {Suggestion.Among(typeName, catalog.All.Select(d => d.TypeName), "Check the spelling, or register the type with the server")}"
            : $"The activity type '{typeName}' has no version {version}; the latest is {latest.Version}.", latest is null ? "type" : "version");
        return null;
    }

    private static TimeSpan? ReadTimeout(JsonReading json)
    {
        var text = json.Property("customProperties")?.Text("timeout");
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        // A bare number would be days.
        if (!text.Contains(':', StringComparison.Ordinal) || !TimeSpan.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var timeout) || timeout <= TimeSpan.Zero)
        {
            json.Report("invalid-timeout", $"The timeout '{text}' must be a duration above zero, such as 00:00:30.", "customProperties.timeout");
            return null;
        }

        if (timeout > MaxTimeout)
        {
            json.Report("invalid-timeout", $"The timeout '{text}' is longer than {MaxTimeout.Days} days. Leave it out for no limit.", "customProperties.timeout");
            return null;
        }

        return timeout;
    }

    private sealed class CompilationScope(Compilation compilation, ActivityNode node) : IExpressionCompilationScope
    {
        public IEnumerable<string> VariableNames
        {
            get
            {
                for (var scope = node; scope is not null; scope = scope.Parent)
                {
                    foreach (var variable in scope.VariableList)
                    {
                        yield return variable.Name;
                    }
                }
            }
        }

        public IReadOnlyCollection<string> InputNames { get; } = [.. compilation.Definition.Inputs.Select(input => input.Name)];

        public IEnumerable<string> ActivityIds => compilation.ById.Keys;

        public ExpressionHost Host => compilation.Host;

        public VariableReference? FindVariable(string idOrName) => Compilation.FindVariable(idOrName, node);

        public ActivityNode? FindActivity(string id) => compilation.ById.GetValueOrDefault(id);
    }

    private sealed class ConvertingExpression(CompiledExpression inner, Func<object?, object?> convert, string inputName) : CompiledExpression
    {
        public override IReadOnlyCollection<string> SecretNames => inner.SecretNames;

        public override ValueTask<object?> EvaluateAsync(IExpressionScope scope)
        {
            ValueTask<object?> pending;
            try
            {
                pending = inner.EvaluateAsync(scope);
            }
            catch (ExpressionException e)
            {
                throw OfInput(e);
            }

            return pending.IsCompletedSuccessfully ? new(Convert(pending.Result)) : Await(pending);
        }

        private async ValueTask<object?> Await(ValueTask<object?> pending)
        {
            object? value;
            try
            {
                value = await pending;
            }
            catch (ExpressionException e)
            {
                throw OfInput(e);
            }

            return Convert(value);
        }

        /// <summary>An incident says which input failed.</summary>
        private ExpressionException OfInput(ExpressionException e) => new($"Input '{inputName}': {e.Explain()}");

        private object? Convert(object? value)
        {
            try
            {
                return convert(value);
            }
            catch (ValueConversionException e)
            {
                throw new ExpressionException($"Input '{inputName}' {e.Message}.");
            }
        }
    }
}

/// <summary>An activity that checks or precomputes something once its whole subtree is known.</summary>
internal interface ICompiled
{
    void OnCompiled(NodeCompilation compilation);
}

/// <summary>What an <see cref="ICompiled"/> activity gets.</summary>
internal sealed record NodeCompilation(ActivityNode Node, List<DefinitionProblem> Problems)
{
    public void Report(string code, string message, string path, ProblemSeverity severity = ProblemSeverity.Error) =>
        Problems.Add(new DefinitionProblem(code, message, Node.Path + path, Node.Id, severity));
}
