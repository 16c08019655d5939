using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace FederationWorkflows.CloudLab.Google;

/// <summary>Reads the <c>google</c> part of a world file and checks that it makes sense.</summary>
public static partial class GoogleWorldReader
{
    internal static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>Reads a world.</summary>
    /// <param name="json">The value of the file's <c>google</c> member.</param>
    /// <param name="path">Where that value stands in the file, for messages.</param>
    /// <exception cref="WorldFormatException">The world is wrong. The message has one line for each problem, with its JSON path and how to mend it.</exception>
    public static GoogleWorld Read(JsonElement json, string path = "$.google")
    {
        var world = ReadPart<GoogleWorld>(json, path);
        Require(world, path);
        return world;
    }

    /// <summary>Reads a part of a world that has the right shape; whether it makes sense is for the caller to check.</summary>
    /// <exception cref="WorldFormatException">It has another shape.</exception>
    internal static T ReadPart<T>(JsonElement json, string path)
        where T : class
    {
        // The serializer lets null into lists, whatever their type says.
        if (NullItem(json, path) is { } place)
        {
            throw new WorldFormatException(place, "must not be null; remove it.");
        }

        try
        {
            return json.Deserialize<T>(Options) ?? throw new WorldFormatException(path, "must be an object, not null.");
        }
        catch (JsonException exception)
        {
            throw Explain(exception, path);
        }
    }

    /// <exception cref="WorldFormatException">The world contradicts itself.</exception>
    internal static void Require(GoogleWorld world, string path) => Require(Check(world, path));

    /// <exception cref="WorldFormatException">There are problems, each with its place before a colon.</exception>
    internal static void Require(IEnumerable<string> found)
    {
        var problems = found.ToList();
        if (problems.Count > 0)
        {
            // The exception has one place; the further problems follow in its text with theirs.
            var first = problems[0].Split(": ", 2);
            throw new WorldFormatException(first[0], string.Join('\n', [first[1], .. problems.Skip(1)]));
        }
    }

    /// <summary>Every problem of a world that has the right shape; none when it can be used.</summary>
    internal static IEnumerable<string> Check(GoogleWorld world, string path)
    {
        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var p = 0; p < world.Projects.Count; p++)
        {
            var project = world.Projects[p];
            var projectPath = $"{path}.projects[{p}]";
            if (!ResourceId().IsMatch(project.Id))
            {
                yield return $"{projectPath}.id: '{project.Id}' is no project id; use 6 to 30 lower-case letters, digits and hyphens, starting with a letter.";
            }

            if (!Digits().IsMatch(project.Number))
            {
                yield return $"{projectPath}.number: '{project.Number}' is no project number; use decimal digits in quotes.";
            }

            var nested = Unique(seen, $"project '{project.Id}'", $"{projectPath}.id")
                .Concat(CheckPolicy(project.IamPolicy, $"{projectPath}.iamPolicy"))
                .Concat(GooglePoolRules.Check(project, projectPath))
                .Concat(project.ServiceAccounts.SelectMany((account, a) => CheckAccount(account, project, seen, $"{projectPath}.serviceAccounts[{a}]")));
            foreach (var problem in nested)
            {
                yield return problem;
            }
        }

