using System.Globalization;
using System.Text.Json;
using FederationWorkflows.Engine;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Federation.Google;

/// <summary>The IAM Service Account Credentials API over plain REST (its generated client is not among the packages to be had).</summary>
internal sealed class ServiceAccountCredentials(GoogleHttp http, IOptionsMonitor<FederationOptions> options) : IServiceAccountCredentials
{
    private const string ResourcePrefix = "projects/-/serviceAccounts/";
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromHours(12);

    public async Task<GoogleAccessToken> GenerateAccessTokenAsync(AccessTokenRequest request, CancellationToken cancellationToken = default)
    {
        var call = Call("generateAccessToken", request.ServiceAccount, request.Caller, request.Delegates, request.SourceToken) with { Pool = request.Pool };
        GoogleInputs.RequireServiceAccount(call, request.ServiceAccount, "the service account");
        GoogleInputs.RequireDelegates(call, request.Delegates);
        GoogleInputs.RequireScopes(call, request.Scopes);
        GoogleInputs.RequireBearer(call, request.SourceToken, "the source token");
        if (request.Lifetime < TimeSpan.FromSeconds(1) || request.Lifetime > LongestLifetime)
        {
            throw call.Input($"the lifetime is {request.Lifetime:c}", "Give 1 second to 12 hours; 1 hour unless an organization policy extends it.");
        }

        var body = new
        {
            delegates = Names(request.Delegates),
            scope = request.Scopes,
            lifetime = string.Create(CultureInfo.InvariantCulture, $"{(long)request.Lifetime.TotalSeconds}s"),
        };
        return await http.PostAsync(
            call,
            Url(call),
            request.SourceToken,
            body,
            answer => new GoogleAccessToken(
                AccessToken(call, answer), answer.GetProperty("expireTime").GetDateTimeOffset(), [.. request.Scopes], request.ServiceAccount),
            cancellationToken);
    }

    public async Task<GoogleIdToken> GenerateIdTokenAsync(IdTokenRequest request, CancellationToken cancellationToken = default)
    {
        var call = Call("generateIdToken", request.ServiceAccount, request.Caller, request.Delegates, request.SourceToken);
        GoogleInputs.RequireServiceAccount(call, request.ServiceAccount, "the service account");
        GoogleInputs.RequireDelegates(call, request.Delegates);
        GoogleInputs.RequireAudience(call, request.Audience);
        GoogleInputs.RequireBearer(call, request.SourceToken, "the source token");

        var body = new { delegates = Names(request.Delegates), audience = request.Audience, includeEmail = request.IncludeEmail, useEmailAzp = request.UseEmailAzp };
        var token = await http.PostAsync(call, Url(call), request.SourceToken, body, answer => answer.GetProperty("token").GetString(), cancellationToken);
        return call.IdToken(token);
    }

    private static GoogleCall Call(string method, string target, string? caller, IReadOnlyList<string> delegates, Sensitive<string> sourceToken) =>
        new(GoogleCall.IamCredentials, $"iamcredentials.{method}")
        {
            Caller = CloudText.Message(caller) is { Length: > 0 } known ? known : "the identity of the source token",
            Target = target,
            Delegates = delegates,
            Secrets = [sourceToken],
        };

    private Uri Url(GoogleCall call)
    {
        var @base = options.CurrentValue.Endpoints.GoogleIamCredentials.AbsoluteUri.TrimEnd('/');
        var method = call.Api[(call.Api.IndexOf('.', StringComparison.Ordinal) + 1)..];
        return new Uri($"{@base}/v1/{ResourcePrefix}{Uri.EscapeDataString(call.Target!)}:{method}");
    }

    private static string[] Names(IReadOnlyList<string> serviceAccounts) => [.. serviceAccounts.Select(account => ResourcePrefix + account)];

    private static Sensitive<string> AccessToken(GoogleCall call, JsonElement answer) =>
        answer.GetProperty("accessToken").GetString() is { Length: > 0 } token ? Sensitive.Of(token) : throw call.Unreadable("its answer has no accessToken");
}
