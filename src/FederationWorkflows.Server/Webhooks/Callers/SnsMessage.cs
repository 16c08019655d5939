using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FederationWorkflows.Server.Webhooks.Callers;

/// <summary>A message of Amazon SNS with its signature (Amazon SNS Developer Guide: Verifying the signatures of Amazon SNS messages).</summary>
internal sealed class SnsMessage
{
    public const string Notification = "Notification";

    public const string SubscriptionConfirmation = "SubscriptionConfirmation";

    public const string UnsubscribeConfirmation = "UnsubscribeConfirmation";

    private static readonly string[] SignedOfNotification = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];

    private static readonly string[] SignedOfConfirmation = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

    private readonly Dictionary<string, string> fields;

    private SnsMessage(Dictionary<string, string> fields) => this.fields = fields;

    public string Type => fields.GetValueOrDefault("Type", "");

    public string MessageId => fields.GetValueOrDefault("MessageId", "");

    public string TopicArn => fields.GetValueOrDefault("TopicArn", "");

    public string SignatureVersion => fields.GetValueOrDefault("SignatureVersion", "");

    public string Signature => fields.GetValueOrDefault("Signature", "");

    public string SigningCertUrl => fields.GetValueOrDefault("SigningCertURL", "");

    public string SubscribeUrl => fields.GetValueOrDefault("SubscribeURL", "");

    public DateTimeOffset? Timestamp =>
        DateTimeOffset.TryParse(fields.GetValueOrDefault("Timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;

    /// <summary>Each signed field that is there, by name: its name and its value, a line each.</summary>
    public byte[] SignedContent
    {
        get
        {
            var text = new StringBuilder();
            foreach (var name in Type == Notification ? SignedOfNotification : SignedOfConfirmation)
            {
                if (fields.TryGetValue(name, out var value))
                {
                    text.Append(name).Append('\n').Append(value).Append('\n');
                }
            }

            return Encoding.UTF8.GetBytes(text.ToString());
        }
    }

    /// <summary>Reads a message; null when it is none.</summary>
    public static SnsMessage? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            var fields = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                // A name that comes twice could be read in two ways: one signed, one believed.
                if (property.Value.ValueKind == JsonValueKind.String && !fields.TryAdd(property.Name, property.Value.GetString()!))
                {
                    return null;
                }
            }

            return fields.GetValueOrDefault("Type") is Notification or SubscriptionConfirmation or UnsubscribeConfirmation ? new SnsMessage(fields) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
