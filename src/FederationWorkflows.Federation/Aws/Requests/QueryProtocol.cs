using System.Globalization;
using System.Text;
using System.Text.Json;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Requests;

namespace FederationWorkflows.Federation.Aws.Requests;

/// <summary>
/// Parameters of the query protocol: an object's properties are joined with a dot, the items of a list are numbered from 1 - as <c>Name.member.1</c>, for EC2
/// as <c>Name.1</c> -, and null is left out.
/// </summary>
internal static class QueryProtocol
{
    private const string Ec2 = "ec2";
    private const int MaxParameters = 2000;

    public static byte[] Form(IEnumerable<KeyValuePair<string, string>> fields) =>
        Encoding.ASCII.GetBytes(string.Join('&', fields.Select(static field => $"{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(field.Value)}")));

    public static IReadOnlyList<KeyValuePair<string, string>> Flatten(string service, IDictionary<string, object?>? parameters)
    {
        if (parameters is null)
        {
            return [];
        }

        using var json = JsonDocument.Parse(InClear.ToJson(parameters));
        var flat = new List<KeyValuePair<string, string>>();
        foreach (var property in json.RootElement.EnumerateObject())
        {
            Add(property.Name, property.Value);
        }

        return flat.Count <= MaxParameters ? flat : throw Failure.Input(Cloud.Aws, "AWS", "Aws.Request", $"{flat.Count} parameters are given", $"Give at most {MaxParameters}.");

        void Add(string name, JsonElement value)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Null:
                    break;
                case JsonValueKind.Object:
                    foreach (var property in value.EnumerateObject())
                    {
                        Add($"{name}.{property.Name}", property.Value);
                    }

                    break;
                case JsonValueKind.Array:
                    foreach (var (index, item) in value.EnumerateArray().Index())
                    {
                        Add(string.Create(CultureInfo.InvariantCulture, $"{name}.{(service == Ec2 ? "" : "member.")}{index + 1}"), item);
                    }

                    break;
                default:
                    flat.Add(new(name, RequestInputs.Text(value)));
                    break;
            }
        }
    }
}
