using FederationWorkflows.Federation.Requests;

namespace FederationWorkflows.Federation.Aws.Requests;

/// <summary>Calls any API of AWS, signed with Signature Version 4.</summary>
public interface IAwsRequests
{
    /// <summary>
    /// Sends a request once. Where it goes follows from service and region alone, or from the host's configuration; redirects are not followed, and an answer
    /// is at most 8 MiB.
    /// </summary>
    /// <exception cref="FederationException">An input is wrong, no answer came, or AWS refused.</exception>
    Task<CloudAnswer> SendAsync(AwsRequest request, CancellationToken cancellationToken = default);
}

/// <summary>A request to an AWS API. <see cref="QueryStyle"/> and <see cref="JsonStyle"/> make those of the two commonest protocols.</summary>
public sealed record AwsRequest
{
    /// <summary>Whose rights.</summary>
    public required AwsCredentials Credentials { get; init; }

    /// <summary>The service, as its endpoint's name begins: <c>iam</c>, <c>ec2</c>, <c>dynamodb</c>, <c>api.ecr</c>.</summary>
    public required string Service { get; init; }

    /// <summary>The region; null for that of the credentials' partition (<see cref="FederationOptions.AwsRegion"/>). Global services have their own.</summary>
    public string? Region { get; init; }

    /// <summary>The service in the signature, where it is not the endpoint's; null for what is known of the service.</summary>
    public string? SigningName { get; init; }

    /// <summary>What is called, for messages: <c>ListRoles</c>. Null for the method.</summary>
    public string? Operation { get; init; }

    /// <summary>GET, HEAD, POST, PUT, PATCH or DELETE.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>The path, escaped where it must be.</summary>
    public string Path { get; init; } = "/";

    /// <summary>The query, not escaped.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Query { get; init; } = [];

    /// <summary>Headers; those that sign, address and frame the request cannot be set.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The media type of the body; null when there is none.</summary>
    public string? ContentType { get; init; }

    /// <summary>The body, at most <see cref="Objects.ObjectOptions.MaxContentBytes"/>.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>What every answer of success is in the protocol, and whether one is: what something between answers is not. Null where the protocol is not known.</summary>
    internal (string Form, Func<byte[], bool> Is)? Answer { get; init; }

    /// <summary>Texts of the request that its answer must not show.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>The query protocol (IAM, STS, SQS of old, CloudFormation; EC2 with its own way of lists): a form with action, version and parameters.</summary>
    /// <param name="request">Credentials, service and region.</param>
    /// <param name="action">The action, such as <c>ListRoles</c>.</param>
    /// <param name="version">The version of the API, such as <c>2010-05-08</c>.</param>
    /// <param name="parameters">The parameters, flat: <c>Filter.1.Name</c>.</param>
    public static AwsRequest QueryStyle(AwsRequest request, string action, string version, IEnumerable<KeyValuePair<string, string>> parameters) => request with
    {
        Operation = action,
        Method = "POST",
        ContentType = "application/x-www-form-urlencoded; charset=utf-8",
        Body = QueryProtocol.Form([new("Action", action), new("Version", version), .. parameters]),
        Answer = ("XML", body => XmlAnswer.Load(body)?.Root?.Name.LocalName == action + "Response"),
    };

    /// <summary>The JSON protocol (DynamoDB, CloudTrail, Secrets Manager and most younger services): a JSON object, and its operation in X-Amz-Target.</summary>
    /// <param name="request">Credentials, service and region.</param>
    /// <param name="target">The target, such as <c>DynamoDB_20120810.ListTables</c>.</param>
    /// <param name="json">The parameters as a JSON object, in UTF-8.</param>
    /// <param name="contentType">The media type; null for <c>application/x-amz-json-1.1</c>.</param>
    public static AwsRequest JsonStyle(AwsRequest request, string target, ReadOnlyMemory<byte> json, string? contentType = null) => request with
    {
        Operation = target[(target.LastIndexOf('.') + 1)..],
        Method = "POST",
        ContentType = contentType ?? "application/x-amz-json-1.1",
        Headers = request.Headers.Append(KeyValuePair.Create("X-Amz-Target", target)).ToDictionary(),
        Body = json.IsEmpty ? "{}"u8.ToArray() : json,
        Answer = ("JSON", static body => body.Length == 0 || body.AsSpan().TrimStart(" \t\r\n"u8) is [(byte)'{', ..]),
    };
}
