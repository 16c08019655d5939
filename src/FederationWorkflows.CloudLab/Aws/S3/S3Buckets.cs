using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>The operations on buckets.</summary>
internal sealed class S3Buckets(BucketStore buckets)
{
    private const int MaximumKeys = 1000;
    private const int MaximumCreateBody = 64 * 1024;

    private static readonly XNamespace Xmlns = S3Service.Xmlns;

    public async Task ListBucketsAsync(S3Call call, CancellationToken cancellationToken)
    {
        call.Require("s3:ListAllMyBuckets", "arn:aws:s3:::*", nameResource: false);
        var prefix = call.Http.QueryValue("prefix");
        var region = call.Http.QueryValue("bucket-region");
        var after = Token(call.Http.QueryValue("continuation-token"));
        var maximum = Maximum(call, "max-buckets", 10_000);
        var found = buckets.OwnedBy(call.Caller.AccountId)
            .Where(bucket => (prefix is null || bucket.Name.StartsWith(prefix, StringComparison.Ordinal))
                && (region is null || bucket.Region == region)
                && (after is null || string.CompareOrdinal(bucket.Name, after) > 0))
            .ToList();
        var page = found.Take(maximum).ToList();
        await S3Service.AnswerAsync(
            call.Http,
            new XElement(
                Xmlns + "ListAllMyBucketsResult",
                new XElement(Xmlns + "Owner", new XElement(Xmlns + "ID", AwsCall.HashOf(Encoding.UTF8.GetBytes(call.Caller.AccountId)))),
                new XElement(Xmlns + "Buckets", page.Select(static bucket => new XElement(
                    Xmlns + "Bucket",
                    new XElement(Xmlns + "Name", bucket.Name),
                    new XElement(Xmlns + "CreationDate", Iso(bucket.Created)),
                    new XElement(Xmlns + "BucketRegion", bucket.Region)))),
                prefix is null ? null : new XElement(Xmlns + "Prefix", prefix),
                page.Count < found.Count ? new XElement(Xmlns + "ContinuationToken", TokenOf(page[^1].Name)) : null),
            cancellationToken);
    }

    public async Task CreateBucketAsync(S3Call call, CancellationToken cancellationToken)
    {
        if (!AwsWorldRules.IsBucketName(call.BucketName))
        {
            throw S3Errors.InvalidBucketName(call.BucketName);
        }

        call.Require("s3:CreateBucket", $"arn:aws:s3:::{call.BucketName}");
        var (body, _) = await call.ReadPayloadAsync(MaximumCreateBody, cancellationToken);
        var region = LocationConstraint(body) ?? "us-east-1";
        if (region != call.SignedRegion)
        {
            throw S3Errors.IllegalLocation(region);
        }

        if (!buckets.TryAdd(new LabBucket(call.BucketName, call.Caller.AccountId, region, call.Http.Now), out var existing))
        {
            throw S3Errors.TooManyBuckets();
        }

        if (existing is not null)
        {
            if (existing.AccountId != call.Caller.AccountId)
            {
                throw S3Errors.AlreadyExists(call.BucketName);
            }

            // Amazon S3 API Reference, CreateBucket: in us-east-1 creating one's own bucket again succeeds.
            if (existing.Region != "us-east-1" || region != "us-east-1")
            {
                throw S3Errors.AlreadyOwned(call.BucketName);
            }
        }

        call.Http.Http.Response.Headers.Location = $"/{call.BucketName}";
    }

    public async Task GetBucketLocationAsync(S3Call call, CancellationToken cancellationToken)
    {
        var bucket = call.Bucket(buckets, "s3:GetBucketLocation", ofObject: false);
        await S3Service.AnswerAsync(call.Http, new XElement(Xmlns + "LocationConstraint", bucket.Region == "us-east-1" ? null : bucket.Region), cancellationToken);
    }

