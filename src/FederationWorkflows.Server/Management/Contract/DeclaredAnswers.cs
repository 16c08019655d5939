namespace FederationWorkflows.Server.Management.Contract;

/// <summary>What endpoints say of their answers, for the document that describes the API.</summary>
internal static class DeclaredAnswers
{
    /// <summary>It answers with JSON of this shape when it did what it was asked for.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder endpoint, int status = StatusCodes.Status200OK) => endpoint.Produces<T>(status, "application/json");

    /// <summary>It answers with this status and nothing else.</summary>
    public static RouteHandlerBuilder Answers(this RouteHandlerBuilder endpoint, int status) => endpoint.Produces(status);

    /// <summary>It answers with a file.</summary>
    public static RouteHandlerBuilder AnswersFile(this RouteHandlerBuilder endpoint, string contentType) => endpoint.Produces<byte[]>(StatusCodes.Status200OK, contentType);
}
