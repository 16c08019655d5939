namespace FederationWorkflows.Federation.Setup;

/// <summary>A file of a set-up, to be read by a person before it is used.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Content">Its text, with line feeds.</param>
/// <param name="IsScript">Whether it is to be run.</param>
public sealed record SetupFile(string Name, string Content, bool IsScript = false);

/// <summary>A value of a set-up is not one that the clouds take.</summary>
/// <param name="Setting">Which, by the name of its property.</param>
/// <param name="Problem">What is wrong and what to give.</param>
public sealed record SetupProblem(string Setting, string Problem);
