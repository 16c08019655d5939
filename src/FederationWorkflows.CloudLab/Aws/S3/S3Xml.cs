using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace FederationWorkflows.CloudLab.Aws.S3;

/// <summary>The documents S3 takes and gives.</summary>
internal static class S3Xml
{
    public static readonly XNamespace Xmlns = "http://s3.amazonaws.com/doc/2006-03-01/";

    /// <summary>Reads a document whose root has one of S3's names, with or without its namespace; refuses what is none.</summary>
    public static XElement Read(byte[] body, string root)
    {
        try
        {
            var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, MaxCharactersInDocument = Math.Max(1, body.Length) };
            using var reader = XmlReader.Create(new MemoryStream(body), settings);
            var document = XElement.Load(reader);
            return document.Name.LocalName == root ? document : throw S3Errors.MalformedXml();
        }
        catch (XmlException)
        {
            throw S3Errors.MalformedXml();
        }
    }

    public static IEnumerable<XElement> All(this XElement parent, string name) => parent.Elements().Where(element => element.Name.LocalName == name);

    public static string? Value(this XElement parent, string name) => parent.All(name).FirstOrDefault()?.Value;

    public static XElement Of(string name, params object?[] content) => new(Xmlns + name, content);

    public static XElement? Optional(string name, object? value) => value is null ? null : Of(name, value);

    public static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    public static async Task AnswerAsync(AwsCall call, XElement root, CancellationToken cancellationToken)
    {
        call.Http.Response.ContentType = "application/xml";
        await call.Http.Response.Body.WriteAsync(AwsXml.Write(root), cancellationToken);
    }
}
