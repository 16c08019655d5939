namespace FederationWorkflows.Federation.Google;

/// <summary>What an identity token of the metadata server tells of the machine ("Verify the identity of a VM").</summary>
public enum MetadataTokenFormat
{
    /// <summary>The service account only.</summary>
    Standard,

    /// <summary>Also project, zone, name, id and age of the instance, and the service account's email.</summary>
    Full,

    /// <summary>Also the license codes of the instance's images.</summary>
    FullWithLicenses,
}
