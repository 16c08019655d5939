using System.CommandLine;
using FederationWorkflows.CloudLab;
using FederationWorkflows.Engine;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Cli.Explain;

/// <summary>What <c>fedflow explain</c> is told of a workload identity pool's provider and of who comes to it.</summary>
internal sealed class PoolOptions
{
    private readonly Option<string?> provider = new("--provider") { Description = "Instead of a role: a workload identity pool's provider, as gcloud ... providers describe --format=json prints it or fedflow setup aws-to-gcp writes it; with --lab, its full name. The token is then an ID token, or the signed request of an AWS identity." };
    private readonly Option<string?> caller = new("--caller") { Description = "With --provider: the ARN of who signed the request (aws sts get-caller-identity), which only AWS can tell from it." };
    private readonly Option<string?> policy = new("--service-account-policy") { Description = "With --provider: who may become the service account, as gcloud iam service-accounts get-iam-policy ADDRESS --format=json prints it." };
    private readonly Option<string?> serviceAccount = new("--service-account") { Description = "With --provider: the service account's address; with --lab, one of the lab's." };

    public void AddTo(Command command)
    {
        command.Add(provider);
        command.Add(caller);
        command.Add(policy);
        command.Add(serviceAccount);
    }

    public bool IsGiven(ParseResult result) => result.GetValue(provider) is not null;

    /// <summary>Explains a proof of identity.</summary>
    /// <exception cref="CommandException">Something is missing or cannot be read.</exception>
    public async Task<Explained> ExplainAsync(ParseResult result, Sensitive<string> token, bool useLab, DateTimeOffset time, CancellationToken cancellationToken)
    {
        var source = useLab
            ? PoolProviderSource.Of(LabWorld.Default, result.GetValue(provider)!, result.GetValue(serviceAccount))
            : await PoolProviderSource.ReadAsync(result.GetValue(provider)!, result.GetValue(policy), result.GetValue(serviceAccount), cancellationToken);
        var explanation = source.Provider.AwsAccountId is null
            ? PoolExplanation.OfToken(source.Provider, token, time, source.Grant)
            : PoolExplanation.OfSignedRequest(source.Provider, token, Caller(result.GetValue(caller)), time, source.Grant);
        return new Explained(null, null, source.Provider.Oidc?.IssuerUri ?? "AWS", explanation) { Provider = source.Provider.Name.FullName };
    }

    // The unique id is in no ARN; mappings that read it are rare, and find an empty text.
    private static CallerIdentity? Caller(string? arn) => arn is null ? null
        : arn.Split(':') is ["arn", _, "sts" or "iam", _, { Length: 12 } account, _] ? new CallerIdentity(account, arn, "")
        : throw new CommandException($"'{Terminal.Plain(arn)}' is no caller's ARN: give arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION or arn:aws:iam::ACCOUNT:user/NAME.");
}
