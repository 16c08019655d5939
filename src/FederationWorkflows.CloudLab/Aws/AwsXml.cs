using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace FederationWorkflows.CloudLab.Aws;

/// <summary>Writes answers.</summary>
internal static class AwsXml
{
    // AWS writes characters that XML 1.0 does not have as references; clients that may meet them ask for encoding-type=url.
    private static readonly XmlWriterSettings Settings = new() { Encoding = new UTF8Encoding(false), CheckCharacters = false };

    public static byte[] Write(XElement root)
    {
        using var stream = new MemoryStream();
        using (var writer = XmlWriter.Create(stream, Settings))
        {
            new XDocument(new XDeclaration("1.0", "UTF-8", null), root).WriteTo(writer);
        }

        return stream.ToArray();
    }
}
