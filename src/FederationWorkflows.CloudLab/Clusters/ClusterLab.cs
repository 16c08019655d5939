using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FederationWorkflows.CloudLab.Google;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Trust;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab.Clusters;

/// <summary>
/// Kubernetes clusters as far as workload identity needs them, under <c>/lab/clusters/NAME</c>: the issuer's discovery document and keys ("Service account issuer discovery"),
/// and the TokenRequest API with which the kubelet gets the tokens that it projects into pods. The latter asks nobody who it is: it stands for the kubelet.
/// </summary>
public sealed class ClusterLab : ILabService
{
    private const string Prefix = "/lab/clusters/{cluster}";
    private const int LongestBody = 16 * 1024;

    // The bounds of the API server's TokenRequest.
    private static readonly TimeSpan ShortestLife = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestLife = TimeSpan.FromHours(48);
    private static readonly TimeSpan DefaultLife = TimeSpan.FromHours(1);

    private readonly FrozenDictionary<string, (LabCluster Declared, GoogleSigningKey Key)> clusters;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly List<ProjectedVolume> volumes = [];

    internal ClusterLab(IReadOnlyList<LabCluster> declared, TimeProvider time)
    {
        this.time = time;
        clusters = declared.ToFrozenDictionary(cluster => cluster.Name, cluster => (cluster, new GoogleSigningKey()));
        KeySource = new Keys(clusters.Values.ToFrozenDictionary(cluster => cluster.Declared.Issuer, cluster => cluster.Key));
    }

    /// <summary>The public keys of the clusters' issuers.</summary>
    internal IOidcKeySource KeySource { get; }

    /// <summary>A token of a service account, as the kubelet projects it into a pod.</summary>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="serviceAccount">The service account's name.</param>
    /// <param name="audience">Whom the token is for.</param>
    /// <param name="lifetime">10 minutes to 48 hours; null for an hour.</param>
    /// <exception cref="ArgumentException">The lab has no such cluster or account, or the lifetime is out of range.</exception>
    public Sensitive<string> ProjectToken(string cluster, string @namespace, string serviceAccount, string audience, TimeSpan? lifetime = null)
    {
        if (!clusters.TryGetValue(cluster, out var known) || !Has(known.Declared, @namespace, serviceAccount))
        {
            throw new ArgumentException($"The lab has no service account {@namespace}/{serviceAccount} in a cluster {cluster}: declare it in \"clusters\" of the world.", nameof(serviceAccount));
        }

        var life = lifetime ?? DefaultLife;
        return life >= ShortestLife && life <= LongestLife
            ? Sign(known.Declared, known.Key, @namespace, serviceAccount, [audience], life)
            : throw new ArgumentException("A token lives 10 minutes to 48 hours.", nameof(lifetime));
    }

    /// <summary>A token of a service account in a file, as a pod has it: another one takes its place when four fifths of its life are over.</summary>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="namespace">The namespace.</param>
    /// <param name="serviceAccount">The service account's name.</param>
    /// <param name="audience">Whom the token is for.</param>
    /// <param name="lifetime">10 minutes to 48 hours; null for an hour.</param>
    /// <returns>The file's path. Only this user can read it, and it is gone with the lab.</returns>
    /// <exception cref="ArgumentException">As <see cref="ProjectToken"/>.</exception>
    public string ProjectFile(string cluster, string @namespace, string serviceAccount, string audience, TimeSpan? lifetime = null)
    {
        var volume = new ProjectedVolume(() => ProjectToken(cluster, @namespace, serviceAccount, audience, lifetime), lifetime ?? DefaultLife, time);
        lock (gate)
        {
            volumes.Add(volume);
        }

        return volume.Path;
    }

    /// <summary>Takes the files away, at the end of the lab.</summary>
    internal void Close()
    {
        lock (gate)
        {
            volumes.ForEach(static volume => volume.Dispose());
            volumes.Clear();
        }
    }

