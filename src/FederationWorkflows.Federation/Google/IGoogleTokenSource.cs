namespace FederationWorkflows.Federation.Google;

/// <summary>
/// Gets tokens for connections. Every call goes to Google: whoever wants tokens kept until shortly before they expire puts a broker in front.
/// </summary>
public interface IGoogleTokenSource
{
    /// <summary>An access token of the connection's own identity.</summary>
    /// <param name="connection">The connection's name.</param>
    /// <param name="scopes">1 to 100 OAuth scopes, e.g. <c>https://www.googleapis.com/auth/cloud-platform</c>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="FederationException">The connection is unknown or unusable, an input is wrong, no answer came, or Google refused.</exception>
    Task<GoogleAccessToken> GetAccessTokenAsync(string connection, IReadOnlyList<string> scopes, CancellationToken cancellationToken = default);

    /// <summary>
    /// An ID token of the connection's own identity, without impersonation: for service account keys through <c>target_audience</c> at the token endpoint,
    /// on Google Cloud from the metadata server (with <c>format=full</c>). Its <c>azp</c> is the service account's numeric id or email as Google decides there.
    /// </summary>
    /// <param name="connection">The connection's name.</param>
    /// <param name="audience">The <c>aud</c> of the token: 1 to 2048 characters.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="FederationException">As above; and <see cref="FailureCodes.UnusableConnection"/> when this kind of connection cannot do it.</exception>
    Task<GoogleIdToken> GetIdTokenAsync(string connection, string audience, CancellationToken cancellationToken = default);

    /// <summary>An identity token of the machine, pod or function that this host runs on, from Google Cloud's metadata server ("Verify VM identity").</summary>
    /// <param name="connection">The connection's name: of kind <c>metadataServer</c>, or <c>applicationDefault</c> where no credential file is found.</param>
    /// <param name="audience">The <c>aud</c> of the token: 1 to 2048 characters.</param>
    /// <param name="format">What it tells of the machine.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="FederationException">As above; and <see cref="FailureCodes.UnusableConnection"/> when the connection does not come to the metadata server.</exception>
    Task<GoogleIdToken> GetMetadataIdTokenAsync(string connection, string audience, MetadataTokenFormat format, CancellationToken cancellationToken = default);
}
