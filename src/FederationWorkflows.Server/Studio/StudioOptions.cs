namespace FederationWorkflows.Server.Studio;

/// <summary>The designer: configuration section <c>Studio</c>.</summary>
public sealed class StudioOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Studio";

    /// <summary>
    /// The folder of the unpacked npm package <c>@elsa-workflows/elsa-studio-wasm</c> 3.8.2; null for the one that was fetched with the build, or the
    /// folder <c>studio</c> beside the server.
    /// </summary>
    public string? Path { get; set; }
}
