using FederationWorkflows.Engine;
using FederationWorkflows.Engine.Expressions;

namespace FederationWorkflows.Http.Endpoints;

/// <summary>Tells a request that was sent again from a new one.</summary>
public static class HttpDelivery
{
    /// <summary>The longest key, in characters.</summary>
    public const int MaxKeyLength = 1024;

    private const string Header = "idempotency-key";

    /// <summary>
    /// What the endpoint says identifies the request, else its <c>Idempotency-Key</c> header (IETF draft "The Idempotency-Key HTTP Header Field");
    /// null when there is neither.
    /// </summary>
    /// <exception cref="ExpressionException">The endpoint's expression failed on the request.</exception>
    /// <exception cref="FormatException">The key is longer than <see cref="MaxKeyLength"/>.</exception>
    public static async ValueTask<string?> KeyOfAsync(ActivityNode endpoint, HttpRequestData request, ExpressionHost host, CancellationToken cancellationToken)
    {
        var key = await AuthorsKeyOfAsync(endpoint, request, host, cancellationToken);
        if (key is null)
        {
            key = request.SecretHeaders.TryGetValue(Header, out var secret) ? secret.Reveal()
                : request.Headers.TryGetValue(Header, out var values) ? string.Join(",", values)
                : null;
        }

        return Checked(key);
    }

    /// <summary>What the endpoint says identifies the request; null when it says nothing.</summary>
    /// <exception cref="ExpressionException">The endpoint's expression failed on the request.</exception>
    /// <exception cref="FormatException">The key is longer than <see cref="MaxKeyLength"/>.</exception>
    public static async ValueTask<string?> AuthorsKeyOfAsync(ActivityNode endpoint, HttpRequestData request, ExpressionHost host, CancellationToken cancellationToken) =>
        Checked(await TriggerExpression.EvaluateAsync((endpoint.Activity as HttpEndpoint)?.DeduplicationKey, request, host, cancellationToken));

    private static string? Checked(string? key) => key is { Length: > MaxKeyLength }
        ? throw new FormatException($"The key that identifies the request is longer than {MaxKeyLength} characters.")
        : string.IsNullOrEmpty(key) ? null : key;
}
