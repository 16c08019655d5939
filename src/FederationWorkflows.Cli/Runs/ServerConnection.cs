using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json;
using FederationWorkflows.Server.Hosting;

namespace FederationWorkflows.Cli.Runs;

/// <summary>A server that the command talks to, over its management API.</summary>
internal sealed class ServerConnection : IDisposable
{
    private const string Variable = "FEDFLOW_SERVER";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly SocketsHttpHandler handler;

    private readonly HttpClient client;

    private ServerConnection(Uri address)
    {
        Address = address;

        // A proxy of the environment could not reach a server on this machine.
        handler = new SocketsHttpHandler { UseProxy = !address.IsLoopback, AllowAutoRedirect = false };
        client = new HttpClient(handler) { BaseAddress = address, Timeout = Patience };
    }

    public Uri Address { get; }

    public static Option<string?> Option() => new("--server") { Description = $"The server's address; otherwise the environment variable {Variable}, or {ServerHost.DefaultUrl}." };

    /// <exception cref="CommandException">The address is none.</exception>
    public static ServerConnection Open(string? server)
    {
        var configured = Environment.GetEnvironmentVariable(Variable);
        var text = server ?? (string.IsNullOrEmpty(configured) ? ServerHost.DefaultUrl : configured);
        return Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var address) && (address.Scheme is "http" or "https") && address.UserInfo.Length == 0
            ? new ServerConnection(address)
            : throw new CommandException($"'{text}' is no address of a server. Write it as http://127.0.0.1:5080.");
    }

    /// <exception cref="CommandException">No server answers, or it refuses; the message says why.</exception>
    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) => await SendAsync(HttpMethod.Get, path, null, cancellationToken);

    /// <exception cref="CommandException">No server answers, or it refuses; the message says why.</exception>
    public async Task<JsonElement> PostAsync(string path, object? body, CancellationToken cancellationToken) => await SendAsync(HttpMethod.Post, path, body, cancellationToken);

    public static T Read<T>(JsonElement json) => json.Deserialize<T>(Json) ?? throw new CommandException("The server's answer is not one of FederationWorkflows.");

    public void Dispose()
    {
        client.Dispose();
        handler.Dispose();
    }

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body) };
        try
        {
            using var answer = await client.SendAsync(request, cancellationToken);
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            return answer.IsSuccessStatusCode ? Parse(text) : throw new ServerRefusedException((int)answer.StatusCode, Explain((int)answer.StatusCode, text));
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
            return JsonDocument.Parse(text).RootElement.Clone();
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
