using System.CommandLine;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using FederationWorkflows.Cli.SignIn;
using FederationWorkflows.Server.Hosting;

namespace FederationWorkflows.Cli.Runs;

/// <summary>A server that the command talks to, over its management API.</summary>
internal sealed class ServerConnection : IDisposable
{
    /// <summary>The environment variable with the API key.</summary>
    public const string KeyVariable = "FEDFLOW_API_KEY";

    private const string Variable = "FEDFLOW_SERVER";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Stories nest deeper than other answers.</summary>
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = Engine.JsonValues.MaxDepth + 8 };

    private readonly SocketsHttpHandler handler;

    private readonly HttpClient client;

    private ServerConnection(Uri address, string? key)
    {
        Address = address;
        if (!address.IsLoopback && address.Scheme != Uri.UriSchemeHttps && key is not null)
        {
            throw new CommandException($"Nothing secret is sent to {address}, since whoever is on the way could read it. Use https.");
        }

        // A proxy of the environment could not reach a server on this machine.
        handler = new SocketsHttpHandler { UseProxy = !address.IsLoopback, AllowAutoRedirect = false };
        client = new HttpClient(handler) { BaseAddress = address, Timeout = Patience };
        if (!string.IsNullOrEmpty(key))
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"ApiKey {key}");
        }
    }

    public Uri Address { get; }

    public static Option<string?> Option() => new("--server") { Description = $"The server's address; otherwise the environment variable {Variable}, or {ServerHost.DefaultUrl}." };

    /// <summary>A server, with the API key for it, if there is one.</summary>
    /// <exception cref="CommandException">The address is none.</exception>
    public static ServerConnection Open(string? server)
    {
        var address = AddressOf(server);
        var configured = Environment.GetEnvironmentVariable(KeyVariable);
        return new(address, string.IsNullOrEmpty(configured) ? StoredKeys.Find(address) : configured);
    }

    /// <summary>A server, with this API key; with an empty one to begin a session.</summary>
    /// <exception cref="CommandException">The address is none.</exception>
    public static ServerConnection Open(string? server, string key) => new(AddressOf(server), key);

    /// <exception cref="CommandException">The address is none.</exception>
    public static Uri AddressOf(string? server)
    {
        var configured = Environment.GetEnvironmentVariable(Variable);
        var text = server ?? (string.IsNullOrEmpty(configured) ? ServerHost.DefaultUrl : configured);
        return Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var address) && (address.Scheme is "http" or "https") && address.UserInfo.Length == 0
            ? address
            : throw new CommandException($"'{text}' is no address of a server. Write it as http://127.0.0.1:5080.");
    }

    /// <exception cref="CommandException">No server answers, or it refuses; the message says why.</exception>
    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) => (await SendAsync(HttpMethod.Get, path, null, null, cancellationToken)).Json;

    /// <exception cref="CommandException">No server answers, or it refuses; the message says why.</exception>
    public async Task<JsonElement> PostAsync(string path, object? body, CancellationToken cancellationToken) => await PostAsync(path, body, null, cancellationToken);

    /// <param name="path">Where.</param>
    /// <param name="body">Is sent as JSON; <see cref="HttpContent"/> as it is.</param>
    /// <param name="condition">A header on which the server does it; null for none.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CommandException">No server answers, or it refuses; the message says why.</exception>
    public async Task<JsonElement> PostAsync(string path, object? body, (string Name, string Value)? condition, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Post, path, body, condition, cancellationToken)).Json;

    /// <returns>What is there, and its ETag; null when there is nothing.</returns>
    /// <exception cref="CommandException">No server answers, or it refuses; the message says why.</exception>
    public async Task<(JsonElement Json, string? Tag)?> FindAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(HttpMethod.Get, path, null, null, cancellationToken);
        }
        catch (ServerRefusedException e) when (e.Status == (int)HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <returns>False when the server refuses.</returns>
    /// <exception cref="CommandException">No server answers; the message says why.</exception>
    public async Task<bool> TryDeleteAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync(HttpMethod.Delete, path, null, null, cancellationToken);
            return true;
        }
        catch (ServerRefusedException)
        {
            return false;
        }
    }

    public static T Read<T>(JsonElement json) => json.Deserialize<T>(Json) ?? throw new CommandException("The server's answer is not one of FederationWorkflows.");

    public void Dispose()
    {
        client.Dispose();
        handler.Dispose();
    }

    private async Task<(JsonElement Json, string? Tag)> SendAsync(HttpMethod method, string path, object? body, (string Name, string Value)? condition, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : body as HttpContent ?? JsonContent.Create(body) };
        if (condition is var (name, value))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var answer = await client.SendAsync(request, cancellationToken);
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            return answer.StatusCode == HttpStatusCode.NoContent ? default
                : answer.IsSuccessStatusCode ? (Parse(text), answer.Headers.ETag?.ToString()) : throw new ServerRefusedException((int)answer.StatusCode, Explain((int)answer.StatusCode, text));
        }
        catch (HttpRequestException e)
        {
            throw new ServerUnreachableException($"No server answers at {Address}: {ServerHost.Explain(e)} Start one there, or name another with --server or {Variable}.");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServerUnreachableException($"The server at {Address} did not answer within {Patience.TotalSeconds:0} seconds.");
        }
    }

    private JsonElement Parse(string text)
    {
        try
        {
            return JsonDocument.Parse(text, Deep).RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new CommandException($"What answers at {Address} is no FederationWorkflows server: its answer is not JSON.");
        }
    }

    /// <summary>The detail of a problem (RFC 9457), or what can be said without one.</summary>
    private string Explain(int status, string text)
    {
        try
        {
            var problem = JsonDocument.Parse(text).RootElement;
            if (problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty("detail", out var detail) && detail.GetString() is { Length: > 0 } said)
            {
                return said;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not a problem document; the status has to do.
        }

        return $"The server at {Address} answered {status}.";
    }
}

/// <summary>Nothing answers at the server's address now.</summary>
internal sealed class ServerUnreachableException(string message) : CommandException(message);

/// <summary>The server refused, and the message says why.</summary>
internal sealed class ServerRefusedException(int status, string message) : CommandException(message)
{
    public int Status => status;
}
