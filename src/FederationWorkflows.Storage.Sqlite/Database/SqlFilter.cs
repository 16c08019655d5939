namespace FederationWorkflows.Storage.Sqlite.Database;

/// <summary>The conditions of a list and the values of their parameters, in order. Only values come from outside.</summary>
internal sealed class SqlFilter
{
    private readonly List<string> conditions = [];

    private readonly List<SqlValue> values = [];

    public string Where => conditions.Count == 0 ? "" : " WHERE " + string.Join(" AND ", conditions);

    public SqlValue[] Values => [.. values];

    public void Add(string condition, params ReadOnlySpan<SqlValue> parameters)
    {
        conditions.Add(condition);
        Bind(parameters);
    }

    /// <summary>A column has one of these values; any, when there are none.</summary>
    public void AddIn(string column, IEnumerable<SqlValue> items)
    {
        SqlValue[] wanted = [.. items];
        if (wanted.Length > 0)
        {
            Add($"{column} IN ({string.Join(", ", Enumerable.Repeat("?", wanted.Length))})", wanted);
        }
    }

    /// <summary>Values of parameters after the conditions.</summary>
    public void Bind(params ReadOnlySpan<SqlValue> parameters) => values.AddRange(parameters);
}
