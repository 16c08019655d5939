using System.Text.Json;
using FederationWorkflows.CloudLab;
using FederationWorkflows.Federation.Aws;
using FederationWorkflows.Federation.Aws.Objects;

namespace FederationWorkflows.Federation.Tests.Clients;

/// <summary>The clients against a CloudLab of their own, over real sockets, with a folder for files.</summary>
internal sealed class LabHost : IAsyncDisposable, ITransferObserver
{
    public const string Bucket = "security-lab-incident-evidence";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("federation-objects-");

    private LabHost(CloudLabServer lab)
    {
        Lab = lab;
        var key = lab.AccessKeys[0];
        User = new AwsCredentials { AccessKeyId = key.Id, SecretAccessKey = key.Secret };
        Host = new FederationHost(
            [("Endpoints:Aws", lab.BaseAddress.ToString()), ("Objects:Folder", folder.FullName), ("Objects:MaxContentBytes", "65536")], _ => null, new HurriedTime(), this, User);
    }

    public CloudLabServer Lab { get; }

    public FederationHost Host { get; }

    /// <summary>A user of the lab, with all rights on S3.</summary>
    public AwsCredentials User { get; }

    public string Folder => folder.FullName;

    public IObjects Objects => Host.Objects;

    public IObjectWrites Writes => Host.Writes;

    /// <summary>What a host that shows transfers was told.</summary>
    public List<(string Execution, TransferProgress Progress)> Moved { get; } = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<LabHost> StartAsync() => new(await CloudLabServer.StartAsync(new CloudLabOptions { World = World }, Cancellation));

    /// <summary>The built-in world, in which the user's account may become the role of the other one, too.</summary>
    private static LabWorld World => LabWorld.Default with
    {
        Aws = LabWorld.Default.Aws with { Accounts = [.. LabWorld.Default.Aws.Accounts.Select(account => account with { Roles = [.. account.Roles.Select(Trusting)] })] },
    };

    private static AwsRole Trusting(AwsRole role) => role.Name != "forensics-reader" ? role : role with
    {
        TrustPolicy = JsonSerializer.Deserialize<JsonElement>(
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"""),
    };

    public ObjectAddress At(string key, string bucket = Bucket) => new() { Credentials = User, Bucket = bucket, Key = key };

    public async Task<string> TextAsync(string key) => System.Text.Encoding.UTF8.GetString((await Objects.ReadAsync(At(key), Cancellation)).Content.Span);

    public void OnMoved(string executionId, TransferProgress progress)
    {
        lock (Moved)
        {
            Moved.Add((executionId, progress));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Host.Dispose();
        await Lab.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
