namespace FederationWorkflows.Federation.Connections;

/// <summary>The connections an administrator defined.</summary>
public interface IConnectionStore
{
    /// <summary>The names of all connections, in alphabetical order.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>The connection with its credential, as it is now.</summary>
    /// <param name="name">Its name; case does not matter.</param>
    /// <param name="cancellationToken">Cancels reading the credential.</param>
    /// <exception cref="FederationException">
    /// <see cref="FailureCodes.UnknownConnection"/>, listing the known ones; or <see cref="FailureCodes.UnusableConnection"/>, saying what to mend.
    /// Neither shows anything of the credential.
    /// </exception>
    Task<Connection> GetAsync(string name, CancellationToken cancellationToken = default);
}