        var rest = (world.Instance is { } instance ? CheckInstance(instance, world, $"{path}.instance") : [])
            .Concat(world.Users.SelectMany((user, u) => CheckUser(user, seen, $"{path}.users[{u}]")))
            .Concat(world.OrgPolicies.SelectMany((policy, o) => CheckOrganizationPolicy(policy, $"{path}.orgPolicies[{o}]")));
        foreach (var problem in rest)
        {
            yield return problem;
        }
    }

    internal static bool IsAccountName(string name) => ResourceId().IsMatch(name);

    private static IEnumerable<string> CheckAccount(GoogleServiceAccount account, GoogleProject project, Dictionary<string, string> seen, string path)
    {
        if (account.Name is null == account.Email is null)
        {
            yield return $"{path}: give either \"name\" (the part before the at sign) or \"email\".";
            yield break;
        }

        if (account.Name is { } name && !IsAccountName(name))
        {
            yield return $"{path}.name: '{name}' is no service account name; use 6 to 30 lower-case letters, digits and hyphens, starting with a letter.";
        }

        if (account.Email is { } email && !(Email().IsMatch(email) && email.EndsWith("gserviceaccount.com", StringComparison.Ordinal)))
        {
            yield return $"{path}.email: '{email}' is no service account's address; it ends in gserviceaccount.com.";
        }

        if (account.UniqueId is { } id && !Digits().IsMatch(id))
        {
            yield return $"{path}.uniqueId: '{id}' is not numeric; use up to 25 decimal digits in quotes, or leave it out.";
        }

        var address = account.AddressIn(project);
        var nested = Unique(seen, address, path)
            .Concat(Unique(seen, account.UniqueId, $"{path}.uniqueId"))
            .Concat(CheckPolicy(account.IamPolicy, $"{path}.iamPolicy"))
            .Concat(account.Keys.SelectMany((key, k) => CheckKey(key, seen, $"{path}.keys[{k}]")));
        foreach (var problem in nested)
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> CheckKey(GoogleServiceAccountKey key, Dictionary<string, string> seen, string path)
    {
        if (key.PublicKeyPem is { } pem && !IsRsaPublicKey(pem))
        {
            yield return $"{path}.publicKeyPem: is no RSA public key of 2048 to 4096 bits in PEM; write one with: openssl rsa -in KEY.pem -pubout";
        }

        if (key.Id is null && key.PublicKeyPem is not null)
        {
            yield return $"{path}.id: a key that is kept elsewhere needs the id that its holder sends as \"kid\".";
        }

        foreach (var problem in Unique(seen, key.Id is null ? null : $"key '{key.Id}'", $"{path}.id"))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> CheckUser(GoogleUser user, Dictionary<string, string> seen, string path)
    {
        if (!Email().IsMatch(user.Email))
        {
            yield return $"{path}.email: '{user.Email}' is no address.";
        }

        if (user.UniqueId is { } id && !Digits().IsMatch(id))
        {
            yield return $"{path}.uniqueId: '{id}' is not numeric; use up to 25 decimal digits in quotes, or leave it out.";
        }

        foreach (var problem in Unique(seen, user.Email, $"{path}.email").Concat(Unique(seen, user.UniqueId, $"{path}.uniqueId")))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string> CheckInstance(GoogleInstance instance, GoogleWorld world, string path)
    {
        if (!world.Projects.Any(project => project.ServiceAccounts.Any(account => account.AddressIn(project) == instance.ServiceAccount)))
        {
            yield return $"{path}.serviceAccount: the world has no service account '{instance.ServiceAccount}'; give the address of one of its accounts.";
        }

        // The number is an integer of 64 bits in an identity token.
        if (world.Projects.FirstOrDefault(project => project.Id == instance.Project) is not { } home)
        {
            yield return $"{path}.project: the world has no project '{instance.Project}'; give the id of one of its projects.";
        }
        else if (Digits().IsMatch(home.Number) && !long.TryParse(home.Number, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            yield return $"{path}.project: the number {home.Number} of the project is too large for an instance; use at most 18 digits.";
        }

        if (!Zone().IsMatch(instance.Zone))
        {
            yield return $"{path}.zone: '{instance.Zone}' is no zone; use a name such as europe-west1-b.";
        }

        if (!InstanceName().IsMatch(instance.Name))
        {
            yield return $"{path}.name: '{instance.Name}' is no instance name; use 1 to 63 lower-case letters, digits and hyphens, starting with a letter.";
        }

        if (instance.Id is { } id && !(Digits().IsMatch(id) && ulong.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            yield return $"{path}.id: '{id}' is no instance id; use a number of 64 bits in quotes, or leave it out.";
        }

        if (instance.Scopes.Count == 0)
        {
            yield return $"{path}.scopes: a service account is attached with at least one scope; leave it out for {OAuthScopes.CloudPlatform}.";
        }

        for (var s = 0; s < instance.Scopes.Count; s++)
        {
            if (!OAuthScopes.IsKnown(instance.Scopes[s]))
            {
                yield return $"{path}.scopes[{s}]: '{instance.Scopes[s]}' is no scope of Google's; use for example {OAuthScopes.CloudPlatform}.";
            }
        }

        for (var l = 0; l < instance.Licenses.Count; l++)
        {
            if (!Digits().IsMatch(instance.Licenses[l]))
            {
                yield return $"{path}.licenses[{l}]: '{instance.Licenses[l]}' is no license code; use decimal digits in quotes.";
            }
        }
    }

    internal static IEnumerable<string> CheckPolicy(IamPolicy policy, string path)
    {
        for (var b = 0; b < policy.Bindings.Count; b++)
        {
            var binding = policy.Bindings[b];
            if (!PredefinedRoles.IsKnown(binding.Role))
            {
                yield return $"{path}.bindings[{b}].role: the lab does not know the role '{binding.Role}'; it knows {string.Join(", ", PredefinedRoles.Names)}.";
            }

            for (var m = 0; m < binding.Members.Count; m++)
            {
                if (!GooglePrincipal.IsMember(binding.Members[m]))
                {
                    yield return $"{path}.bindings[{b}].members[{m}]: '{binding.Members[m]}' is no member the lab knows; use serviceAccount:ADDRESS, user:ADDRESS, "
                        + "principal://iam.googleapis.com/..., principalSet://iam.googleapis.com/... or allAuthenticatedUsers.";
                }
            }
        }
    }

    private static IEnumerable<string> CheckOrganizationPolicy(OrganizationPolicy policy, string path)
    {
        if (policy.Constraint != OrganizationPolicy.LifetimeExtension)
        {
            yield return $"{path}.constraint: the lab does not know '{policy.Constraint}'; it knows {OrganizationPolicy.LifetimeExtension}.";
        }
    }

    private static IEnumerable<string> Unique(Dictionary<string, string> seen, string? what, string path)
    {
        if (what is not null && !seen.TryAdd(what, path))
        {
            yield return $"{path}: {what} is already at {seen[what]}.";
        }
    }

    private static bool IsRsaPublicKey(string pem)
    {
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return rsa.KeySize is >= 2048 and <= 4096;
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            return false;
        }
    }

    private static string? NullItem(JsonElement json, string path) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().Select(member => NullItem(member.Value, $"{path}.{member.Name}")).FirstOrDefault(place => place is not null),
        JsonValueKind.Array => json.EnumerateArray()
            .Select((item, index) => item.ValueKind == JsonValueKind.Null ? $"{path}[{index}]" : NullItem(item, $"{path}[{index}]"))
            .FirstOrDefault(place => place is not null),
        _ => null,
    };

    // System.Text.Json names .NET types in its messages; the reader of a world file knows only the file.
    private static WorldFormatException Explain(JsonException exception, string path)
    {
        var where = path + (exception.Path is { Length: > 1 } inner ? inner[1..] : "");
        var quoted = Quoted().Matches(exception.Message).Select(match => match.Groups[1].Value).ToList();
        return new WorldFormatException(where, exception.Message switch
        {
            var m when m.Contains("could not be mapped", StringComparison.Ordinal) => "there is no such member; remove it or mend its name.",
            var m when m.Contains("missing required", StringComparison.Ordinal) => $"needs {string.Join(" and ", quoted.Skip(1).Select(name => $"\"{name}\""))}.",
            var m when m.Contains("Duplicate", StringComparison.OrdinalIgnoreCase) => "the member stands there twice.",
            _ => "has a value of the wrong kind.",
        });
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    private static partial Regex ResourceId();

    [GeneratedRegex("^[0-9]{1,25}$")]
    private static partial Regex Digits();

    [GeneratedRegex("^[^@\\s:]+@[^@\\s:]+\\.[^@\\s:]+$")]
    private static partial Regex Email();

    [GeneratedRegex("^[a-z]+-[a-z]+[0-9]{1,2}-[a-z]$")]
    private static partial Regex Zone();

    [GeneratedRegex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
    private static partial Regex InstanceName();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();
}
