using System.Text.RegularExpressions;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql;

/// <summary>Where the database is.</summary>
public sealed partial record PostgreSqlStorageOptions
{
    /// <summary>The connection string, as Npgsql has it. It may hold a password: it is never logged.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>The schema the tables are in; it is created when it is missing. Lower-case letters, digits and underscores, 1 to 48.</summary>
    /// <exception cref="ArgumentException">It has other characters.</exception>
    public string Schema
    {
        get;
        init => field = Name().IsMatch(value)
            ? value
            : throw new ArgumentException($"'{value}' cannot be the schema. Use 1 to 48 lower-case letters, digits and underscores, beginning with a letter.");
    } = "federationworkflows";

    /// <summary>What people are told about where the database is.</summary>
    internal string Place
    {
        get
        {
            var place = new NpgsqlConnectionStringBuilder(ConnectionString);
            return $"{place.Database ?? place.Username} on {place.Host}";
        }
    }

    /// <summary>Never the connection string.</summary>
    public override string ToString() => $"schema {Schema}";

    [GeneratedRegex("^[a-z][a-z0-9_]{0,47}$", RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
