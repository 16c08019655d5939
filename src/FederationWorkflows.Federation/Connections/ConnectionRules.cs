using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Google;

namespace FederationWorkflows.Federation.Connections;

/// <summary>What a connection's settings must be like. Each problem begins with the key it is about and says how to mend it; none shows a secret.</summary>
internal static class ConnectionRules
{
    /// <summary>The longest session of a role that is assumed with the credentials of another ("role chaining", IAM User Guide).</summary>
    public static readonly TimeSpan LongestChained = TimeSpan.FromHours(1);

    private const int MaxSources = 4;

    private const string Section = FederationOptions.Section + ":" + nameof(FederationOptions.Connections) + ":";

    private static readonly TimeSpan ShortestSession = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan LongestSession = TimeSpan.FromHours(12);

    /// <summary>What is wrong with a connection and how to mend it.</summary>
    public static IEnumerable<string> Problems(string name, IReadOnlyDictionary<string, ConnectionOptions> all)
    {
        var options = all[name];
        if (ConnectionKinds.Find(options.Kind) is not { } kind)
        {
            return [$"{Section}{name}: its kind is missing or unknown: give one of {string.Join(", ", ConnectionKinds.All)}."];
        }

        var keyed = Settings(kind, options, all).Concat(Users(options));
        return Credential(kind, options).Select(problem => $"{Section}{name}: {problem}").Concat(keyed.Select(problem => $"{Section}{name}:{problem.Key} {problem.Text}"));
    }

    private static IEnumerable<string> Credential(ConnectionKind kind, ConnectionOptions options)
    {
        var hasFile = !string.IsNullOrWhiteSpace(options.File);
        var hasJson = !string.IsNullOrWhiteSpace(options.Json?.Reveal());
        if (!kind.Takes.Contains(nameof(ConnectionOptions.File)))
        {
            if (hasFile || hasJson)
            {
                yield return $"kind {kind.Name} takes neither file nor json: remove them, or give the kind of that credential.";
            }
        }
        else if (hasFile == hasJson)
        {
            yield return hasFile ? "it has both file and json: give one of them." : "it has no credential: give file (a path) or json (the content).";
        }
    }

    private static IEnumerable<(string Key, string Text)> Settings(ConnectionKind kind, ConnectionOptions options, IReadOnlyDictionary<string, ConnectionOptions> all)
    {
        foreach (var setting in options.Given().Where(setting => setting is not (nameof(ConnectionOptions.File) or nameof(ConnectionOptions.Json)) && !kind.Takes.Contains(setting)))
        {
            yield return (setting, $"is nothing that kind {kind.Name} takes: remove it.");
        }

        if (options.Region is { Length: > 0 } region && !AwsRegions.IsWellFormed(region))
        {
            yield return (nameof(options.Region), "is no AWS region: give one such as us-east-1, or none.");
        }

        if (options.ServiceAccount is { Length: > 0 } account && !GoogleInputs.IsServiceAccount(account))
        {
            yield return (nameof(options.ServiceAccount), "is no service account: give its email (name@project.iam.gserviceaccount.com) or its numeric id.");
        }

        var own = kind.Name switch
        {
            ConnectionKinds.AwsRole => Role(options, all),
            ConnectionKinds.WorkloadIdentityPool => Pool(options, all),
            ConnectionKinds.ProjectedToken => Cluster(options),
            _ => [],
        };
        foreach (var problem in own)
        {
            yield return problem;
        }
    }

