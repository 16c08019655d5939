using System.Text;
using System.Text.Json;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>Reads Elsa 3 workflow definition JSON. It checks the document's own shape; the activities are the compiler's part.</summary>
public static class DefinitionParser
{
    /// <summary>The largest definition that is read, in bytes.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <inheritdoc cref="Parse(ReadOnlyMemory{byte})"/>
    public static WorkflowDefinition Parse(string json) => Parse(Encoding.UTF8.GetBytes(json));

    /// <summary>Parses a definition.</summary>
    /// <exception cref="DefinitionException">It is not JSON, too large, too deep, or not shaped like a definition; every problem is listed.</exception>
    public static WorkflowDefinition Parse(ReadOnlyMemory<byte> utf8Json)
    {
        if (utf8Json.Length > MaxBytes)
        {
            throw new DefinitionException(new DefinitionProblem("too-large", $"The definition has {utf8Json.Length} bytes; at most {MaxBytes} are read.", "$") { Line = 1, Column = 1 });
        }

        if (utf8Json.Span.StartsWith(Encoding.UTF8.Preamble))
        {
            utf8Json = utf8Json[Encoding.UTF8.Preamble.Length..];
        }

        JsonElement json;
        try
        {
            json = JsonValues.Parse(utf8Json);
        }
        catch (JsonException e)
        {
            throw new DefinitionException(new DefinitionProblem("invalid-json", $"This is not valid JSON: {JsonValues.Describe(e)}.", e.Path ?? "$")
            {
                Line = (int?)e.LineNumber + 1,
                Column = (int?)e.BytePositionInLine + 1,
            });
        }

        return Parse(json);
    }

    /// <summary>Reads a definition from parsed JSON.</summary>
    /// <exception cref="DefinitionException">It is not shaped like a definition; every problem is listed.</exception>
    public static WorkflowDefinition Parse(JsonElement json)
    {
        var problems = new List<DefinitionProblem>();
        var top = new JsonReading(json, "$", problems);
        if (!top.Expect(JsonValueKind.Object, "A definition is a JSON object with \"definitionId\", \"name\" and \"root\"."))
        {
            throw new DefinitionException(problems);
        }

        var root = top.Property("root");
        if (root is not { Json.ValueKind: JsonValueKind.Object })
        {
            problems.Add(new DefinitionProblem("missing-root", "The definition has no \"root\": give it the activity to run, for example {\"type\":\"Elsa.Flowchart\", \"id\":\"main\", \"version\":1, \"activities\":[], \"connections\":[]}.", "$.root"));
        }

        var definitionId = top.Text("definitionId") ?? top.Text("id") ?? "";
        if (string.IsNullOrWhiteSpace(definitionId))
        {
            problems.Add(new DefinitionProblem("missing-definition-id", "The definition has no \"definitionId\". Give it a stable id, for example \"list-buckets\".", "$.definitionId"));
        }

        var options = top.Property("options");
        var definition = new WorkflowDefinition(json, DefinitionHash.Compute(json))
        {
            DefinitionId = definitionId,
            Id = top.Text("id") ?? definitionId,
            Name = top.Text("name") ?? definitionId,
            Description = top.Text("description"),
            Version = top.Integer("version") ?? 1,
            Variables = VariableReader.Read(top),
            Inputs = Arguments(top, "inputs"),
            Outputs = Arguments(top, "outputs"),
            Outcomes = [.. top.Items("outcomes").Where(item => item.Json.ValueKind == JsonValueKind.String).Select(item => item.Json.GetString()!)],
            IncidentStrategy = options?.Text("incidentStrategyType"),
            CommitStrategy = options?.Text("commitStrategyName"),
            OnFault = top.Property("customProperties")?.Text("onFault") is { Length: > 0 } onFault ? onFault : null,
            MaxConcurrentRuns = ReadMaxConcurrentRuns(top.Property("customProperties")),
            UsableAsActivity = options?.Flag("usableAsActivity") ?? top.Flag("usableAsActivity") ?? false,
            ActivityCategory = options?.Text("activityCategory") is { Length: > 0 } category ? category : null,
            Warnings = problems,
        };
        return problems.All(problem => problem.Severity == ProblemSeverity.Warning) ? definition : throw new DefinitionException(problems);
    }

    private static int? ReadMaxConcurrentRuns(JsonReading? customProperties)
    {
        var limit = customProperties?.Integer("maxConcurrentRuns");
        if (limit < 1)
        {
            customProperties!.Report("invalid-concurrency", $"At least one run must be able to go on, not {limit}. Leave it out for no limit.", "maxConcurrentRuns");
            return null;
        }

        return limit;
    }

    private static List<ArgumentDefinition> Arguments(JsonReading top, string property)
    {
        var arguments = new List<ArgumentDefinition>();
        foreach (var item in top.Items(property))
        {
            if (!item.Expect(JsonValueKind.Object, "Each is an object with \"name\" and \"type\"."))
            {
                continue;
            }

            var name = item.Text("name");
            if (string.IsNullOrWhiteSpace(name))
            {
                item.Report("missing-name", "It has no \"name\".", "name");
            }
            else if (arguments.Any(argument => argument.Name == name))
            {
                item.Report("duplicate-name", $"The name '{name}' is used twice. Rename one of the two.", "name");
            }
            else
            {
                arguments.Add(new ArgumentDefinition(name, item.TypeOf("type"), item.Text("displayName"), item.Text("description")));
            }
        }

        return arguments;
    }
}