    public async Task ListObjectsAsync(S3Call call, CancellationToken cancellationToken)
    {
        var http = call.Http;
        var prefix = http.QueryValue("prefix") ?? string.Empty;
        var delimiter = http.QueryValue("delimiter");
        var maximum = Maximum(call, "max-keys", MaximumKeys);
        var encoding = http.QueryValue("encoding-type");
        if (encoding is not (null or "url"))
        {
            throw S3Errors.InvalidArgument("Invalid Encoding Method specified in Request", "encoding-type", encoding);
        }

        var context = ConditionContext.Empty
            .With("s3:prefix", prefix)
            .With("s3:delimiter", delimiter is null ? [] : [delimiter])
            .With("s3:max-keys", maximum.ToString(CultureInfo.InvariantCulture));
        var bucket = call.Bucket(buckets, "s3:ListBucket", ofObject: false, context);
        var token = http.QueryValue("continuation-token");
        var page = Page(bucket, prefix, delimiter, Token(token) ?? http.QueryValue("start-after"), maximum);
        string Text(string value) => encoding is null ? value : Uri.EscapeDataString(value).Replace("%2F", "/", StringComparison.Ordinal);
        XElement? Optional(string name, string? value) => value is null ? null : new XElement(Xmlns + name, Text(value));
        await S3Service.AnswerAsync(
            http,
            new XElement(
                Xmlns + "ListBucketResult",
                new XElement(Xmlns + "Name", bucket.Name),
                new XElement(Xmlns + "Prefix", Text(prefix)),
                Optional("Delimiter", delimiter),
                Optional("StartAfter", http.QueryValue("start-after")),
                token is null ? null : new XElement(Xmlns + "ContinuationToken", token),
                page.Next is null ? null : new XElement(Xmlns + "NextContinuationToken", page.Next),
                new XElement(Xmlns + "KeyCount", page.Entries.Count),
                new XElement(Xmlns + "MaxKeys", maximum),
                encoding is null ? null : new XElement(Xmlns + "EncodingType", encoding),
                new XElement(Xmlns + "IsTruncated", page.Next is not null),
                page.Entries.Where(static entry => entry.Object is not null).Select(entry => new XElement(
                    Xmlns + "Contents",
                    new XElement(Xmlns + "Key", Text(entry.Name)),
                    new XElement(Xmlns + "LastModified", Iso(entry.Object!.LastModified)),
                    new XElement(Xmlns + "ETag", entry.Object.ETag),
                    new XElement(Xmlns + "Size", entry.Object.Content.Length),
                    new XElement(Xmlns + "StorageClass", "STANDARD"))),
                page.Entries.Where(static entry => entry.Object is null).Select(entry => new XElement(
                    Xmlns + "CommonPrefixes", new XElement(Xmlns + "Prefix", Text(entry.Name))))),
            cancellationToken);
    }

    private (List<(string Name, LabObject? Object)> Entries, string? Next) Page(LabBucket bucket, string prefix, string? delimiter, string? after, int maximum)
    {
        var entries = new List<(string Name, LabObject? Object)>();
        foreach (var (key, value) in buckets.List(bucket, prefix))
        {
            var cut = string.IsNullOrEmpty(delimiter) ? -1 : key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal);
            var name = cut < 0 ? key : key[..(cut + delimiter!.Length)];

            // A common prefix stands for all its keys: once given, none of them comes again on a later page.
            if ((after is not null && string.CompareOrdinal(name, after) <= 0) || (entries.Count > 0 && entries[^1].Name == name))
            {
                continue;
            }

            if (entries.Count == maximum)
            {
                return (entries, maximum == 0 ? null : TokenOf(entries[^1].Name));
            }

            entries.Add((name, cut < 0 ? value : null));
        }

        return (entries, null);
    }

    private static int Maximum(S3Call call, string name, int limit)
    {
        if (call.Http.QueryValue(name) is not { } text)
        {
            return limit;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? Math.Min(value, limit)
            : throw S3Errors.InvalidArgument($"Provided {name} not an integer or within integer range", name, text);
    }

    private static string TokenOf(string name) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"k{name}"));

    private static string? Token(string? token)
    {
        if (token is null)
        {
            return null;
        }

        var bytes = new byte[token.Length];
        return Convert.TryFromBase64String(token, bytes, out var written) && written > 0 && bytes[0] == 'k'
            ? Encoding.UTF8.GetString(bytes, 1, written - 1)
            : throw S3Errors.InvalidArgument("The continuation token provided is incorrect", "continuation-token", token);
    }

    private static string? LocationConstraint(byte[] body)
    {
        if (body.Length == 0)
        {
            return null;
        }

        try
        {
            using var reader = XmlReader.Create(new MemoryStream(body), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, MaxCharactersInDocument = MaximumCreateBody });
            return XElement.Load(reader).Elements().FirstOrDefault(static element => element.Name.LocalName == "LocationConstraint")?.Value switch
            {
                null or "" => null,
                "EU" => "eu-west-1", // The old name, which SDKs still send.
                var region => region,
            };
        }
        catch (XmlException)
        {
            throw S3Errors.MalformedXml();
        }
    }

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