    private static IEnumerable<(string Key, string Text)> Role(ConnectionOptions options, IReadOnlyDictionary<string, ConnectionOptions> all)
    {
        var role = RoleArn.TryParse(options.RoleArn ?? "");
        if (role is null)
        {
            yield return (nameof(options.RoleArn), "is missing or no role: give arn:aws:iam::ACCOUNT:role/NAME.");
        }
        else if (options.Region is { Length: > 0 } region && AwsRegions.IsWellFormed(region) && AwsRegions.PartitionOf(region) != role.Partition)
        {
            yield return (nameof(options.Region), $"is not in the partition {role.Partition} of the role: give a region of it, or none.");
        }

        if (options.MaxDuration is { } longest && (longest < ShortestSession || longest > LongestSession))
        {
            yield return (nameof(options.MaxDuration), $"is {longest:c}: give 00:15:00 to 12:00:00, and no more than the role's maximum session duration.");
        }

        if (options.SessionName is { Length: > 0 } template && SessionName.Problem(template) is { } wrong)
        {
            yield return (nameof(options.SessionName), wrong);
        }

        if (options.SessionPolicy is { Length: > 0 } policy && PolicyProblem(policy) is { } problem)
        {
            yield return (nameof(options.SessionPolicy), problem);
        }

        if (SourceProblem(options, all, required: true) is { } without)
        {
            yield return (nameof(options.Source), without);
            yield break;
        }

        var source = all[options.Source!];
        var own = ConnectionKinds.Find(source.Kind)!.Cloud switch
        {
            Cloud.Google => FromGoogle(options, source),
            Cloud.Aws => FromAws(options, source),
            _ => FromCluster(options),
        };
        foreach (var more in own)
        {
            yield return more;
        }
    }

    private static IEnumerable<(string Key, string Text)> FromGoogle(ConnectionOptions options, ConnectionOptions source)
    {
        if (options.Audience is not { Length: > 0 and <= 2048 })
        {
            yield return (nameof(options.Audience), "must have 1 to 2048 characters, as the source is a Google identity: the audience that the role's trust policy pins.");
        }

        if (options.ExternalId is { Length: > 0 })
        {
            yield return (nameof(options.ExternalId), "is for AWS sources only: remove it.");
        }

        if (string.IsNullOrWhiteSpace(options.ServiceAccount) && !MintsByItself(source))
        {
            yield return (nameof(options.ServiceAccount), $"is missing: an identity of kind {source.Kind} mints no ID tokens by itself. Name the service account it impersonates for that.");
        }
    }

    private static IEnumerable<(string Key, string Text)> FromAws(ConnectionOptions options, ConnectionOptions source)
    {
        if (options.Audience is { Length: > 0 })
        {
            yield return (nameof(options.Audience), "is for Google sources only: remove it.");
        }

        if (options.ServiceAccount is { Length: > 0 })
        {
            yield return (nameof(options.ServiceAccount), "is for Google sources only: remove it.");
        }

        if (options.ExternalId is { Length: > 0 } externalId && !AwsInputs.IsExternalId(externalId))
        {
            yield return (nameof(options.ExternalId), "is none: give 2 to 1224 of the characters A-Z a-z 0-9 + = , . @ : / _ -, as the role's owner set it.");
        }

        // What an instance or a container has is a session of its role.
        if ((source.IsKind(ConnectionKinds.AwsRole) || source.IsKind(ConnectionKinds.AwsInstance) || source.IsKind(ConnectionKinds.AwsContainer)) && options.MaxDuration > LongestChained)
        {
            yield return (nameof(options.MaxDuration), $"is {options.MaxDuration:c}: a role that is assumed from another role gives 1 hour at most.");
        }

        if (RoleArn.TryParse(options.RoleArn ?? "") is { } role && RoleArn.TryParse(source.RoleArn ?? "") is { } from && role.Partition != from.Partition)
        {
            yield return (nameof(options.RoleArn), $"is in the partition {role.Partition}, and the role of its source in {from.Partition}: no trust reaches from one to another.");
        }
    }

    private static IEnumerable<(string Key, string Text)> FromCluster(ConnectionOptions options)
    {
        if (options.Audience is { Length: > 0 })
        {
            yield return (nameof(options.Audience), "is for Google sources only, and a projected token has its audience already: remove it.");
        }

        if (options.ServiceAccount is { Length: > 0 })
        {
            yield return (nameof(options.ServiceAccount), "is for Google sources only: remove it.");
        }

        if (options.ExternalId is { Length: > 0 })
        {
            yield return (nameof(options.ExternalId), "is for AWS sources only: remove it.");
        }
    }

