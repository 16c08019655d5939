using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Clusters;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Broker;

/// <summary>
/// Calls that activities make with tokens and credentials that their story holds. When a cloud refuses one of them as expired, revoked or unknown, and it came of a connection
/// that the story may use, the call is made once more with another one: what was refused has done nothing, what it had begun is found as after a crash, and the story could have got
/// that one, too.
/// </summary>
internal static class StoryTokens
{
    private const string Replaced = "Replaced";

    public static Task<T> CallAsync<T>(this ActivityExecutionContext context, AwsCredentials credentials, Func<AwsCredentials, Task<T>> call) =>
        CallAsync(context, credentials, TokenMark.Of, static token => token as AwsCredentials, call);

    public static Task<T> CallAsync<T>(this ActivityExecutionContext context, Sensitive<string> token, Func<Sensitive<string>, Task<T>> call) =>
        CallAsync(
            context,
            token,
            TokenMark.Of,
            static token => token switch
            {
                GoogleAccessToken access => access.Token,
                GoogleIdToken id => id.Token,
                ProjectedToken projected => projected.Token,
                _ => null,
            },
            call);

    private static async Task<T> CallAsync<TToken, T>(
        ActivityExecutionContext context, TToken token, Func<TToken, string> mark, Func<object?, TToken?> read, Func<TToken, Task<T>> call)
        where TToken : class
    {
        try
        {
            return await call(token);
        }
        catch (FederationException refusal) when (refusal.IsOfToken())
        {
            var broker = context.GetRequiredService<TokenBroker>();
            if (read(await broker.ReplaceAsync(mark(token), ConnectionUser.Of(context), context.CancellationToken)) is not { } other)
            {
                throw;
            }

            context.JournalData[Replaced] = $"{refusal.Service} refused what the story holds: {refusal.Code}. Its connection gave another one.";
            return await call(other);
        }
    }
}
