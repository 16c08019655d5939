using FederationWorkflows.Server.Access;
using FederationWorkflows.Server.Access.Keys;
using FederationWorkflows.Server.Access.Sessions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace FederationWorkflows.Server.Management;

/// <summary>Describes the API to programs and their makers (OpenAPI 3.1): what it takes, answers and refuses, and whom it lets in.</summary>
internal static class ApiDocument
{
    private const string KeyScheme = "apiKey";

    private const string SessionScheme = "session";

    private const string Problem = "Problem";

    public static IServiceCollection AddApiDocument(this IServiceCollection services)
    {
        // Answers are written with names of enum members; the schemas say so when the server's own options do.
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(new System.Text.Json.Serialization.JsonStringEnumConverter()));
        return services.AddOpenApi("v1", document =>
        {
            // Pages are for people, and webhooks belong to stories.
            document.ShouldInclude = endpoint => endpoint.RelativePath is { } path
                && (path.StartsWith("api/", StringComparison.Ordinal) || path.StartsWith("elsa/api/", StringComparison.Ordinal));
            document.AddDocumentTransformer(DescribeAsync);
            document.AddOperationTransformer((operation, context, _) =>
            {
                Describe(operation, context);
                return Task.CompletedTask;
            });
        });
    }

    public static void MapApiDocument(this IEndpointRouteBuilder routes) => routes.MapOpenApi("/openapi/{documentName}.json").RequiresSignIn();

    private static async Task DescribeAsync(OpenApiDocument api, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
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
            Description = $"The word {ApiKeyAuthenticator.Scheme}, a space, and an API key: Authorization: {ApiKeyAuthenticator.Scheme} fedflow_...",
        };
        api.Components.SecuritySchemes[SessionScheme] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Cookie,
            Name = SessionCookie.Name,
            Description = "The cookie that POST /api/sign-in sets. What a page of another site sends with it does not count.",
        };
        api.AddComponent(Problem, await context.GetOrCreateSchemaAsync(typeof(ProblemDetails), null, cancellationToken));
        foreach (var operation in api.Paths.Values.SelectMany(path => path.Operations?.Values.AsEnumerable() ?? []))
        {
            // Empty is for everybody; what does not say it needs one of the two.
            operation.Security ??= [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(KeyScheme, api)] = [] }, new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SessionScheme, api)] = [] }];
            foreach (var refused in operation.Responses?.Values.OfType<OpenApiResponse>().Where(response => response.Content is null && response.Description?.StartsWith(Problem, StringComparison.Ordinal) is true) ?? [])
            {
                refused.Content = new Dictionary<string, OpenApiMediaType> { ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(Problem, api) } };
            }
        }
    }

    private static void Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var need = context.Description.ActionDescriptor.EndpointMetadata.OfType<RequiredPermission>().LastOrDefault();
        operation.Description = need switch
        {
            { Permission: { } permission } => $"Needs the permission {permission}.",
            { } => "Needs a caller who is signed in.",
            null => "For everybody.",
        };
        Refuses("400", "what was sent is wrong; nothing is changed");
        if (need is null)
        {
            operation.Security = [];
        }
        else
        {
            Refuses("401", "nobody is signed in, or the API key does not count");
            Refuses("403", need.Permission is { } permission ? $"the caller, or the scopes of his API key, lack {permission}" : "the caller may not do this");
        }

        if (context.Description.RelativePath?.Contains('{', StringComparison.Ordinal) is true)
        {
            Refuses("404", "there is no such thing");
        }

        Refuses("default", "anything else, e.g. 409 when somebody else was quicker, 429 or 503 with Retry-After");

        void Refuses(string status, string when) => (operation.Responses ??= []).TryAdd(status, new OpenApiResponse { Description = $"{Problem}: {when}." });
    }
}
