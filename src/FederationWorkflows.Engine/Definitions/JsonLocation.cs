using System.Text;
using System.Text.Json;

namespace FederationWorkflows.Engine.Definitions;

/// <summary>Finds line and column of JSON paths. Only errors ask, so it reads the text again, once for all of them, instead of keeping positions.</summary>
internal static class JsonLocation
{
    /// <summary>Gives every problem that has none its place. A path to something absent stands at the nearest ancestor that is there.</summary>
    public static IReadOnlyList<DefinitionProblem> Locate(ReadOnlySpan<byte> utf8, IReadOnlyList<DefinitionProblem> problems)
    {
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var problem in problems.Where(problem => problem.Line is null))
        {
            for (var path = problem.Path; path.Length > 0 && wanted.Add(path);)
            {
                path = Parent(path);
            }
        }

        if (wanted.Count == 0)
        {
            return problems;
        }

        var found = Find(utf8, wanted);
        var located = new List<DefinitionProblem>(problems.Count);
        foreach (var problem in problems)
        {
            var path = problem.Path;
            while (path.Length > 0 && !found.ContainsKey(path))
            {
                path = Parent(path);
            }

            var at = problem.Line is null && path.Length > 0 ? found[path] : (problem.Line, problem.Column);
            located.Add(problem with { Line = at.Line, Column = at.Column });
        }

        return located;
    }

    private static string Parent(string path) => path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))];

    private static Dictionary<string, (int? Line, int? Column)> Find(ReadOnlySpan<byte> utf8, HashSet<string> wanted)
    {
        var found = new Dictionary<string, (int? Line, int? Column)>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = JsonValues.MaxDepth });
        var path = new StringBuilder("$");
        var containers = new Stack<(int PathLength, int Count)>();
        string? property = null;
        var line = (Number: 1, Start: 0);
        var counted = 0;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    property = reader.GetString();
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    containers.Pop();
                    Leave();
                    continue;
            }

            if (containers.TryPop(out var holder))
            {
                containers.Push(holder with { Count = holder.Count + 1 });
                _ = property is null ? path.Append('[').Append(holder.Count).Append(']') : path.Append('.').Append(property);
                property = null;
            }

            var here = path.ToString();
            if (wanted.Contains(here))
            {
                var start = (int)reader.TokenStartIndex;
                for (var newline = utf8[counted..start].IndexOf((byte)'\n'); newline >= 0; newline = utf8[counted..start].IndexOf((byte)'\n'))
                {
                    counted += newline + 1;
                    line = (line.Number + 1, counted);
                }

                found[here] = (line.Number, Encoding.UTF8.GetCharCount(utf8[line.Start..start]) + 1);
            }

            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                containers.Push((path.Length, 0));
            }
            else
            {
                Leave();
            }
        }

        return found;

        void Leave() => path.Length = containers.TryPeek(out var inside) ? inside.PathLength : 1;
    }
}
