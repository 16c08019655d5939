using System.CommandLine;
using FederationWorkflows.Federation.Setup;
using Spectre.Console;

namespace FederationWorkflows.Cli.Setup;

/// <summary><c>fedflow setup</c>: the cloud side of each flow, as files to be read and then used.</summary>
internal static class SetupCommand
{
    private static readonly Option<string?> Account = new("--aws-account") { Description = "The AWS account: twelve digits." };
    private static readonly Option<string?> Role = new("--role-name") { Description = "The name of the AWS role." };
    private static readonly Option<string?> Audience = new("--audience") { Description = "The audience of the ID tokens: best a URL that is used for this role alone." };
    private static readonly Option<string?> ServiceAccount = new("--service-account") { Description = "The Google service account: NAME@PROJECT.iam.gserviceaccount.com." };
    private static readonly Option<string?> ServiceAccountId = new("--service-account-id") { Description = "Its numeric id: gcloud iam service-accounts describe ADDRESS --format='value(uniqueId)'." };
    private static readonly Option<string?> Buckets = new("--buckets") { Description = "The S3 buckets that sessions work with, separated by commas; none for seeing the names of buckets only." };
    private static readonly Option<bool> Write = new("--write") { Description = "Sessions also write into the buckets." };
    private static readonly Option<int> Duration = new("--max-session-duration") { Description = "The longest session in seconds, 3600 to 43200.", DefaultValueFactory = _ => 3600 };
    private static readonly Option<string?> Caller = new("--caller") { Description = "Who mints the tokens: serviceAccount:ADDRESS, user:ADDRESS or group:ADDRESS." };
    private static readonly Option<string?> Instance = new("--instance") { Description = "The Compute Engine instance." };
    private static readonly Option<string?> Zone = new("--zone") { Description = "Its zone, e.g. europe-west1-b." };
    private static readonly Option<string?> Namespace = new("--namespace") { Description = "The namespace of the pods." };
    private static readonly Option<string?> KubernetesServiceAccount = new("--kubernetes-service-account") { Description = "The Kubernetes service account of the pods." };
    private static readonly Option<string?> Issuer = new("--issuer") { Description = "The issuer of the cluster's tokens: kubectl get --raw /.well-known/openid-configuration shows it." };
    private static readonly Option<string?> Project = new("--project") { Description = "The Google Cloud project of the pool, by its id." };
    private static readonly Option<string?> ProjectNumber = new("--project-number") { Description = "Its number: gcloud projects describe PROJECT --format='value(projectNumber)'." };
    private static readonly Option<string?> Pool = new("--pool") { Description = "The workload identity pool's id." };
    private static readonly Option<string?> Provider = new("--provider") { Description = "The provider's id." };
    private static readonly Option<string?> Output = new("--output") { Description = "The folder of the files; setup-FLOW by default." };
    private static readonly Option<bool> Force = new("--force") { Description = "Replace files that are there and say something else." };
    private static readonly Option<string?> Lab = new("--apply-to-lab") { Description = "The address of a running CloudLab (fedflow lab) to apply it to as well." };

    public static Command Create() => new("setup", "Write the cloud side of a flow: trust and permissions policies, scripts for aws and gcloud, and Terraform. Asks for what the options do not say, where there is a terminal; nothing is asked of a cloud.")
    {
        ToAws("gcp-to-aws", "A Google identity that mints ID tokens of a service account, for an AWS role.", GoogleOrigin.Impersonation, [Caller]),
        ToAws("gce-to-aws", "The service account of a Compute Engine instance, for an AWS role.", GoogleOrigin.ComputeEngine, [Instance, Zone]),
        ToAws("gke-to-aws", "The service account of pods in GKE, for an AWS role.", GoogleOrigin.Kubernetes, [Namespace, KubernetesServiceAccount]),
        ClusterToAws(),
        ToGoogle(),
    };

