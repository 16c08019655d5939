using System.Text.Json;
using FederationWorkflows.Runtime.Storage;
using FederationWorkflows.Storage.PostgreSql.Database;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql;

/// <summary>Keeps the audit log in the database.</summary>
internal sealed class PostgreSqlAuditStore(PostgreSqlDatabase database) : IAuditStore
{
    private const string Insert = "INSERT INTO audit (at, actor, signed_in_by, address, action, subject, succeeded, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

    public async ValueTask AppendAsync(AuditEntry entry, CancellationToken cancellationToken) => await database.ExecuteAsync(
        new Sql(Insert)
            .Time(entry.At)
            .Text(entry.Actor)
            .Text(entry.SignedInBy)
            .Text(entry.Address)
            .Text(entry.Action)
            .Text(entry.Subject)
            .Flag(entry.Succeeded)
            .BytesOrNull(Write(entry.Before))
            .BytesOrNull(Write(entry.After)),
        cancellationToken);

    public async ValueTask<IReadOnlyList<AuditEntry>> ListAsync(AuditQuery query, CancellationToken cancellationToken)
    {
        var filter = Filter(query);
        var limit = filter.Next;
        return await database.QueryAsync(
            filter.With(where => $"SELECT number, at, actor, signed_in_by, address, action, subject, succeeded, before, after FROM audit{where} ORDER BY number DESC LIMIT ${limit}").Integer(query.Limit),
            Read,
            cancellationToken);
    }

    private static Sql Filter(AuditQuery query)
    {
        var filter = new Sql("");
        if (query.Before is { } before)
        {
            filter.And("number < {0}").Number(before);
        }

        if (query.Actor is not null)
        {
            filter.And("lower(actor) = lower({0})").Text(query.Actor);
        }

        if (query.Action is { } action)
        {
            if (action.EndsWith('.'))
            {
                // '/' comes after '.': what begins with the one lies between the two.
                filter.And("action >= {0}").Text(action).And("action < {0}").Text(action[..^1] + '/');
            }
            else
            {
                filter.And("action = {0}").Text(action);
            }
        }

        if (query.Subject is not null)
        {
            filter.And("lower(subject) = lower({0})").Text(query.Subject);
        }

        if (query.From is { } from)
        {
            filter.And("at >= {0}").Time(from);
        }

        if (query.To is { } to)
        {
            filter.And("at < {0}").Time(to);
        }

        return filter;
    }

    private static byte[]? Write(JsonElement? value) => value is { } json ? JsonSerializer.SerializeToUtf8Bytes(json) : null;

    private static JsonElement? ReadJson(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : JsonElement.Parse(row.GetFieldValue<byte[]>(column));

    private static AuditEntry Read(NpgsqlDataReader row) => new()
    {
        Number = row.GetInt64(0),
        At = row.Time(1),
        Actor = row.GetString(2),
        SignedInBy = row.GetString(3),
        Address = row.TextOrNull(4),
        Action = row.GetString(5),
        Subject = row.GetString(6),
        Succeeded = row.GetBoolean(7),
        Before = ReadJson(row, 8),
        After = ReadJson(row, 9),
    };
}
