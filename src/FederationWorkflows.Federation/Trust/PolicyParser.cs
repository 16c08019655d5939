using System.Text.Json;

namespace FederationWorkflows.Federation.Trust;

/// <summary>Reads the grammar of "IAM JSON policy reference: Grammar of the IAM JSON policy language" (IAM User Guide).</summary>
internal static class PolicyParser
{
    private const int MaximumStatements = 100;
    private const int MaximumValues = 1000;

    private const int MaximumDepth = 8;

    public static PolicyDocument Parse(string json, PolicyKind kind)
    {
        if (json.Length > PolicyDocument.MaximumLength)
        {
            throw new PolicyFormatException("$", $"The policy has {json.Length} characters; {PolicyDocument.MaximumLength} are allowed.");
        }

        try
        {
            using var document = StrictJson.Parse(json, MaximumDepth);
            return Document(document.RootElement, kind);
        }
        catch (JsonException exception)
        {
            var place = exception.LineNumber is null ? string.Empty : $" (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1})";
            throw new PolicyFormatException("$", $"The policy is not valid JSON{place}; it must have no comments, no duplicate names, valid Unicode and at most {MaximumDepth} levels.");
        }
    }

    private static PolicyDocument Document(JsonElement root, PolicyKind kind)
    {
        RequireObject(root, "$", "A policy");
        string version = "2008-10-17";
        string? id = null;
        IReadOnlyList<PolicyStatement>? statements = null;
        foreach (var element in root.EnumerateObject())
        {
            var path = $"$.{element.Name}";
            switch (element.Name)
            {
                case "Version":
                    version = Text(element.Value, path);
                    if (version is not ("2012-10-17" or "2008-10-17"))
                    {
                        throw new PolicyFormatException(path, $"'{version}' is not a version of the policy language; use \"2012-10-17\".");
                    }

                    break;
                case "Id":
                    id = Text(element.Value, path);
                    break;
                case "Statement":
                    statements = Statements(element.Value, kind);
                    break;
                default:
                    throw new PolicyFormatException(path, "A policy has only Version, Id and Statement.");
            }
        }

        return new PolicyDocument(version, id, statements ?? throw new PolicyFormatException("$", "The policy has no Statement."));
    }

