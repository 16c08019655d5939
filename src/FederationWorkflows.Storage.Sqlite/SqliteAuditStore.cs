using System.Text.Json;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.Sqlite.Database;

namespace FederationWorkflows.Storage.Sqlite;

/// <summary>Keeps the audit log in the database file.</summary>
internal sealed class SqliteAuditStore(SqliteDatabase database) : IAuditStore
{
    private const string Insert = "INSERT INTO audit (at, actor, signed_in_by, address, action, subject, succeeded, before, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

    public ValueTask AppendAsync(AuditEntry entry, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.Execute(
            Insert,
            entry.At,
            entry.Actor,
            entry.SignedInBy,
            entry.Address,
            entry.Action,
            entry.Subject,
            entry.Succeeded,
            Write(entry.Before),
            Write(entry.After)),
        cancellationToken);

    public ValueTask<IReadOnlyList<AuditEntry>> ListAsync(AuditQuery query, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<AuditEntry>>(
        session =>
        {
            var filter = Filter(query);
            filter.Bind(query.Limit);
            using var rows = session.QueryOnce(
                $"SELECT number, at, actor, signed_in_by, address, action, subject, succeeded, before, after FROM audit{filter.Where} ORDER BY number DESC LIMIT ?",
                filter.Values);
            var entries = new List<AuditEntry>();
            while (rows.Step())
            {
                entries.Add(Read(rows));
            }

            return entries;
        },
        cancellationToken);

    private static SqlFilter Filter(AuditQuery query)
    {
        var filter = new SqlFilter();
        if (query.Before is { } before)
        {
            filter.Add("number < ?", before);
        }

        if (query.Actor is not null)
        {
            filter.Add("actor = ? COLLATE NOCASE", query.Actor);
        }

        if (query.Action is { } action)
        {
            if (action.EndsWith('.'))
            {
                // '/' comes after '.': what begins with the one lies between the two.
                filter.Add("action >= ? AND action < ?", action, action[..^1] + '/');
            }
            else
            {
                filter.Add("action = ?", action);
            }
        }

        if (query.Subject is not null)
        {
            filter.Add("subject = ? COLLATE NOCASE", query.Subject);
        }

        if (query.From is { } from)
        {
            filter.Add("at >= ?", from);
        }

        if (query.To is { } to)
        {
            filter.Add("at < ?", to);
        }

        return filter;
    }

    private static SqlValue Write(JsonElement? value) => value is { } json ? JsonSerializer.SerializeToUtf8Bytes(json) : default(SqlValue);

    private static JsonElement? ReadJson(Statement row, int column) => row.IsNull(column) ? null : JsonElement.Parse(row.Bytes(column));

    private static AuditEntry Read(Statement row) => new()
    {
        Number = row.Integer(0),
        At = row.Time(1),
        Actor = row.Text(2),
        SignedInBy = row.Text(3),
        Address = row.TextOrNull(4),
        Action = row.Text(5),
        Subject = row.Text(6),
        Succeeded = row.Integer(7) != 0,
        Before = ReadJson(row, 8),
        After = ReadJson(row, 9),
    };
}