    private static IEnumerable<(string Key, string Text)> Cluster(ConnectionOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.TokenFile))
        {
            yield return (nameof(options.TokenFile), "is missing: give the path of the projected service account token (serviceAccountToken volume).");
        }

        if (!Uri.TryCreate(options.Issuer, UriKind.Absolute, out var issuer) || issuer is not { Scheme: "https", Query: "", Fragment: "", UserInfo: "" })
        {
            yield return (nameof(options.Issuer), "is missing or no issuer: give the https URL that kubectl get --raw /.well-known/openid-configuration shows as issuer.");
        }
    }

    private static IEnumerable<(string Key, string Text)> Pool(ConnectionOptions options, IReadOnlyDictionary<string, ConnectionOptions> all)
    {
        if (PoolProviderName.TryParse(options.Provider) is null)
        {
            yield return (nameof(options.Provider), "is missing or no provider: give //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER.");
        }

        var hasSource = !string.IsNullOrWhiteSpace(options.Source);
        if (hasSource == !string.IsNullOrWhiteSpace(options.TokenFile))
        {
            yield return (nameof(options.Source), "and TokenFile: give one of them, an AWS connection or the file of a projected token.");
        }
        else if (hasSource && SourceProblem(options, all, required: false) is { } problem)
        {
            yield return (nameof(options.Source), problem);
        }
        else if (hasSource && ConnectionKinds.Find(all[options.Source!].Kind)!.Cloud != Cloud.Aws)
        {
            yield return (nameof(options.Source), "is no AWS connection: a pool is reached from an AWS connection or a TokenFile.");
        }
    }

    private static IEnumerable<(string Key, string Text)> Users(ConnectionOptions options)
    {
        for (var index = 0; index < options.Stories.Count; index++)
        {
            if (string.IsNullOrWhiteSpace(options.Stories[index]) || (options.Stories[index].Contains('*', StringComparison.Ordinal) && options.Stories[index] != ConnectionAccess.EveryStory))
            {
                yield return ($"{nameof(options.Stories)}:{index}", "is neither the definition id of a story nor *: give one of them. There are no patterns.");
            }
        }
    }

    /// <summary>What is wrong with the connection that a connection is reached from; null when nothing is. What is wrong further on is said of the connection it is wrong with.</summary>
    private static string? SourceProblem(ConnectionOptions options, IReadOnlyDictionary<string, ConnectionOptions> all, bool required)
    {
        if (string.IsNullOrWhiteSpace(options.Source))
        {
            return required ? "is missing: give the name of the connection that it is reached from." : null;
        }

        var chain = new List<ConnectionOptions> { options };
        while (chain[^1].Source is { Length: > 0 } name)
        {
            var isOwn = chain.Count == 1;
            if (!all.TryGetValue(name, out var next))
            {
                return isOwn ? $"is '{CloudText.Message(name)}', which is no connection: give the name of one." : null;
            }

            if (ConnectionKinds.Find(next.Kind) is null)
            {
                return isOwn ? $"is '{CloudText.Message(name)}', whose kind is missing or unknown: correct that connection." : null;
            }

            if (chain.Contains(next))
            {
                return ReferenceEquals(next, options) ? "leads back to this connection: break the circle." : null;
            }

            if (chain.Count > MaxSources)
            {
                return $"leads over more than {MaxSources} connections: shorten the chain.";
            }

            chain.Add(next);
        }

        return null;
    }

    private static bool MintsByItself(ConnectionOptions source) =>
        source.IsKind(ConnectionKinds.ServiceAccountKey) || source.IsKind(ConnectionKinds.MetadataServer) || source.IsKind(ConnectionKinds.ApplicationDefault);

    private static string? PolicyProblem(string policy)
    {
        try
        {
            AwsInputs.RequirePolicy(new OutboundCall(Cloud.Aws, CredentialJson.Service, nameof(ConnectionOptions.SessionPolicy)), policy);
            return null;
        }
        catch (FederationException e)
        {
            return $"cannot be used, {e.Detail}. {e.Advice}";
        }
    }
}
