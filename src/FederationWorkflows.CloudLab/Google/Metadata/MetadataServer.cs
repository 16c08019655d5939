using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FederationWorkflows.CloudLab.Google.Metadata;

/// <summary>
/// The metadata server of a Compute Engine instance, <c>http://metadata.google.internal</c>, as clients find it with <c>GCE_METADATA_HOST</c>
/// ("About VM metadata").
/// </summary>
internal sealed class MetadataServer
{
    public const string Route = "/computeMetadata/{**path}";

    private const string Prefix = "/computeMetadata/";
    private const string FlavorHeader = "Metadata-Flavor";
    private const string Flavor = "Google";

    private readonly InstanceEntry instance;
    private readonly TimeProvider time;
    private readonly EventLog events;
    private readonly MetadataDirectory root;

    public MetadataServer(InstanceEntry instance, AccessTokens accessTokens, GoogleIdTokenIssuer idTokens, TimeProvider time, EventLog events)
    {
        this.instance = instance;
        this.time = time;
        this.events = events;
        root = Tree(instance, new InstanceCredentials(instance, accessTokens, idTokens, time));
    }

    /// <summary>Routes do not heed case, paths do: <c>/computemetadata/</c> is a bucket's.</summary>
    public static bool IsBelowRoot(HttpRequest request) => request.Path.Value!.StartsWith(Prefix, StringComparison.Ordinal);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Map(Route, HandleAsync).WithMetadata(new RequestCondition(IsBelowRoot));

        // Libraries look here to learn whether they run on Google Cloud. Else this path belongs to AWS: S3 lists buckets at it.
        routes.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], HandleAsync).WithMetadata(new RequestCondition(IsDetection));
    }

    private static bool IsDetection(HttpRequest request) => HasFlavor(request) && !IsSignedForAws(request);

    private static bool HasFlavor(HttpRequest request) => request.Headers[FlavorHeader] == Flavor;

    private static bool IsSignedForAws(HttpRequest request) => request.Headers.Authorization.Count > 0 || request.Query.ContainsKey("X-Amz-Algorithm");

    private static MetadataDirectory Tree(InstanceEntry instance, InstanceCredentials credentials)
    {
        var account = instance.Account;
        MetadataNode[] entries =
        [
            new MetadataValue("aliases", new JsonArray("default")),
            new MetadataValue("email", account.Email),
            new MetadataCall("identity", "GetIdentityToken", credentials.Identity),
            new MetadataValue("scopes", new JsonArray([.. instance.Scopes.Select(static scope => JsonValue.Create(scope))])),
            new MetadataCall("token", "GetAccessToken", credentials.Token),
        ];
        MetadataNode[] accounts = account.Disabled ? [] : [new MetadataDirectory(account.Email, entries), new MetadataDirectory("default", entries)];
        return new MetadataDirectory(
            "",
            new MetadataDirectory(
                "computeMetadata",
                new MetadataDirectory(
                    "v1",
                    new MetadataDirectory(
                        "instance",
                        new MetadataValue("id", instance.Id),
                        new MetadataValue("name", instance.Name),
                        new MetadataDirectory("service-accounts", accounts),
                        new MetadataValue("zone", $"projects/{instance.ProjectNumber}/zones/{instance.Zone}")),
                    new MetadataDirectory(
                        "project",
                        new MetadataValue("numeric-project-id", instance.ProjectNumber),
                        new MetadataValue("project-id", instance.ProjectId)),
                    new MetadataDirectory("universe", new MetadataValue("universe-domain", "googleapis.com")))));
    }

    private Task HandleAsync(HttpContext context)
    {
        var node = root.Find(context.Request.Path.Value!);
        var entry = new GoogleAuditEntry("metadata.google.internal", (node as MetadataCall)?.EventName ?? "GetMetadata") { Principal = instance.Account.Principal };
        entry.Asked["path"] = context.Request.Path.Value!;
        var answer = Refuse(context.Request) ?? Answer(context, node, entry);
        if (answer.Status >= StatusCodes.Status400BadRequest)
        {
            entry.ErrorCode = ((HttpStatusCode)answer.Status).ToString();
            entry.ErrorMessage = answer.Body.TrimEnd();
        }

        events.Record(entry.ToEvent(context, time.GetUtcNow()));
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.Headers[FlavorHeader] = Flavor;
        response.Headers.Server = "Metadata Server for VM";
        response.Headers.XXSSProtection = "0";
        response.Headers.XFrameOptions = "SAMEORIGIN";
        response.Headers.XContentTypeOptions = "nosniff";
        return response.WriteAsync(answer.Body, context.RequestAborted);
    }

    // Both rules keep out requests that a server was tricked into sending: neither a browser's nor a proxy's is answered.
    private static MetadataAnswer? Refuse(HttpRequest request)
    {
        var path = request.Path.Value!;
        if (request.Headers.ContainsKey("X-Forwarded-For"))
        {
            return MetadataAnswer.Forbidden(path);
        }

        if (!HasFlavor(request))
        {
            return MetadataAnswer.Forbidden(path, "Missing Metadata-Flavor:Google header.");
        }

        return HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? null : MetadataAnswer.MethodNotAllowed(request.Method, path);
    }

    private static MetadataAnswer Answer(HttpContext context, MetadataNode? node, GoogleAuditEntry entry)
    {
        var request = context.Request;
        var path = request.Path.Value!;
        var isRecursive = string.Equals(request.Query["recursive"], "true", StringComparison.OrdinalIgnoreCase);
        var alt = request.Query["alt"].ToString();
        switch (node)
        {
            case MetadataCall call:
                return call.Answer(request.Query, entry);
            case MetadataValue value:
                return alt == "json" ? MetadataAnswer.Json(value.Json) : MetadataAnswer.Text(value.Text);
            case MetadataDirectory when isRecursive && alt == "text":
                return MetadataAnswer.BadRequest("the lab has recursive answers as JSON only: leave out alt=text");
            case MetadataDirectory directory when isRecursive:
                return MetadataAnswer.Json(directory.ToJson());
            case MetadataDirectory when !path.EndsWith('/'):
                context.Response.Headers.Location = request.PathBase.Add(path + "/").ToUriComponent() + request.QueryString.ToUriComponent();
                return new MetadataAnswer(StatusCodes.Status301MovedPermanently, "text/plain; charset=UTF-8", "");
            case MetadataDirectory directory:
                return MetadataAnswer.Text(directory.List());
            default:
                return MetadataAnswer.NotFound(path);
        }
    }
}
