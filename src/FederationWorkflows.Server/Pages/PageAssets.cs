using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using FederationWorkflows.Server.Access;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace FederationWorkflows.Server.Pages;

/// <summary>The files that pages refer to: embedded, compressed once, and served under the hash of their content.</summary>
internal sealed class PageAssets
{
    private const string Prefix = "assets/";

    private const string Forever = "public, max-age=31536000, immutable";

    private readonly FrozenDictionary<string, Asset> byName;

    public PageAssets()
    {
        var assembly = typeof(PageAssets).Assembly;
        var types = new FileExtensionContentTypeProvider();
        byName = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name =>
        {
            using var content = assembly.GetManifestResourceStream(name)!;
            using var copy = new MemoryStream();
            content.CopyTo(copy);
            var bytes = copy.ToArray();
            var file = name[Prefix.Length..];
            return new Asset(file, Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8)), types.TryGetContentType(file, out var type) ? type : "application/octet-stream", bytes, Compress(bytes));
        }).ToFrozenDictionary(asset => asset.Name, StringComparer.Ordinal);
    }

    /// <summary>Where a file of Assets is, relative to the site.</summary>
    public string Url(string name) => $"{Prefix}{byName[name].Hash}/{name}";

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/" + Prefix + "{hash}/{name}", Serve).OpenToEverybody();

    private IResult Serve(string hash, string name, HttpContext context)
    {
        if (!byName.TryGetValue(name, out var asset) || asset.Hash != hash)
        {
            return Results.NotFound();
        }

        context.Response.Headers.CacheControl = Forever;
        context.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (!context.Request.GetTypedHeaders().AcceptEncoding.Any(encoding => encoding.Value == "br" && encoding.Quality is not 0))
        {
            return Results.Bytes(asset.Content, asset.Type);
        }

        context.Response.Headers.ContentEncoding = "br";
        return Results.Bytes(asset.Brotli, asset.Type);
    }

    private static byte[] Compress(byte[] content)
    {
        using var compressed = new MemoryStream();
        using (var brotli = new BrotliStream(compressed, CompressionLevel.SmallestSize))
        {
            brotli.Write(content);
        }

        return compressed.ToArray();
    }

    private sealed record Asset(string Name, string Hash, string Type, byte[] Content, byte[] Brotli);
}
