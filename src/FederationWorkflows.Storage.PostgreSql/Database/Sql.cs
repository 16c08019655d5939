using Npgsql;
using NpgsqlTypes;

namespace FederationWorkflows.Storage.PostgreSql.Database;

/// <summary>A statement and the values of its parameters, $1 and on. Only values come from outside.</summary>
internal sealed class Sql(string text)
{
    private readonly List<NpgsqlParameter> parameters = [];

    private readonly List<string> conditions = [];

    private bool isUsed;

    /// <summary>The WHERE of the conditions; nothing when there are none.</summary>
    public string Where => conditions.Count == 0 ? "" : " WHERE " + string.Join(" AND ", conditions);

    public Sql Text(string? value) => Add(value is null ? DBNull.Value : Clean(value), NpgsqlDbType.Text);

    public Sql Texts(IEnumerable<string?> values) => Add(values.Select(value => value is null ? null : Clean(value)).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);

    public Sql TextsOrNull(string[]? values) => Add(values?.Select(Clean).ToArray() ?? (object)DBNull.Value, NpgsqlDbType.Array | NpgsqlDbType.Text);

    public Sql Number(long value) => Add(value, NpgsqlDbType.Bigint);

    public Sql Integer(int value) => Add(value, NpgsqlDbType.Integer);

    public Sql Integers(IEnumerable<int> values) => Add(values.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Integer);

    public Sql Numbers(IEnumerable<long> values) => Add(values.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    public Sql Small(int value) => Add((short)value, NpgsqlDbType.Smallint);

    public Sql Flag(bool value) => Add(value, NpgsqlDbType.Boolean);

    public Sql Time(DateTimeOffset? value) => Add(value is { } time ? time.ToUniversalTime() : DBNull.Value, NpgsqlDbType.TimestampTz);

    public Sql TimesOrNull(IEnumerable<DateTimeOffset>? values) =>
        Add(values?.Select(value => value.ToUniversalTime()).ToArray() ?? (object)DBNull.Value, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);

    public Sql Times(IEnumerable<DateTimeOffset?> values) => Add(values.Select(value => value?.ToUniversalTime()).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);

    public Sql Bytes(ReadOnlyMemory<byte> value) => Add(value, NpgsqlDbType.Bytea);

    public Sql BytesOrNull(byte[]? value) => Add(value ?? (object)DBNull.Value, NpgsqlDbType.Bytea);

    public Sql BytesList(IEnumerable<byte[]?> values) => Add(values.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bytea);

    public Sql BytesListOrNull(byte[][]? values) => Add(values ?? (object)DBNull.Value, NpgsqlDbType.Array | NpgsqlDbType.Bytea);

    /// <summary>Adds a condition on the value added next: <c>{0}</c> stands for its parameter.</summary>
    public Sql And(string condition)
    {
        conditions.Add(condition.Replace("{0}", $"${parameters.Count + 1}", StringComparison.Ordinal));
        return this;
    }

    /// <summary>The same conditions and values with the statement around them.</summary>
    public Sql With(Func<string, string> statement)
    {
        var complete = new Sql(statement(Where));
        complete.parameters.AddRange(parameters.Select(parameter => parameter.Clone()));
        return complete;
    }

    /// <summary>The number the next parameter will have.</summary>
    public int Next => parameters.Count + 1;

    public NpgsqlCommand On(NpgsqlConnection connection)
    {
#pragma warning disable CA2100 // The text is this assembly's; what comes from outside is a parameter.
        var command = new NpgsqlCommand(text, connection);
#pragma warning restore CA2100
        AddTo(command.Parameters);
        return command;
    }

    public NpgsqlBatchCommand InBatch()
    {
#pragma warning disable CA2100 // The text is this assembly's; what comes from outside is a parameter.
        var command = new NpgsqlBatchCommand(text);
#pragma warning restore CA2100
        AddTo(command.Parameters);
        return command;
    }

    /// <summary>A parameter belongs to one command: for one that is sent again there are others.</summary>
    private void AddTo(NpgsqlParameterCollection collection)
    {
        foreach (var parameter in parameters)
        {
            collection.Add(isUsed ? parameter.Clone() : parameter);
        }

        isUsed = true;
    }

    /// <summary>PostgreSQL's text holds every character but this one, which names and ids from outside may hold.</summary>
    private static string Clean(string value) => value.Contains('\0', StringComparison.Ordinal) ? value.Replace('\0', '\uFFFD') : value;

    private Sql Add(object value, NpgsqlDbType type)
    {
        parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = type });
        return this;
    }
}
