using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FederationWorkflows.Federation.Tests.Aws.Objects;

/// <summary>An S3 whose objects are as large as a test wants, of zeros, and that keeps nothing of what it is sent but how much: it can break off and fail.</summary>
internal sealed class BottomlessS3 : IAsyncDisposable
{
    /// <summary>Of the form of an object in parts: otherwise it would be the hash of the content.</summary>
    private const string ETag = "\"0123456789abcdef0123456789abcdef-2\"";

    private readonly WebApplication app;

    private BottomlessS3(WebApplication app) => this.app = app;

    /// <summary>The size of every object that is read.</summary>
    public long Size { get; set; }

    /// <summary>How many bytes of an answer are sent before the connection is cut; null for all.</summary>
    public Queue<long> CutAfter { get; } = new();

    /// <summary>The status that the next calls of an operation get.</summary>
    public ConcurrentDictionary<string, ConcurrentQueue<int>> Failures { get; } = new();

    /// <summary>The parts as they came: number and decoded length.</summary>
    public ConcurrentDictionary<int, long> Parts { get; } = new();

    /// <summary>The operations in the order in which they came.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Headers of the last call of an operation.</summary>
    public ConcurrentDictionary<string, IHeaderDictionary> Headers { get; } = new();

    public string Address => app.Urls.Single();

    public static async Task<BottomlessS3> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var server = new BottomlessS3(app);
        app.Run(server.HandleAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task HandleAsync(HttpContext http)
    {
        var query = http.Request.Query;
        var operation = (http.Request.Method, query.ContainsKey("uploads"), query.ContainsKey("uploadId")) switch
        {
            ("POST", true, _) => "Create",
            ("PUT", _, true) when http.Request.Headers.ContainsKey("x-amz-copy-source") => "CopyPart",
            ("PUT", _, true) => "Part",
            ("POST", _, true) => "Complete",
            ("DELETE", _, true) => "Abort",
            ("PUT", _, _) => "Put",
            ("HEAD", _, _) => "Head",
            _ => "Get",
        };
        Calls.Enqueue(operation);
        Headers[operation] = new HeaderDictionary(http.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase)); // The server uses its own again.
        if (Failures.TryGetValue(operation, out var failures) && failures.TryDequeue(out var status))
        {
            await ReadAsync(http);
            http.Response.StatusCode = status;
            await http.Response.WriteAsync(http.Request.Method == "HEAD" ? "" : $"<Error><Code>{(status == 412 ? "PreconditionFailed" : status == 403 ? "AccessDenied" : "InternalError")}</Code><Message>m</Message></Error>");
            return;
        }

        http.Response.ContentType = "application/xml";
        switch (operation)
        {
            case "Create":
                await http.Response.WriteAsync("<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>upload-1</UploadId></InitiateMultipartUploadResult>");
                break;
            case "Part" or "Put":
                await ReadAsync(http);
                var length = long.Parse(http.Request.Headers["x-amz-decoded-content-length"].ToString(), CultureInfo.InvariantCulture);
                Parts[operation == "Put" ? 0 : int.Parse(query["partNumber"].ToString(), CultureInfo.InvariantCulture)] = length;
                http.Response.Headers.ETag = ETag;
                break;
            case "CopyPart":
                var range = http.Request.Headers["x-amz-copy-source-range"].ToString()["bytes=".Length..].Split('-').Select(long.Parse).ToArray();
                Parts[int.Parse(query["partNumber"].ToString(), CultureInfo.InvariantCulture)] = range[1] - range[0] + 1;
                await http.Response.WriteAsync($"<CopyPartResult><ETag>{ETag}</ETag></CopyPartResult>");
                break;
            case "Complete":
                await ReadAsync(http);
                await http.Response.WriteAsync($"<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><ETag>{ETag}</ETag></CompleteMultipartUploadResult>");
                break;
            case "Abort":
                http.Response.StatusCode = 204;
                break;
            default:
                await SendAsync(http, operation == "Head");
                break;
        }
    }

    private async Task SendAsync(HttpContext http, bool headOnly)
    {
        var from = http.Request.Headers.Range.ToString() is { Length: > 0 } range ? long.Parse(range["bytes=".Length..].Split('-')[0], CultureInfo.InvariantCulture) : 0;
        http.Response.StatusCode = from > 0 ? 206 : 200;
        http.Response.ContentType = "application/octet-stream";
        http.Response.Headers.ETag = ETag;
        http.Response.ContentLength = Size - from;
        if (headOnly)
        {
            return;
        }

        var left = Size - from;
        var until = CutAfter.TryDequeue(out var cut) ? cut : long.MaxValue;
        var zeros = new byte[64 * 1024];
        for (var sent = 0L; sent < left;)
        {
            if (sent >= until)
            {
                http.Abort();
                return;
            }

            var piece = (int)Math.Min(Math.Min(zeros.Length, left - sent), until - sent);
            await http.Response.Body.WriteAsync(zeros.AsMemory(0, piece));
            sent += piece;
        }
    }

    private static async Task ReadAsync(HttpContext http)
    {
        var buffer = new byte[64 * 1024];
        while (await http.Request.Body.ReadAsync(buffer) > 0)
        {
        }
    }
}
