namespace FederationWorkflows.Http.Endpoints;

/// <summary>An endpoint to be found by its path and method.</summary>
/// <param name="Template">The path, with <c>{parameters}</c>; slashes at the ends and the case of letters do not matter.</param>
/// <param name="Method">The method, in any case.</param>
/// <param name="Endpoint">What the owner of the table wants to find.</param>
public sealed record HttpRoute<T>(string Template, string Method, T Endpoint);

/// <summary>What a table says about a request.</summary>
public enum HttpRouteResult
{
    /// <summary>One endpoint takes it.</summary>
    Match,

    /// <summary>No endpoint has the path: answer 404.</summary>
    NotFound,

    /// <summary>The path is known with other methods: answer 405 with an Allow header.</summary>
    MethodNotAllowed,

    /// <summary>Several endpoints have the path and method; none of them may be chosen.</summary>
    Ambiguous,
}

/// <summary>The answer to a look-up.</summary>
/// <param name="Result">What was found.</param>
/// <param name="Endpoint">The endpoint of a match.</param>
/// <param name="RouteData">The decoded values of the route's parameters of a match.</param>
/// <param name="AllowedMethods">The methods the path is known with, in upper case, sorted; empty unless the method is not allowed.</param>
/// <param name="Candidates">The endpoints of an ambiguous request; otherwise empty.</param>
public sealed record HttpRouteMatch<T>(
    HttpRouteResult Result, T? Endpoint, IReadOnlyDictionary<string, string> RouteData, IReadOnlyList<string> AllowedMethods, IReadOnlyList<T> Candidates);

/// <summary>
/// Finds endpoints by path and method. Immutable: build a new one when the endpoints change. Cost of a look-up grows with the path, not with the number of endpoints.
/// A literal segment wins over a parameter, from left to right; an endpoint that takes the method wins over one that does not.
/// </summary>
public sealed class HttpRouteTable<T>
{
    private static readonly Dictionary<string, string> NoValues = [];

    private readonly Node root = new();

    private readonly List<IReadOnlyList<HttpRoute<T>>> conflicts = [];

    /// <summary>Builds a table.</summary>
    /// <exception cref="FormatException">A template is not valid; the message names it.</exception>
    public HttpRouteTable(IEnumerable<HttpRoute<T>> routes)
    {
        var conflicting = new List<List<Entry>>();
        foreach (var route in routes)
        {
            var node = root;
            var segments = RoutePath.ParseTemplate(route.Template);
            foreach (var segment in segments)
            {
                node = segment.IsParameter ? node.Parameter ??= new Node() : node.Literals.TryGetValue(segment.Text, out var known) ? known : node.Literals[segment.Text] = new Node();
            }

            var method = route.Method.ToUpperInvariant();
            if (!node.Methods.TryGetValue(method, out var entries))
            {
                node.Methods[method] = entries = [];
            }

            entries.Add(new Entry(route, segments));
            if (entries.Count == 2)
            {
                conflicting.Add(entries);
            }
        }

        conflicts.AddRange(conflicting.Select(entries => entries.ConvertAll(entry => entry.Route)));
    }

    /// <summary>The groups of endpoints that have the same path and method, so that requests to them are ambiguous.</summary>
    public IReadOnlyList<IReadOnlyList<HttpRoute<T>>> Conflicts => conflicts;

    /// <summary>Finds the endpoint of a request.</summary>
    /// <param name="method">The method.</param>
    /// <param name="encodedPath">
    /// The path as it stood in the request line, percent-encoded, without query and without the host's base path (in ASP.NET Core: from <c>IHttpRequestFeature.RawTarget</c>).
    /// A decoded path would be decoded twice.
    /// </param>
    public HttpRouteMatch<T> Find(string method, string encodedPath)
    {
        if (RoutePath.Split(encodedPath) is not { } segments)
        {
            return new HttpRouteMatch<T>(HttpRouteResult.NotFound, default, NoValues, [], []);
        }

        method = method.ToUpperInvariant();
        var allowed = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var node in root.Ends(segments, 0))
        {
            if (node.Methods.TryGetValue(method, out var entries))
            {
                return entries.Count == 1
                    ? new HttpRouteMatch<T>(HttpRouteResult.Match, entries[0].Route.Endpoint, entries[0].Values(segments), [], [])
                    : new HttpRouteMatch<T>(HttpRouteResult.Ambiguous, default, NoValues, [], entries.ConvertAll(entry => entry.Route.Endpoint));
            }

            allowed.UnionWith(node.Methods.Keys);
        }

        return new HttpRouteMatch<T>(allowed.Count > 0 ? HttpRouteResult.MethodNotAllowed : HttpRouteResult.NotFound, default, NoValues, [.. allowed], []);
    }

    private sealed class Node
    {
        public Dictionary<string, Node> Literals { get; } = new(StringComparer.OrdinalIgnoreCase);

        public Node? Parameter { get; set; }

        public Dictionary<string, List<Entry>> Methods { get; } = [];

        /// <summary>The ends of all ways through the tree that fit, the most literal first. A node lies on one way only, so the work is bounded by the tree.</summary>
        public IEnumerable<Node> Ends(string[] segments, int at)
        {
            if (at == segments.Length)
            {
                return Methods.Count > 0 ? [this] : [];
            }

            var literal = Literals.TryGetValue(segments[at], out var next) ? next.Ends(segments, at + 1) : [];
            return Parameter is { } parameter ? literal.Concat(parameter.Ends(segments, at + 1)) : literal;
        }
    }

    private sealed record Entry(HttpRoute<T> Route, RouteSegment[] Segments)
    {
        public Dictionary<string, string> Values(string[] segments)
        {
            var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            for (var i = 0; i < Segments.Length; i++)
            {
                if (Segments[i].IsParameter)
                {
                    values[Segments[i].Text] = segments[i];
                }
            }

            return values;
        }
    }
}
