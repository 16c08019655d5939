using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FederationWorkflows.Federation.Connections;
using FederationWorkflows.Federation.Tests.Clients;

namespace FederationWorkflows.Federation.Tests.Connections;

public sealed class ConnectionTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("fedflow-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_key_file_is_read_anew_for_each_use_so_that_a_rotated_key_takes_effect_at_once()
    {
        var path = await WriteAsync("key.json", Credentials.KeyJson);
        using var host = new FederationHost(("Connections:ops:Kind", "ServiceAccountKey"), ("Connections:ops:File", path));
        var first = (await host.Connections.GetAsync("OPS", TestContext.Current.CancellationToken)).ShouldBeOfType<ServiceAccountKeyConnection>();
        var rotated = Credentials.ServiceAccountKey();
        rotated["private_key_id"] = "key-2";
        await File.WriteAllTextAsync(path, rotated.ToJsonString(), TestContext.Current.CancellationToken);

        var second = (await host.Connections.GetAsync("ops", TestContext.Current.CancellationToken)).ShouldBeOfType<ServiceAccountKeyConnection>();

        first.PrivateKeyId.ShouldBe("key-1");
        first.ClientEmail.ShouldBe(Credentials.Email);
        second.PrivateKeyId.ShouldBe("key-2");
    }

    [Fact]
    public async Task An_older_key_in_pkcs1_works_too()
    {
        var key = Credentials.ServiceAccountKey();
        key["private_key"] = Credentials.Key.ExportRSAPrivateKeyPem();
        using var host = new FederationHost(("Connections:ops:Kind", "serviceAccountKey"), ("Connections:ops:Json", key.ToJsonString()));
        host.Network.Answer("""{"access_token":"ya29.granted","expires_in":3599,"token_type":"Bearer"}""");

        var token = await host.Google.GetAccessTokenAsync("ops", ["openid"], TestContext.Current.CancellationToken);

        token.Token.Reveal().ShouldBe("ya29.granted");
    }

    [Fact]
    public async Task An_unknown_connection_lists_the_known_ones()
    {
        using var host = new FederationHost(("Connections:prod:Kind", "applicationDefault"), ("Connections:dev:Kind", "applicationDefault"));

        var error = await Should.ThrowAsync<FederationException>(() => host.Connections.GetAsync("prd", TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.UnknownConnection);
        error.Message.ShouldBe("connection 'prd': no connection has this name. The connections of this host are: dev, prod.");
        host.Connections.Names.ShouldBe(["dev", "prod"]);
    }

    [Fact]
    public async Task Without_any_connection_the_message_says_where_they_are_defined()
    {
        using var host = new FederationHost();

        var error = await Should.ThrowAsync<FederationException>(() => host.Google.GetAccessTokenAsync("ops", ["openid"], TestContext.Current.CancellationToken));

        error.Message.ShouldBe(
            "connection 'ops': no connection has this name. No connections are defined: an administrator adds them under Federation:Connections of the host's configuration.");
    }

    public static TheoryData<string, string, string> BadCredentials
    {
        get
        {
            var rows = new TheoryData<string, string, string>
            {
                { "serviceAccountKey", Credentials.UserJson, "its kind is serviceAccountKey, but its JSON has the type authorized_user. Give the connection the kind authorizedUser, or another credential." },
                { "authorizedUser", Credentials.KeyJson, "its kind is authorizedUser, but its JSON has the type service_account. Give the connection the kind serviceAccountKey, or another credential." },
                { "serviceAccountKey", """{"type":"CANARY"}""", "its kind is serviceAccountKey, but its JSON has an unknown type. Kind serviceAccountKey takes JSON of type service_account." },
                { "serviceAccountKey", """{"installed":{"client_secret":"CANARY"}}""", "its kind is serviceAccountKey, but its JSON has no type. Kind serviceAccountKey takes JSON of type service_account." },
                { "serviceAccountKey", "CANARY", "its credential is not JSON (line 1, byte 1). Use the file as the cloud made it." },
                { "serviceAccountKey", "[\"CANARY\"]", "its credential is not a JSON object. Use the file as the cloud made it." },
                { "serviceAccountKey", """{"type":"service_account","type":"service_account"}""", "its credential is JSON with a property given twice. Use the file as the cloud made it." },
            };
            Row(rows, "serviceAccountKey", Credentials.ServiceAccountKey(), "private_key", null, "its JSON has no private_key. The private key is shown only once, when the key is made: create a new one and use the whole file.");
            Row(rows, "serviceAccountKey", Credentials.ServiceAccountKey(), "private_key", "CANARY", "its private_key is not an RSA private key in PEM. Use the key file unchanged; line breaks inside private_key are written \\n.");
            Row(rows, "serviceAccountKey", Credentials.ServiceAccountKey(), "client_email", " ", "its JSON has no client_email. Download a new key: gcloud iam service-accounts keys create.");
            using var elliptic = ECDsa.Create();
            Row(rows, "serviceAccountKey", Credentials.ServiceAccountKey(), "private_key", elliptic.ExportPkcs8PrivateKeyPem(), "its private_key is not an RSA private key in PEM. Use the key file unchanged; line breaks inside private_key are written \\n.");
            Row(rows, "authorizedUser", Credentials.AuthorizedUser(), "refresh_token", null, "its JSON has no refresh_token. Make the file with: gcloud auth application-default login.");
            Row(rows, "authorizedUser", Credentials.AuthorizedUser(), "client_secret", null, "its JSON has no client_secret. Make the file with: gcloud auth application-default login.");
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(BadCredentials))]
    public async Task An_unusable_credential_names_the_connection_and_the_remedy_and_shows_none_of_its_content(string kind, string json, string problem)
    {
        using var host = new FederationHost(("Connections:ops:Kind", kind), ("Connections:ops:Json", json));

        var error = await Should.ThrowAsync<FederationException>(() => host.Connections.GetAsync("ops", TestContext.Current.CancellationToken));

        error.Code.ShouldBe(FailureCodes.UnusableConnection);
        error.Message.ShouldBe($"connection 'ops': {problem}");
        error.ToString().ShouldNotContain("CANARY");
    }

    [Fact]
    public async Task An_unreadable_file_is_named_with_the_remedy()
    {
        var missing = Path.Combine(directory, "nowhere", "key.json");
        var large = await WriteAsync("large.json", new string(' ', 70_000));
        var cases = new (string Path, string Problem)[]
        {
            (missing, $"its file '{missing}' does not exist. Put the credential there, or correct the connection's path."),
            (large, $"its file '{large}' is larger than 64 KiB. Give the path of a credential file."),
            (directory, $"its file '{directory}' may not be read by this process. Let the account this host runs as read the file."),
        };

        foreach (var (path, problem) in cases)
        {
            using var host = new FederationHost(("Connections:ops:Kind", "serviceAccountKey"), ("Connections:ops:File", path));
            var error = await Should.ThrowAsync<FederationException>(() => host.Connections.GetAsync("ops", TestContext.Current.CancellationToken));
            error.Code.ShouldBe(FailureCodes.UnusableConnection);
            error.Message.ShouldBe($"connection 'ops': {problem}");
        }
    }

    [Fact]
    public async Task A_connection_prints_without_its_secrets()
    {
        using var host = new FederationHost(("Connections:ann:Kind", "authorizedUser"), ("Connections:ann:Json", Credentials.UserJson));

        var connection = await host.Connections.GetAsync("ann", TestContext.Current.CancellationToken);

        connection.ToString().ShouldBe("AuthorizedUserConnection { Name = ann, ClientId = client-1, ClientSecret = ***, RefreshToken = *** }");
    }

    private static void Row(TheoryData<string, string, string> rows, string kind, JsonObject credential, string property, string? value, string problem)
    {
        if (value is null)
        {
            credential.Remove(property);
        }
        else
        {
            credential[property] = value;
        }

        rows.Add(kind, credential.ToJsonString(), problem);
    }

    private async Task<string> WriteAsync(string name, string content)
    {
        var path = Path.Combine(directory, name);
        await File.WriteAllTextAsync(path, content, TestContext.Current.CancellationToken);
        return path;
    }
}
