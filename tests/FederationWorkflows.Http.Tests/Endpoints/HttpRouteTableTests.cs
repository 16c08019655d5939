using FederationWorkflows.Http.Endpoints;

namespace FederationWorkflows.Http.Tests.Endpoints;

public sealed class HttpRouteTableTests
{
    private static readonly HttpRouteTable<string> Table = Build(
        ("orders", "GET", "list"),
        ("/Orders/", "post", "create"),
        ("orders/{id}", "GET", "one"),
        ("orders/open", "GET", "open"),
        ("orders/open", "DELETE", "close"),
        ("orders/{id}/lines/{line}", "GET", "line"),
        ("orders/open/lines/{line}", "POST", "open-line"),
        ("{tenant}/hooks", "POST", "hook"),
        ("a b/ü", "GET", "odd"),
        ("/", "GET", "root"),
        ("twice/{a}", "GET", "first"),
        ("twice/{b}", "GET", "second"));

    [Theory]
    [InlineData("GET", "/orders", "list", "")]
    [InlineData("get", "/ORDERS/", "list", "")]
    [InlineData("POST", "orders", "create", "")]
    [InlineData("GET", "/orders/42", "one", "id=42")]
    [InlineData("GET", "/orders/open", "open", "")]
    [InlineData("GET", "/orders/OPEN", "open", "")]
    [InlineData("GET", "/orders/open/lines/7", "line", "id=open line=7")]
    [InlineData("POST", "/orders/open/lines/7", "open-line", "line=7")]
    [InlineData("POST", "/orders/hooks", "hook", "tenant=orders")]
    [InlineData("GET", "/orders/a%20b%2Fc", "one", "id=a b/c")]
    [InlineData("GET", "/orders/%2541", "one", "id=%41")]
    [InlineData("GET", "/orders/%C3%BC", "one", "id=ü")]
    [InlineData("GET", "/orders/a+b", "one", "id=a+b")]
    [InlineData("GET", "/a%20b/%c3%bc", "odd", "")]
    [InlineData("GET", "/", "root", "")]
    [InlineData("GET", "", "root", "")]
    public void The_most_literal_endpoint_that_takes_the_method_is_found(string method, string path, string endpoint, string values)
    {
        var match = Table.Find(method, path);

        match.Result.ShouldBe(HttpRouteResult.Match);
        match.Endpoint.ShouldBe(endpoint);
        string.Join(' ', match.RouteData.Select(v => $"{v.Key}={v.Value}")).ShouldBe(values);
    }

    [Theory]
    [InlineData("/order")]
    [InlineData("/orders/1/lines")]
    [InlineData("/orders//lines/7")]
    [InlineData("/orders/1/lines/7/8")]
    [InlineData("/orders/..")]
    [InlineData("/orders/%2e%2e")]
    [InlineData("/orders/.")]
    [InlineData("/orders/%00")]
    [InlineData("/orders/%0d%0aX")]
    [InlineData("/a/b/c/d/e/f/g/h")]
    public void A_path_nobody_has_is_not_found(string path) => Table.Find("GET", path).Result.ShouldBe(HttpRouteResult.NotFound);

    [Theory]
    [InlineData("DELETE", "/orders", "GET POST")]
    [InlineData("PUT", "/orders/open", "DELETE GET")]
    [InlineData("HEAD", "/orders/1", "GET")]
    public void A_known_path_with_another_method_names_the_allowed_ones(string method, string path, string allowed)
    {
        var match = Table.Find(method, path);

        match.Result.ShouldBe(HttpRouteResult.MethodNotAllowed);
        string.Join(' ', match.AllowedMethods).ShouldBe(allowed);
    }

    [Fact]
    public void Endpoints_with_the_same_path_and_method_are_listed_and_none_is_chosen()
    {
        var match = Table.Find("GET", "/twice/x");

        match.Result.ShouldBe(HttpRouteResult.Ambiguous);
        match.Candidates.ShouldBe(["first", "second"]);
        Table.Conflicts.ShouldHaveSingleItem().Select(route => route.Template).ShouldBe(["twice/{a}", "twice/{b}"]);
    }

    [Theory]
    [InlineData("orders/{id?}")]
    [InlineData("orders/{id:int}")]
    [InlineData("orders/{*rest}")]
    [InlineData("orders/{id=1}")]
    [InlineData("orders/{a}-{b}")]
    [InlineData("orders/{id")]
    [InlineData("orders/{id}/{id}")]
    [InlineData("orders//x")]
    [InlineData("orders/../x")]
    public void A_template_with_more_than_plain_segments_is_refused_by_name(string template) =>
        Should.Throw<FormatException>(() => Build((template, "GET", ""))).Message.ShouldStartWith($"The path '{template}' ");

    [Theory]
    [InlineData("/Orders/{Id}/Lines/", "orders/{Id}/lines")]
    [InlineData("", "")]
    [InlineData(" /a b/ ", "a%20b")]
    public void A_template_has_one_spelling(string template, string normal) => RoutePath.Normalize(template).ShouldBe(normal);

    [Fact]
    public void A_normalized_template_finds_the_same_paths() =>
        Build((RoutePath.Normalize("A b/Ü/{X}"), "GET", "here")).Find("GET", "/a%20B/%C3%BC/1").Endpoint.ShouldBe("here");

    private static HttpRouteTable<string> Build(params (string Template, string Method, string Endpoint)[] routes) =>
        new(routes.Select(route => new HttpRoute<string>(route.Template, route.Method, route.Endpoint)));
}
