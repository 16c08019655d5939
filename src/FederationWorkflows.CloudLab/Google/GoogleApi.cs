using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>What the APIs of Google Cloud have in common: the access token of a call, its record in the event log, and how a refusal is answered.</summary>
internal sealed class GoogleApi(AccessTokens accessTokens, TimeProvider time, EventLog events)
{
    /// <summary>Answers a call and records it.</summary>
    /// <param name="context">The call.</param>
    /// <param name="entry">Its record.</param>
    /// <param name="answer">Makes the answer; throws <see cref="GoogleApiException"/> to refuse.</param>
    /// <param name="refusal">The body of a refusal, for an API whose errors have another form.</param>
    public async Task AnswerAsync(HttpContext context, GoogleAuditEntry entry, Func<Task<JsonObject>> answer, Func<GoogleApiException, JsonObject>? refusal = null)
    {
        try
        {
            var body = await answer();
            events.Record(entry.ToEvent(context, time.GetUtcNow()));
            await GoogleHttp.WriteAsync(context, StatusCodes.Status200OK, body);
        }
        catch (GoogleApiException exception)
        {
            entry.ErrorCode = exception.Status;
            entry.ErrorMessage = exception.Message;
            events.Record(entry.ToEvent(context, time.GetUtcNow()));
            if (exception.HttpStatus == StatusCodes.Status401Unauthorized)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer realm=\"https://accounts.google.com/\"";
            }

            await GoogleHttp.WriteAsync(context, exception.HttpStatus, (refusal ?? (static refused => refused.ToJson()))(exception));
        }
    }

    /// <summary>Who calls, by the access token of the call.</summary>
    /// <param name="context">The call.</param>
    /// <param name="service">The service, e.g. <c>iam.googleapis.com</c>.</param>
    /// <param name="method">The method's full name.</param>
    /// <param name="entry">The call's record.</param>
    /// <param name="scopes">The scopes of which the token must have one.</param>
    /// <exception cref="GoogleApiException">There is no token, it is not in force, or it has none of the scopes.</exception>
    public AccessTokenGrant Authenticate(HttpContext context, string service, string method, GoogleAuditEntry entry, params IReadOnlyList<string> scopes)
    {
        var token = GoogleHttp.BearerToken(context) ?? throw GoogleApiException.MissingCredentials(service, method);
        var grant = accessTokens.Find(token) ?? throw GoogleApiException.InvalidCredentials(service, method, expired: false);
        entry.Principal = grant.Principal;
        if (grant.DelegationChain.Count > 0)
        {
            // Who stands behind an impersonated account (serviceAccountDelegationInfo).
            entry.Asked["delegationInfo"] = string.Join(' ', grant.DelegationChain.Select(link => link.Member));
        }

        if (accessTokens.IsExpired(grant))
        {
            throw GoogleApiException.InvalidCredentials(service, method, expired: true);
        }

        return grant.Scopes.Any(scopes.Contains) ? grant : throw GoogleApiException.InsufficientScopes(service, method);
    }
}
