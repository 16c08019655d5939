using System.Diagnostics.CodeAnalysis;

namespace FederationWorkflows.CloudLab.Faults;

/// <summary>The connection of this call is to be cut before it does anything.</summary>
[SuppressMessage("Design", "CA1064", Justification = "Becomes a cut connection; never leaves the lab.")]
internal sealed class ConnectionCutException() : Exception("The connection was cut by an injected fault.");
