using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace FederationWorkflows.Server.Access.Users;

/// <summary>Hashes and checks passwords with ASP.NET Core's hasher.</summary>
internal sealed class Passwords
{
    /// <summary>Of PBKDF2 with HMAC-SHA512, as OWASP's password storage cheat sheet has it.</summary>
    private const int Iterations = 210_000;

    private readonly PasswordHasher<User> hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));

    private readonly string nobodys;

    public Passwords() => nobodys = Hash(UserDirectory.NewStamp());

    public string Hash(string password) => hasher.HashPassword(null!, password);

    /// <summary>True when it is the user's password. Takes the same time for a user there is not, or who has none.</summary>
    public bool Matches(User? user, string password)
    {
        var isRight = hasher.VerifyHashedPassword(null!, user?.PasswordHash ?? nobodys, password) != PasswordVerificationResult.Failed;
        return isRight && user?.PasswordHash is not null;
    }
}
