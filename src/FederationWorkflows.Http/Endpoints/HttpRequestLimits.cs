namespace FederationWorkflows.Http.Endpoints;

/// <summary>What the host takes from callers at most: configuration section <see cref="Section"/>.</summary>
public sealed class HttpRequestLimits
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Http:Inbound";

    /// <summary>The longest body, in bytes as sent. From 0 to 1 GiB.</summary>
    public long MaxBodyBytes { get; set; } = 1024 * 1024;

    /// <summary>How many fields and files a form may have together. At least 1.</summary>
    public int MaxFormFields { get; set; } = 1_000;

    /// <summary>The longest name of a form's field, in characters. At least 1.</summary>
    public int MaxFieldNameLength { get; set; } = 1_024;
}