    private static List<PolicyStatement> Statements(JsonElement value, PolicyKind kind)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            return [Statement(value, "$.Statement", kind)];
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() is 0 or > MaximumStatements)
        {
            throw new PolicyFormatException("$.Statement", $"Statement must be an object or a list of 1 to {MaximumStatements} objects.");
        }

        var statements = new List<PolicyStatement>();
        var sids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in value.EnumerateArray())
        {
            var path = $"$.Statement[{statements.Count}]";
            var statement = Statement(item, path, kind);
            if (statement.Sid is { Length: > 0 } sid && !sids.Add(sid))
            {
                throw new PolicyFormatException($"{path}.Sid", $"Another statement has the Sid '{sid}' too; Sids must differ.");
            }

            statements.Add(statement);
        }

        return statements;
    }

    private static PolicyStatement Statement(JsonElement value, string path, PolicyKind kind)
    {
        RequireObject(value, path, "A statement");
        string? sid = null;
        PolicyEffect? effect = null;
        PrincipalElement? principals = null;
        PatternElement? actions = null;
        PatternElement? resources = null;
        IReadOnlyList<PolicyCondition> conditions = [];
        foreach (var element in value.EnumerateObject())
        {
            var at = $"{path}.{element.Name}";
            var negated = element.Name.StartsWith("Not", StringComparison.Ordinal);
            switch (element.Name)
            {
                case "Sid":
                    sid = Text(element.Value, at);
                    break;
                case "Effect":
                    effect = Text(element.Value, at) switch
                    {
                        "Allow" => PolicyEffect.Allow,
                        "Deny" => PolicyEffect.Deny,
                        var other => throw new PolicyFormatException(at, $"'{other}' is not an effect; use \"Allow\" or \"Deny\"."),
                    };
                    break;
                case "Principal" or "NotPrincipal":
                    if (kind == PolicyKind.Identity)
                    {
                        throw new PolicyFormatException(at, "An identity policy has no Principal: its principal is whoever it is attached to.");
                    }

                    principals = Once(principals, at, Principals(element.Value, at, negated));
                    break;
                case "Action" or "NotAction":
                    actions = Once(actions, at, new PatternElement(Actions(element.Value, at), negated));
                    break;
                case "Resource" or "NotResource":
                    if (kind == PolicyKind.Trust)
                    {
                        throw new PolicyFormatException(at, "A trust policy has no Resource: its resource is the role itself.");
                    }

                    resources = Once(resources, at, new PatternElement(Resources(element.Value, at), negated));
                    break;
                case "Condition":
                    conditions = ConditionParser.Parse(element.Value, at);
                    break;
                default:
                    throw new PolicyFormatException(at, "A statement has only Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource and Condition.");
            }
        }

        if (kind != PolicyKind.Identity && principals is null)
        {
            throw new PolicyFormatException(path, "The statement has no Principal.");
        }

        if (kind != PolicyKind.Trust && resources is null)
        {
            throw new PolicyFormatException(path, "The statement has no Resource.");
        }

        return new PolicyStatement(
            sid,
            effect ?? throw new PolicyFormatException(path, "The statement has no Effect; use \"Allow\" or \"Deny\"."),
            principals,
            actions ?? throw new PolicyFormatException(path, "The statement has no Action."),
            resources,
            conditions);
    }

    private static T Once<T>(T? before, string path, T value)
        where T : class =>
        before is null ? value : throw new PolicyFormatException(path, "The statement has this element twice, once in its Not form; keep one.");

    private static PrincipalElement Principals(JsonElement value, string path, bool negated)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return value.ValueEquals("*")
                ? new PrincipalElement([new PrincipalEntry("AWS", "*")], negated)
                : throw new PolicyFormatException(path, "A principal is \"*\" or an object such as {\"Federated\": \"accounts.google.com\"}.");
        }

        RequireObject(value, path, "A principal that is not \"*\"");
        var entries = new List<PrincipalEntry>();
        foreach (var kind in value.EnumerateObject())
        {
            if (kind.Name is not ("AWS" or "Federated" or "Service" or "CanonicalUser"))
            {
                throw new PolicyFormatException($"{path}.{kind.Name}", "A principal's kind is AWS, Federated, Service or CanonicalUser.");
            }

            entries.AddRange(Texts(kind.Value, $"{path}.{kind.Name}").Select(text => new PrincipalEntry(kind.Name, text)));
        }

        return entries.Count > 0 ? new PrincipalElement(entries, negated) : throw new PolicyFormatException(path, "The principal is empty.");
    }

    private static List<string> Actions(JsonElement value, string path)
    {
        var actions = Texts(value, path);
        foreach (var action in actions)
        {
            if (action != "*" && (action.IndexOf(':', StringComparison.Ordinal) is var colon && (colon <= 0 || colon == action.Length - 1)))
            {
                throw new PolicyFormatException(path, $"'{action}' is not an action; write service:Action, for example s3:GetObject.");
            }
        }

        return actions;
    }

    private static List<string> Resources(JsonElement value, string path)
    {
        var resources = Texts(value, path);
        foreach (var resource in resources)
        {
            if (resource != "*" && !resource.StartsWith("arn:", StringComparison.Ordinal))
            {
                throw new PolicyFormatException(path, $"Resource {resource} must be in ARN format or \"*\".");
            }
        }

        return resources;
    }

    internal static void RequireObject(JsonElement value, string path, string what)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new PolicyFormatException(path, $"{what} must be a JSON object.");
        }
    }

    internal static List<string> Texts(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            return [Scalar(value, path)];
        }

        if (value.GetArrayLength() is 0 or > MaximumValues)
        {
            throw new PolicyFormatException(path, $"The list must have 1 to {MaximumValues} items.");
        }

        return [.. value.EnumerateArray().Select((item, index) => Scalar(item, $"{path}[{index}]"))];
    }

    private static string Text(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new PolicyFormatException(path, "This must be text.");

    // IAM takes numbers and booleans for text, as in {"Bool": {"aws:SecureTransport": true}}.
    private static string Scalar(JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => throw new PolicyFormatException(path, "This must be text or a list of texts."),
    };
}
