using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>
/// The body of an IAM Service Account Credentials call. Members the method does not have are refused, as the real API refuses them;
/// booleans may be in quotes and the whole body may be a form, because Google's own Python and Java libraries send them so.
/// </summary>
internal sealed partial class IamCredentialsRequest
{
    private const int MostDelegates = 25;

    private readonly Dictionary<string, JsonElement> members = [];

    private IamCredentialsRequest()
    {
    }

    /// <summary>The accounts between the caller and the target, each an address or a numeric id.</summary>
    public IReadOnlyList<string> Delegates { get; private set; } = [];

    /// <summary>Reads a body.</summary>
    /// <param name="body">JSON or, with <paramref name="isForm"/>, a form.</param>
    /// <param name="isForm">Whether it is a form.</param>
    /// <param name="names">The method's members beside <c>delegates</c>.</param>
    /// <exception cref="GoogleApiException">The body is no such request.</exception>
    public static IamCredentialsRequest Parse(string body, bool isForm, params ReadOnlySpan<string> names)
    {
        var request = new IamCredentialsRequest();
        foreach (var (name, value) in isForm ? FormMembers(body) : JsonMembers(body))
        {
            if (name != "delegates" && !names.Contains(name))
            {
                throw GoogleApiException.InvalidField($"Invalid JSON payload received. Unknown name \"{name}\": Cannot find field.", null);
            }

            if (value.ValueKind != JsonValueKind.Null)
            {
                request.members[name] = value;
            }
        }

        request.Delegates = [.. request.Texts("delegates").Select(AccountOf)];
        return request.Delegates.Count <= MostDelegates ? request : throw GoogleApiException.InvalidArgument();
    }

    public string? Text(string name) => !members.TryGetValue(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Invalid(name, "TYPE_STRING", value);

    public bool Flag(string name) => members.TryGetValue(name, out var value) && value switch
    {
        { ValueKind: JsonValueKind.True or JsonValueKind.False } => value.GetBoolean(),
        { ValueKind: JsonValueKind.String } when bool.TryParse(value.GetString(), out var flag) => flag,
        _ => throw Invalid(name, "TYPE_BOOL", value),
    };

    public IReadOnlyList<string> Texts(string name)
    {
        if (!members.TryGetValue(name, out var value))
        {
            return [];
        }

        // Google's transcoder takes a single value for a list of one.
        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return [.. items.Select((item, index) =>
            item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Invalid($"{name}[{index}]", "TYPE_STRING", item))];
    }

    /// <summary>A <c>google.protobuf.Duration</c>: seconds, up to nine decimals, <c>s</c>.</summary>
    public TimeSpan? Duration(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        return DurationForm().IsMatch(text)
            ? TimeSpan.FromTicks((long)(decimal.Parse(text.AsSpan(0, text.Length - 1), NumberStyles.Float, CultureInfo.InvariantCulture) * TimeSpan.TicksPerSecond))
            : throw Invalid(name, "type.googleapis.com/google.protobuf.Duration", members[name]);
    }

    // The reference asks for projects/-/serviceAccounts/ACCOUNT, where a project in place of the hyphen is invalid. The bare account works too
    // (seen in fluent/fluent-bit issue 5410), and Google's .NET and Python libraries pass on whichever their caller gave.
    private static string AccountOf(string resource)
    {
        const string Prefix = "projects/-/serviceAccounts/";
        return resource.StartsWith(Prefix, StringComparison.Ordinal) ? resource[Prefix.Length..]
            : resource.Contains('/', StringComparison.Ordinal) ? throw GoogleApiException.InvalidArgument()
            : resource;
    }

    private static IEnumerable<(string Name, JsonElement Value)> JsonMembers(string body)
    {
        if (string.IsNullOrWhiteSpace(body))
        {
            return [];
        }

        return BoundedJson.TryParseObject(Encoding.UTF8.GetBytes(body), out var json)
            ? json.EnumerateObject().Select(member => (member.Name, member.Value))
            : throw GoogleApiException.InvalidArgument("Invalid JSON payload received. Expected a JSON object.");
    }

    private static IEnumerable<(string Name, JsonElement Value)> FormMembers(string body) =>
        QueryHelpers.ParseQuery(body).Select(field =>
            (field.Key, JsonSerializer.SerializeToElement(field.Value.Count == 1 ? (object?)field.Value[0] : field.Value.ToArray())));

    private static GoogleApiException Invalid(string field, string type, JsonElement value) =>
        GoogleApiException.InvalidField($"Invalid value at '{field}' ({type}), {value.GetRawText()}", field);

    [GeneratedRegex("^-?[0-9]{1,11}(\\.[0-9]{1,9})?s$")]
    private static partial Regex DurationForm();
}