    void ILabService.Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Prefix + "/.well-known/openid-configuration", DiscoveryAsync);
        routes.MapGet(Prefix + "/openid/v1/jwks", KeysAsync);
        routes.MapPost(Prefix + "/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token", TokenAsync);
    }

    private static bool Has(LabCluster cluster, string @namespace, string account) =>
        cluster.ServiceAccounts.Any(known => known.Namespace == @namespace && known.Name == account);

    private static string UidOf(string name) => new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16)).ToString();

    private static string Value(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private static Task WriteAsync(HttpContext context, int status, JsonObject body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason, string message) => WriteAsync(context, status, new JsonObject
    {
        ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Failure", ["message"] = message, ["reason"] = reason, ["code"] = status,
    });

    private Task DiscoveryAsync(HttpContext context) => clusters.TryGetValue(Value(context, "cluster"), out var known)
        ? WriteAsync(context, StatusCodes.Status200OK, new JsonObject
        {
            ["issuer"] = known.Declared.Issuer,
            ["jwks_uri"] = $"{context.Request.Scheme}://{context.Request.Host}/lab/clusters/{known.Declared.Name}/openid/v1/jwks",
            ["response_types_supported"] = new JsonArray("id_token"),
            ["subject_types_supported"] = new JsonArray("public"),
            ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"),
        })
        : NoCluster(context);

    private Task KeysAsync(HttpContext context) => clusters.TryGetValue(Value(context, "cluster"), out var known)
        ? WriteAsync(context, StatusCodes.Status200OK, new JsonObject { ["keys"] = new JsonArray(known.Key.PublicKey.ToJson()) })
        : NoCluster(context);

    private async Task TokenAsync(HttpContext context)
    {
        if (!clusters.TryGetValue(Value(context, "cluster"), out var known))
        {
            await NoCluster(context);
            return;
        }

        var (space, account) = (Value(context, "namespace"), Value(context, "account"));
        if (!Has(known.Declared, space, account))
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "NotFound", $"serviceaccounts \"{account}\" not found");
            return;
        }

        var buffer = new byte[LongestBody + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length > LongestBody || !BoundedJson.TryParseObject(buffer.AsMemory(0, length), out var body) || !TryRead(body, out var audiences, out var life))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "BadRequest", "the body is no TokenRequest with spec.audiences and spec.expirationSeconds");
            return;
        }

        if (life < ShortestLife || life > LongestLife)
        {
            await RefuseAsync(
                context, StatusCodes.Status422UnprocessableEntity, "Invalid", "spec.expirationSeconds: Invalid value: may not specify a duration less than 10 minutes or more than 48 hours");
            return;
        }

        var expires = time.GetUtcNow() + life;
        var token = Sign(known.Declared, known.Key, space, account, audiences.Length > 0 ? audiences : [known.Declared.Issuer], life);
        await WriteAsync(context, StatusCodes.Status201Created, new JsonObject
        {
            ["kind"] = "TokenRequest",
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["status"] = new JsonObject { ["token"] = token.Reveal(), ["expirationTimestamp"] = $"{expires.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}" },
        });
    }

    private static bool TryRead(JsonElement body, out string[] audiences, out TimeSpan life)
    {
        (audiences, life) = ([], DefaultLife);
        if (!body.TryGetProperty("spec", out var spec))
        {
            return true;
        }

        if (spec.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        if (spec.TryGetProperty("audiences", out var list))
        {
            if (list.ValueKind != JsonValueKind.Array || list.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            {
                return false;
            }

            audiences = [.. list.EnumerateArray().Select(item => item.GetString()!)];
        }

        if (spec.TryGetProperty("expirationSeconds", out var seconds))
        {
            if (seconds.ValueKind != JsonValueKind.Number || !seconds.TryGetInt32(out var number))
            {
                return false;
            }

            life = TimeSpan.FromSeconds(number);
        }

        return true;
    }

    private static Task NoCluster(HttpContext context) => RefuseAsync(context, StatusCodes.Status404NotFound, "NotFound", "the lab has no such cluster");

    // "Bound service account tokens" (Kubernetes documentation, "Managing service accounts", schema for service account private claims).
    private Sensitive<string> Sign(LabCluster cluster, GoogleSigningKey key, string @namespace, string account, string[] audiences, TimeSpan life)
    {
        var now = time.GetUtcNow();
        var pod = $"{account}-0";
        var claims = new JsonObject
        {
            ["aud"] = new JsonArray([.. audiences.Select(audience => JsonValue.Create(audience))]),
            ["exp"] = (now + life).ToUnixTimeSeconds(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["iss"] = cluster.Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            ["kubernetes.io"] = new JsonObject
            {
                ["namespace"] = @namespace,
                ["node"] = new JsonObject { ["name"] = $"{cluster.Name}-node-1", ["uid"] = UidOf($"{cluster.Name}/node-1") },
                ["pod"] = new JsonObject { ["name"] = pod, ["uid"] = UidOf($"{cluster.Name}/{@namespace}/{pod}") },
                ["serviceaccount"] = new JsonObject { ["name"] = account, ["uid"] = UidOf($"{cluster.Name}/{@namespace}/{account}") },
            },
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["sub"] = $"system:serviceaccount:{@namespace}:{account}",
        };
        return key.SignJwt(claims.ToJsonString());
    }

    private sealed class Keys(FrozenDictionary<string, GoogleSigningKey> keys) : IOidcKeySource
    {
        public ValueTask<IReadOnlyList<JsonWebKey>> GetKeysAsync(string issuer, CancellationToken cancellationToken) =>
            ValueTask.FromResult<IReadOnlyList<JsonWebKey>>(keys.TryGetValue(issuer, out var key) ? [key.PublicKey] : []);
    }
}