    private static Command ToAws(string name, string description, GoogleOrigin origin, Option[] own)
    {
        var json = JsonOutput.Option();
        var command = new Command(name, description);
        Option[] options = [Account, Role, Audience, ServiceAccount, ServiceAccountId, .. own, Buckets, Write, Duration, Output, Force, Lab, json];
        Array.ForEach(options, command.Add);
        command.SetAction(async (result, cancellationToken) =>
        {
            var lab = result.GetValue(Lab) is { } address ? LabSetup.Address(address) : null;
            var answers = new Answers(result, Terminal.Out);
            var (account, role) = (answers.Need(Account, SetupRules.Account), answers.Need(Role, SetupRules.Role));
            var setup = new GoogleToAws
            {
                Origin = origin,
                AccountId = account,
                RoleName = role,
                Audience = answers.Need(Audience, SetupRules.Audience, $"https://{account}.aws.federation/{role}"),
                ServiceAccount = answers.Need(ServiceAccount, SetupRules.ServiceAccount),
                ServiceAccountId = answers.Need(ServiceAccountId, SetupRules.UniqueId),
                Caller = origin == GoogleOrigin.Impersonation ? answers.Need(Caller, SetupRules.Member) : null,
                Instance = origin == GoogleOrigin.ComputeEngine ? answers.Need(Instance, SetupRules.Name) : null,
                Zone = origin == GoogleOrigin.ComputeEngine ? answers.Need(Zone, SetupRules.Name) : null,
                Namespace = origin == GoogleOrigin.Kubernetes ? answers.Need(Namespace, SetupRules.Name) : null,
                KubernetesServiceAccount = origin == GoogleOrigin.Kubernetes ? answers.Need(KubernetesServiceAccount, SetupRules.Name) : null,
                Buckets = answers.Several(Buckets, SetupRules.Bucket),
                Write = result.GetValue(Write),
                MaxSessionDuration = result.GetValue(Duration),
            };
            answers.RequireAll();
            Require(setup.Problems(), options);
            var written = WrittenFiles.Write(result.GetValue(Output) ?? $"setup-{name}", setup.Files(), result.GetValue(Force));
            if (lab is not null)
            {
                await LabSetup.ApplyAsync(lab, setup, cancellationToken);
            }

            var next = origin == GoogleOrigin.Impersonation
                ? $"fedflow credential-process --role-arn {setup.RoleArn} --audience '{setup.Audience}' --service-account {setup.ServiceAccount}"
                : $"fedflow credential-process install --profile {role} --role-arn {setup.RoleArn} --audience '{setup.Audience}' --source metadata";
            Tell(written, result.GetValue(json), lab, next);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command ClusterToAws()
    {
        const string Name = "cluster-to-aws";
        var json = JsonOutput.Option();
        var command = new Command(Name, "A service account of any Kubernetes cluster, by the token that the cluster projects into its pods, for an AWS role.");
        Option[] options = [Account, Role, Issuer, Audience, Namespace, KubernetesServiceAccount, Buckets, Write, Duration, Output, Force, Lab, json];
        Array.ForEach(options, command.Add);
        command.SetAction(async (result, cancellationToken) =>
        {
            var lab = result.GetValue(Lab) is { } address ? LabSetup.Address(address) : null;
            var answers = new Answers(result, Terminal.Out);
            var setup = new ClusterToAws
            {
                AccountId = answers.Need(Account, SetupRules.Account),
                RoleName = answers.Need(Role, SetupRules.Role),
                Issuer = answers.Need(Issuer, SetupRules.Issuer),
                Audience = answers.Need(Audience, SetupRules.Audience, "sts.amazonaws.com"),
                Namespace = answers.Need(Namespace, SetupRules.Name),
                KubernetesServiceAccount = answers.Need(KubernetesServiceAccount, SetupRules.Name),
                Buckets = answers.Several(Buckets, SetupRules.Bucket),
                Write = result.GetValue(Write),
                MaxSessionDuration = result.GetValue(Duration),
            };
            answers.RequireAll();
            Require(setup.Problems(), options);
            var written = WrittenFiles.Write(result.GetValue(Output) ?? $"setup-{Name}", setup.Files(), result.GetValue(Force));
            if (lab is not null)
            {
                await LabSetup.ApplyAsync(lab, setup, cancellationToken);
            }

            Tell(written, result.GetValue(json), lab, $"a connection of kind projectedToken with Issuer {setup.Issuer} and TokenFile /var/run/secrets/aws/token, for a story like cluster-to-aws-list-buckets with the role {setup.RoleArn}", "Read the files, then run setup-aws.sh, or use main.tf, and give the pod what pod.yaml has.");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command ToGoogle()
    {
        const string Name = "aws-to-gcp";
        var json = JsonOutput.Option();
        var command = new Command(Name, "An AWS role's sessions, for a Google service account, by a workload identity pool.");
        Option[] options = [Account, Role, Project, ProjectNumber, Pool, Provider, ServiceAccount, Output, Force, Lab, json];
        Array.ForEach(options, command.Add);
        command.SetAction(async (result, cancellationToken) =>
        {
            var lab = result.GetValue(Lab) is { } address ? LabSetup.Address(address) : null;
            var answers = new Answers(result, Terminal.Out);
            var setup = new AwsToGoogle
            {
                AccountId = answers.Need(Account, SetupRules.Account),
                RoleName = answers.Need(Role, SetupRules.Role),
                ProjectId = answers.Need(Project, SetupRules.Project),
                ProjectNumber = answers.Need(ProjectNumber, SetupRules.ProjectNumber),
                PoolId = answers.Need(Pool, SetupRules.PoolId, "aws-workloads"),
                ProviderId = answers.Need(Provider, SetupRules.PoolId, "aws-account"),
                ServiceAccount = answers.Need(ServiceAccount, SetupRules.ServiceAccount),
            };
            answers.RequireAll();
            Require(setup.Problems(), options);
            SetupFile[] files = lab is null ? [.. setup.Files()] : [.. setup.Files(), LabSetup.CredentialConfiguration(lab, setup)];
            var written = WrittenFiles.Write(result.GetValue(Output) ?? $"setup-{Name}", files, result.GetValue(Force));
            if (lab is not null)
            {
                await LabSetup.ApplyAsync(lab, setup, cancellationToken);
            }

            Tell(written, result.GetValue(json), lab, $"GOOGLE_APPLICATION_CREDENTIALS={Path.Combine(written.Folder, files[lab is null ? 1 : ^1].Name)} for Google's client libraries");
            return ExitCodes.Ok;
        });
        return command;
    }

    // The library names its properties; people know the options.
    private static void Require(IReadOnlyList<SetupProblem> problems, Option[] options)
    {
        if (problems.Count > 0)
        {
            throw new CommandException(string.Join('\n', problems.Select(problem => problem.Problem.Replace(problem.Setting, OptionOf(problem.Setting, options), StringComparison.Ordinal))));
        }
    }

    private static string OptionOf(string setting, Option[] options) => setting switch
    {
        nameof(GoogleToAws.AccountId) => Account.Name,
        nameof(AwsToGoogle.ProjectId) => Project.Name,
        nameof(AwsToGoogle.PoolId) => Pool.Name,
        nameof(AwsToGoogle.ProviderId) => Provider.Name,
        _ => Array.Find(options, option => option.Name.Replace("-", "", StringComparison.Ordinal).Equals(setting, StringComparison.OrdinalIgnoreCase))?.Name ?? setting,
    };

    private static void Tell(WrittenFiles written, bool json, Uri? lab, string next, string howTo = "Read the files, then run the scripts, setup-google.sh first, or use main.tf.")
    {
        if (json)
        {
            JsonOutput.Write(new { folder = written.Folder, files = written.Files.Select(static file => new { name = file.Name, changed = file.Changed }), appliedTo = lab });
            return;
        }

        foreach (var (name, changed) in written.Files)
        {
            Terminal.Out.WriteLine($"{(changed ? "written  " : "unchanged")} {Path.Combine(written.Folder, name)}");
        }

        if (lab is not null)
        {
            Terminal.Out.WriteLine($"Applied to the CloudLab at {lab}.");
        }

        Terminal.Out.WriteLine($"{howTo} Check what is in force later with: fedflow lint");
        Console.Out.WriteLine($"Then: {next}");
    }
}
