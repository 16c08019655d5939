using System.Security.Claims;
using FederationWorkflows.Server.Access;

namespace FederationWorkflows.Server.Tests.Access;

public sealed class PermissionTests
{
    [Theory]
    [InlineData("viewer", "stories:read runs:read")]
    [InlineData("author", "stories:read stories:write runs:read runs:start secrets:read connections:read")]
    [InlineData("operator", "stories:read runs:read runs:start runs:operate tasks:decide connections:read")]
    [InlineData("janitor", "")]
    public void A_role_grants_what_it_is_for_and_nothing_else(string role, string permissions) =>
        Permissions.All.Where(Caller([role]).May).Order(StringComparer.Ordinal).ShouldBe(permissions.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));

    [Fact]
    public void An_administrator_may_do_everything() => Permissions.All.Where(Caller(["administrator"]).May).Count().ShouldBe(Permissions.All.Count);

    [Fact]
    public void Who_is_not_signed_in_may_do_nothing() =>
        Permissions.All.Where(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, "administrator")])).May).ShouldBeEmpty();

    [Fact]
    public void Roles_add_up()
    {
        var caller = Caller(["author", "operator"]);
        (caller.May("stories:write"), caller.May("runs:operate"), caller.May("users:manage")).ShouldBe((true, true, false));
    }

    [Fact]
    public void A_key_s_scopes_narrow_what_its_owner_may_and_never_widen_it()
    {
        var caller = Caller(["viewer"], ["runs:read", "users:manage"]);
        (caller.May("runs:read"), caller.May("stories:read"), caller.May("users:manage")).ShouldBe((true, false, false));
    }

    private static ClaimsPrincipal Caller(string[] roles, string[]? scopes = null) => new(new ClaimsIdentity(
        [.. roles.Select(role => new Claim(ClaimTypes.Role, role)), .. (scopes ?? []).Select(scope => new Claim(AccessClaims.Scope, scope))], "test"));
}
