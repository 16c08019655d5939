using System.Text.Json;

namespace FederationWorkflows.Federation.Aws.Requests;

/// <summary>
/// An error answer of any AWS API: XML with Code and Message, wherever they stand (query protocol, EC2, S3), or JSON with <c>__type</c> or <c>code</c> and
/// <c>message</c>, or the header <c>x-amzn-errortype</c>.
/// </summary>
/// <param name="Code">AWS's code without namespace; the HTTP status' name when there is none.</param>
/// <param name="Message">What AWS says; empty when it says nothing.</param>
internal sealed record AwsErrorAnswer(string Code, string Message)
{
    public static AwsErrorAnswer Read(HttpResponseMessage response, byte[] body)
    {
        var (code, message) = FromXml(body) ?? FromJson(body) ?? (null, null);
        if (response.Headers.TryGetValues("x-amzn-errortype", out var types))
        {
            code ??= types.FirstOrDefault();
        }

        return new AwsErrorAnswer(CloudText.Code(Name(code), response.StatusCode.ToString()), message ?? "");
    }

    /// <summary><c>com.amazonaws.x#AccessDeniedException:http://...</c> is AccessDeniedException.</summary>
    private static string? Name(string? code)
    {
        code = code?.Split(':')[0];
        return code?[(code.LastIndexOf('#') + 1)..];
    }

    private static (string? Code, string? Message)? FromXml(byte[] body)
    {
        if (XmlAnswer.Load(body)?.Root?.DescendantsAndSelf().FirstOrDefault(static element => element.Elements().Any(static child => child.Name.LocalName == "Code")) is not { } error)
        {
            return null;
        }

        return (Text("Code"), Text("Message"));

        string? Text(string name) => error.Elements().FirstOrDefault(child => child.Name.LocalName == name)?.Value;
    }

    private static (string? Code, string? Message)? FromJson(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
            return document.RootElement.ValueKind == JsonValueKind.Object ? (Text("__type") ?? Text("code") ?? Text("Code"), Text("message") ?? Text("Message") ?? Text("errorMessage")) : null;

            string? Text(string name) => document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // A proxy's page, or text that is no Unicode: the HTTP status is all there is to say.
            return null;
        }
    }
}
