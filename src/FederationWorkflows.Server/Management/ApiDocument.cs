using FederationWorkflows.Server.Access;
using Microsoft.OpenApi;

namespace FederationWorkflows.Server.Management;

/// <summary>Describes the API to programs and their makers (OpenAPI 3.1).</summary>
internal static class ApiDocument
{
    private const string KeyScheme = "apiKey";

    public static IServiceCollection AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", document =>
    {
        // Pages are for people, and webhooks belong to stories.
        document.ShouldInclude = endpoint => endpoint.RelativePath is { } path
            && (path.StartsWith("api/", StringComparison.Ordinal) || path.StartsWith("elsa/api/", StringComparison.Ordinal));
        document.AddDocumentTransformer((api, _, _) =>
        {
            Describe(api);
            return Task.CompletedTask;
        });
        document.AddOperationTransformer((operation, context, _) =>
        {
            operation.Description = NeedOf(context.Description.ActionDescriptor.EndpointMetadata);
            return Task.CompletedTask;
        });
    });

    public static void MapApiDocument(this IEndpointRouteBuilder routes) => routes.MapOpenApi("/openapi/{documentName}.json").RequiresSignIn();

    private static void Describe(OpenApiDocument api)
    {
        api.Info = new OpenApiInfo
        {
            Title = "FederationWorkflows",
            Version = "v1",
            Description = "What Elsa Server has is below /elsa/api, in its shapes; the rest is below /api. Errors are problem documents (RFC 9457).",
        };
        api.Components ??= new OpenApiComponents();
        api.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        api.Components.SecuritySchemes[KeyScheme] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = "Authorization",
            Description = "The word ApiKey, a space, and an API key: Authorization: ApiKey fedflow_...",
        };
        api.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(KeyScheme, api)] = [] }];
    }

    private static string NeedOf(IList<object> metadata) => metadata.OfType<RequiredPermission>().LastOrDefault() switch
    {
        { Permission: { } permission } => $"Needs the permission {permission}.",
        { } => "Needs a caller who is signed in.",
        null => "For everybody.",
    };
}
