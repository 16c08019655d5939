using Microsoft.AspNetCore.Routing.Patterns;

namespace FederationWorkflows.Http.Endpoints;

/// <summary>A part of a route template: a literal, or a parameter.</summary>
internal readonly record struct RouteSegment(string Text, bool IsParameter);

/// <summary>Route templates and the paths of requests, as segments.</summary>
internal static class RoutePath
{
    private const int MaxSegments = 64;

    /// <summary>Reads a template such as <c>orders/{id}</c>. The framework's parser decides what is well-formed.</summary>
    /// <exception cref="FormatException">The template is malformed or has more than plain segments; the message says what.</exception>
    public static RouteSegment[] ParseTemplate(string template)
    {
        RoutePattern pattern;
        try
        {
            pattern = RoutePatternFactory.Parse(template.Trim().Trim('/'));
        }
        catch (RoutePatternException e)
        {
            throw new FormatException($"The path '{template}' is not a valid route: {e.Message}", e);
        }

        if (pattern.PathSegments.Count > MaxSegments)
        {
            throw new FormatException($"The path '{template}' has more than {MaxSegments} segments.");
        }

        return [.. pattern.PathSegments.Select(segment => segment.Parts switch
        {
            [RoutePatternLiteralPart literal] when literal.Content is not ("." or "..") => new RouteSegment(Uri.UnescapeDataString(literal.Content), IsParameter: false),
            [RoutePatternParameterPart { IsCatchAll: false, IsOptional: false, Default: null, ParameterPolicies.Count: 0 } parameter] => new RouteSegment(parameter.Name, IsParameter: true),
            _ => throw new FormatException($"The path '{template}' has a segment that is neither plain text nor one parameter. Write segments such as orders or {{id}}, without constraints, defaults, '?' or '*'."),
        })];
    }

    /// <summary>The one spelling of a template: no outer slashes, literals in lower case, parameters as the author named them.</summary>
    /// <exception cref="FormatException">The template is not valid.</exception>
    public static string Normalize(string template) =>
        string.Join('/', ParseTemplate(template).Select(s => s.IsParameter ? $"{{{s.Text}}}" : Uri.EscapeDataString(s.Text.ToLowerInvariant())));

    /// <summary>The decoded segments of a path as it stood in the request line; null when no template can match it.</summary>
    public static string[]? Split(string encodedPath)
    {
        var trimmed = encodedPath.Trim('/');
        if (trimmed.Length == 0)
        {
            return [];
        }

        var parts = trimmed.Split('/', MaxSegments + 1);
        if (parts.Length > MaxSegments)
        {
            return null;
        }

        for (var i = 0; i < parts.Length; i++)
        {
            // Decoded once, after splitting: an encoded slash stays part of its segment.
            parts[i] = Uri.UnescapeDataString(parts[i]);
            if (parts[i] is "" or "." or ".." || parts[i].Any(char.IsControl))
            {
                return null;
            }
        }

        return parts;
    }
}
