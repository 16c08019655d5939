using System.Globalization;
using System.Text.Json;
using FederationWorkflows.Engine;

namespace FederationWorkflows.Server.Hosting;

/// <summary>Says what is wrong with a request to the API that could not be read, and where.</summary>
internal static class UnreadableRequest
{
    /// <summary>The framework's own words are good, but for JSON: they name types of the program, and leave out the place.</summary>
    public static string Describe(BadHttpRequestException exception)
    {
        if (exception.InnerException is not JsonException json)
        {
            return exception.Message;
        }

        var what = json.Message.StartsWith("The JSON value could not be converted to ", StringComparison.Ordinal) ? "A value of another type is expected" : JsonValues.Describe(json);
        return string.Create(CultureInfo.InvariantCulture, $"The request's JSON cannot be read: {what} (at {json.Path ?? "$"}, line {json.LineNumber + 1}, column {json.BytePositionInLine + 1}).");
    }
}
