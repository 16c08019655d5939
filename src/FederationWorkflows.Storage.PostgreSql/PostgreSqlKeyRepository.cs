using System.Xml.Linq;
using FederationWorkflows.Runtime.Protection;
using FederationWorkflows.Storage.PostgreSql.Database;
using Npgsql;

namespace FederationWorkflows.Storage.PostgreSql;

/// <summary>Keeps the wrapped key ring in the database, for all nodes. Data Protection asks for it rarely and knows no asynchronous way.</summary>
internal sealed class PostgreSqlKeyRepository(PostgreSqlDatabase database, PostgreSqlStorageOptions options) : ISharedKeyRepository
{
    private const string Lock = "SELECT pg_advisory_lock(hashtext('federationworkflows key ring'), hashtext($1))";

    private const string Unlock = "SELECT pg_advisory_unlock(hashtext('federationworkflows key ring'), hashtext($1))";

    public IReadOnlyCollection<XElement> GetAllElements() =>
        Wait(database.QueryAsync(new Sql("SELECT xml FROM keys ORDER BY created_at, name"), row => XElement.Parse(row.GetString(0)), CancellationToken.None));

    public void StoreElement(XElement element, string friendlyName) => Wait(database.ExecuteAsync(
        new Sql("INSERT INTO keys (name, xml) VALUES ($1, $2)").Text(friendlyName).Text(element.ToString(SaveOptions.DisableFormatting)),
        CancellationToken.None));

    public void Exclusively(Action work) => Wait(database.UseAsync(
        connection =>
        {
            Execute(connection, Lock);
            try
            {
                work();
            }
            finally
            {
                Execute(connection, Unlock);
            }

            return Task.FromResult(true);
        },
        CancellationToken.None));

    private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    private void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new Sql(sql).Text(options.Schema).On(connection);
        command.ExecuteNonQuery();
    }
}
