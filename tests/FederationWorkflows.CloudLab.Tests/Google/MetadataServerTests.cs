using System.Text.Json;
using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.CloudLab.Tests.Google;

/// <summary>The metadata server over plain HTTP: what it tells and what it refuses.</summary>
public sealed class MetadataServerTests : IAsyncLifetime
{
    private const string Account = "/computeMetadata/v1/instance/service-accounts/default";
    private const string Id = "100000000000000000002";
    private const string Storage = "https://www.googleapis.com/auth/devstorage.read_only";

    private readonly TestClock clock = new(DateTimeOffset.UtcNow);
    private CloudLabServer lab = null!;
    private HttpClient http = null!;

    public async ValueTask InitializeAsync()
    {
        var world = DefaultGoogleWorld.Create();
        lab = await StartAsync(world with { Instance = world.Instance! with { Scopes = [GoogleLabFixture.CloudPlatform, Storage], Licenses = ["1000204", "1002001"] } });
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = lab.BaseAddress };
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await lab.DisposeAsync();
    }

    public static TheoryData<string, string> Values => new()
    {
        { "/", "computeMetadata/\n" },
        { "/computeMetadata/", "v1/\n" },
        { "/computeMetadata/v1/", "instance/\nproject/\nuniverse/\n" },
        { "/computeMetadata/v1/instance/", "id\nname\nservice-accounts/\nzone\n" },
        { "/computeMetadata/v1/instance/id", "4242424242424242424" },
        { "/computeMetadata/v1/instance/name", "ci-runner-1" },
        { "/computeMetadata/v1/instance/zone", "projects/424242424242/zones/europe-west1-b" },
        { "/computeMetadata/v1/project/project-id", "security-automation" },
        { "/computeMetadata/v1/project/numeric-project-id", "424242424242" },
        { "/computeMetadata/v1/universe/universe-domain", "googleapis.com" },
        { "/computeMetadata/v1/instance/service-accounts/", $"{DefaultGoogleWorld.CiRunner}/\ndefault/\n" },
        { Account + "/", "aliases\nemail\nidentity\nscopes\ntoken\n" },
        { Account + "/email", DefaultGoogleWorld.CiRunner },
        { $"/computeMetadata/v1/instance/service-accounts/{DefaultGoogleWorld.CiRunner}/email", DefaultGoogleWorld.CiRunner },
        { Account + "/scopes", $"{GoogleLabFixture.CloudPlatform}\n{Storage}\n" },
        { Account + "/aliases", "default\n" },
        { Account + "/aliases?alt=json", """["default"]""" },
        { "/computeMetadata/v1/project/?recursive=true", """{"numericProjectId":424242424242,"projectId":"security-automation"}""" },
        { "/computeMetadata/v1/project?recursive=True&alt=json", """{"numericProjectId":424242424242,"projectId":"security-automation"}""" },
        {
            Account + "/?recursive=true",
            $$"""{"aliases":["default"],"email":"{{DefaultGoogleWorld.CiRunner}}","scopes":["{{GoogleLabFixture.CloudPlatform}}","{{Storage}}"]}"""
        },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public async Task The_instance_reads_about_itself(string target, string expected)
    {
        using var response = await GetAsync(target);

        ((int)response.StatusCode, await TextAsync(response)).ShouldBe((200, expected));
        HeaderOf(response, "Metadata-Flavor").ShouldBe("Google");
        HeaderOf(response, "Server").ShouldBe("Metadata Server for VM");
        response.Content.Headers.ContentType!.MediaType.ShouldBe(expected[0] is '{' or '[' ? "application/json" : "application/text");
    }

    [Fact]
    public async Task Everything_below_the_accounts_is_one_JSON_object_in_which_addresses_keep_their_hyphens()
    {
        using var response = await GetAsync("/computeMetadata/v1/instance/?recursive=true");

        var accounts = JsonDocument.Parse(await TextAsync(response)).RootElement.GetProperty("serviceAccounts");
        accounts.EnumerateObject().Select(account => account.Name).ShouldBe([DefaultGoogleWorld.CiRunner, "default"]);
        accounts.GetProperty(DefaultGoogleWorld.CiRunner).EnumerateObject().Select(member => member.Name).ShouldBe(["aliases", "email", "scopes"]);
    }

    public static TheoryData<string, string, string, int, string> Refusals => new()
    {
        { "GET", Account + "/token", "", 403, $"Your client does not have permission to get URL {Account}/token from this server. Missing Metadata-Flavor:Google header. That’s all we know.\n" },
        { "GET", Account + "/token", "Metadata-Flavor: Amazon", 403, $"Your client does not have permission to get URL {Account}/token from this server. Missing Metadata-Flavor:Google header. That’s all we know.\n" },
        { "GET", Account + "/token", "Metadata-Flavor: Google|X-Forwarded-For: 203.0.113.9", 403, $"Your client does not have permission to get URL {Account}/token from this server. That’s all we know.\n" },
        { "GET", "/", "Metadata-Flavor: Google|X-Forwarded-For: 203.0.113.9", 403, "Your client does not have permission to get URL / from this server. That’s all we know.\n" },
        { "POST", Account + "/token", "Metadata-Flavor: Google", 405, $"The request method POST is inappropriate for the URL {Account}/token. That’s all we know.\n" },
        { "GET", "/computeMetadata/v1/instance/service-accounts/nobody@example.com/token", "Metadata-Flavor: Google", 404, "The requested URL /computeMetadata/v1/instance/service-accounts/nobody@example.com/token was not found on this server. That’s all we know.\n" },
        { "GET", $"/computeMetadata/v1/instance/service-accounts/{DefaultGoogleWorld.Runner}/token", "Metadata-Flavor: Google", 404, $"The requested URL /computeMetadata/v1/instance/service-accounts/{DefaultGoogleWorld.Runner}/token was not found on this server. That’s all we know.\n" },
        { "GET", "/computeMetadata/v1/instance/id/", "Metadata-Flavor: Google", 404, "The requested URL /computeMetadata/v1/instance/id/ was not found on this server. That’s all we know.\n" },
        { "GET", "/computeMetadata/v1//", "Metadata-Flavor: Google", 404, "The requested URL /computeMetadata/v1// was not found on this server. That’s all we know.\n" },
        { "GET", "/computeMetadata/v2/", "Metadata-Flavor: Google", 404, "The requested URL /computeMetadata/v2/ was not found on this server. That’s all we know.\n" },
        { "GET", Account + "/identity", "Metadata-Flavor: Google", 400, "non-empty audience parameter required\n" },
        { "GET", Account + "/identity?audience=", "Metadata-Flavor: Google", 400, "non-empty audience parameter required\n" },
        { "GET", Account + "/identity?audience=a&format=short", "Metadata-Flavor: Google", 400, "format parameter must be standard or full\n" },
        { "GET", Account + "/identity?audience=a&format=full&licenses=some", "Metadata-Flavor: Google", 400, "licenses parameter must be TRUE or FALSE\n" },
        { "GET", Account + "/token?scopes=https://app.example.com", "Metadata-Flavor: Google", 400, "the access scopes of this instance do not cover https://app.example.com\n" },
        { "GET", Account + "/?recursive=true&alt=text", "Metadata-Flavor: Google", 400, "the lab has recursive answers as JSON only: leave out alt=text\n" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_has_a_status_and_a_sentence_and_no_token(string method, string target, string headers, int status, string text)
    {
        using var response = await SendAsync(method, target, headers);

        ((int)response.StatusCode, await TextAsync(response)).ShouldBe((status, text));
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/plain");
        var record = lab.Events.Snapshot().ShouldHaveSingleItem();
        (record.EventSource, record.ErrorMessage, record.ResponseElements).ShouldBe(("metadata.google.internal", text.TrimEnd(), null));
    }

    [Fact]
    public async Task A_directory_without_its_slash_is_redirected_to_it()
    {
        using var response = await GetAsync("/computeMetadata/v1/instance?alt=json");

        ((int)response.StatusCode, response.Headers.Location!.OriginalString).ShouldBe((301, "/computeMetadata/v1/instance/?alt=json"));
    }

    [Theory]
    [InlineData("", $"{GoogleLabFixture.CloudPlatform} {Storage}")]
    [InlineData("?scopes=", $"{GoogleLabFixture.CloudPlatform} {Storage}")]
    [InlineData($"?scopes={Storage},https://www.googleapis.com/auth/userinfo.email", $"{Storage} https://www.googleapis.com/auth/userinfo.email")]
    public async Task An_access_token_has_the_scopes_of_the_instance_or_those_asked_for(string query, string scopes)
    {
        using var response = await GetAsync(Account + "/token" + query);

        var answer = JsonDocument.Parse(await TextAsync(response)).RootElement;
        answer.GetProperty("token_type").GetString().ShouldBe("Bearer");
        answer.GetProperty("expires_in").GetInt32().ShouldBe(3599);
        lab.Google.TryIntrospect(answer.GetProperty("access_token").GetString()!, out var grant).ShouldBeTrue();
        (grant.Principal.Email, string.Join(' ', grant.Scopes), grant.ExpiresAt).ShouldBe((DefaultGoogleWorld.CiRunner, scopes, clock.GetUtcNow().AddHours(1)));
    }

    [Fact]
    public async Task An_instance_without_cloud_platform_gets_no_scope_beyond_its_own()
    {
        var world = DefaultGoogleWorld.Create();
        await using var narrow = await StartAsync(world with { Instance = world.Instance! with { Scopes = [Storage] } });
        http.Dispose();
        http = new HttpClient { BaseAddress = narrow.BaseAddress };

        using var wide = await GetAsync($"{Account}/token?scopes={GoogleLabFixture.CloudPlatform}");
        using var own = await GetAsync($"{Account}/token?scopes={Storage}");

        ((int)wide.StatusCode, await TextAsync(wide)).ShouldBe((400, $"the access scopes of this instance do not cover {GoogleLabFixture.CloudPlatform}\n"));
        ((int)own.StatusCode).ShouldBe(200);
    }

    [Theory]
    [InlineData("")]
    [InlineData("&format=standard")]
    [InlineData("&format=standard&licenses=TRUE")]
    public async Task A_standard_identity_token_names_the_account_by_its_number_only(string query)
    {
        var claims = GoogleLabFixture.Claims(await IdentityAsync("?audience=https://app.example.com" + query));

        claims.EnumerateObject().Select(claim => claim.Name).ShouldBe(["aud", "azp", "exp", "iat", "iss", "sub"]);
        Of(claims, "aud").ShouldBe("https://app.example.com");
        Of(claims, "azp").ShouldBe(Id);
        Of(claims, "iss").ShouldBe("https://accounts.google.com");
        Of(claims, "sub").ShouldBe(Id);
        claims.GetProperty("iat").GetInt64().ShouldBe(clock.GetUtcNow().ToUnixTimeSeconds());
        claims.GetProperty("exp").GetInt64().ShouldBe(clock.GetUtcNow().ToUnixTimeSeconds() + 3600);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("&licenses=FALSE", false)]
    [InlineData("&licenses=TRUE", true)]
    public async Task A_full_identity_token_also_tells_the_address_and_the_instance(string query, bool withLicenses)
    {
        var created = clock.GetUtcNow().ToUnixTimeSeconds();
        clock.Advance(TimeSpan.FromMinutes(5));

        var claims = GoogleLabFixture.Claims(await IdentityAsync("?audience=aud-1&format=full" + query));

        claims.EnumerateObject().Select(claim => claim.Name).ShouldBe(["aud", "azp", "email", "email_verified", "exp", "google", "iat", "iss", "sub"]);
        (Of(claims, "azp"), Of(claims, "sub"), Of(claims, "email")).ShouldBe((Id, Id, DefaultGoogleWorld.CiRunner));
        claims.GetProperty("email_verified").GetBoolean().ShouldBeTrue();
        var licenses = withLicenses ? ""","license_id":["1000204","1002001"]""" : "";
        claims.GetProperty("google").GetProperty("compute_engine").GetRawText().ShouldBe(
            $$"""{"instance_creation_timestamp":{{created}},"instance_id":"4242424242424242424","instance_name":"ci-runner-1","project_id":"security-automation","project_number":424242424242,"zone":"europe-west1-b"{{licenses}}}""");
    }

    [Fact]
    public async Task The_log_tells_who_got_which_claims_and_no_token()
    {
        var id = await IdentityAsync("?audience=aud-1&format=full");
        using var response = await GetAsync(Account + "/token");
        var access = JsonDocument.Parse(await TextAsync(response)).RootElement.GetProperty("access_token").GetString()!;

        var records = lab.Events.Snapshot();
        records.Select(record => record.EventName).ShouldBe(["GetIdentityToken", "GetAccessToken"]);
        records[0].UserIdentity!.UserName.ShouldBe(DefaultGoogleWorld.CiRunner);
        records[0].RequestParameters!.ToJsonString().ShouldBe($$"""{"path":"{{Account}}/identity","audience":"aud-1","format":"full"}""");
        records[0].ResponseElements!.ToJsonString().ShouldBe($$"""{"id_token.aud":"aud-1","id_token.azp":"{{Id}}","id_token.sub":"{{Id}}"}""");
        var log = JsonSerializer.Serialize(records);
        log.ShouldNotContain(access);
        log.ShouldNotContain(id.Split('.')[^1]);
    }

    [Fact]
    public async Task A_disabled_account_is_not_there()
    {
        var world = GoogleTestWorld.Create() with
        {
            Instance = new GoogleInstance { ServiceAccount = GoogleTestWorld.Disabled, Project = "trust-lab", Zone = "us-central1-c", Name = "build" },
        };
        await using var other = await StartAsync(world);
        http.Dispose();
        http = new HttpClient { BaseAddress = other.BaseAddress };

        using var accounts = await GetAsync("/computeMetadata/v1/instance/service-accounts/");
        using var token = await GetAsync(Account + "/token");

        ((int)accounts.StatusCode, await TextAsync(accounts)).ShouldBe((200, ""));
        ((int)token.StatusCode).ShouldBe(404);
    }

    [Fact]
    public async Task Without_an_instance_there_is_no_metadata_server()
    {
        await using var other = await StartAsync(GoogleTestWorld.Create());
        http.Dispose();
        http = new HttpClient { BaseAddress = other.BaseAddress };

        using var detection = await GetAsync("/");
        using var token = await GetAsync(Account + "/token");

        detection.Headers.Contains("Metadata-Flavor").ShouldBeFalse();
        ((int)detection.StatusCode).ShouldBe(403);
        token.Headers.Contains("Metadata-Flavor").ShouldBeFalse();
        ((int)token.StatusCode).ShouldBe(404);
    }

    [Theory]
    [InlineData("/", "", "AccessDenied")]
    [InlineData("/", "Metadata-Flavor: Google|Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE", "AuthorizationHeaderMalformed")]
    [InlineData("/computemetadata/v1/instance/id", "Metadata-Flavor: Google", "AccessDenied")]
    public async Task What_is_not_for_the_metadata_server_stays_with_S3(string target, string headers, string code)
    {
        using var response = await SendAsync("GET", target, headers);

        response.Headers.Contains("Metadata-Flavor").ShouldBeFalse();
        (await TextAsync(response)).ShouldContain($"<Code>{code}</Code>");
    }

    [Fact]
    public async Task S3_lists_buckets_at_the_root_also_for_a_client_that_says_Google()
    {
        var key = lab.AccessKeys[0];
        var client = new SigV4Client(http, clock, key.Id, key.Secret.Reveal(), null, "s3");

        var answer = await client.SendAsync(HttpMethod.Get, "/", spoil: request => request.Headers.Add("Metadata-Flavor", "Google"));

        answer.Response.Headers.Contains("Metadata-Flavor").ShouldBeFalse();
        lab.Events.Snapshot().ShouldHaveSingleItem().EventName.ShouldBe("ListBuckets");
        (answer.Status, answer.Xml.Name.LocalName).ShouldBe((200, "ListAllMyBucketsResult"), answer.Text);
    }

    private Task<CloudLabServer> StartAsync(GoogleWorld world) => CloudLabServer.StartAsync(
        new CloudLabOptions { World = LabWorld.Default with { Google = world }, TimeProvider = clock }, TestContext.Current.CancellationToken);

    private Task<HttpResponseMessage> GetAsync(string target) => SendAsync("GET", target, "Metadata-Flavor: Google");

    private async Task<HttpResponseMessage> SendAsync(string method, string target, string headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(target, UriKind.Relative));
        foreach (var header in headers.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = header.Split(": ", 2);
            request.Headers.TryAddWithoutValidation(parts[0], parts[1]).ShouldBeTrue();
        }

        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<string> IdentityAsync(string query)
    {
        using var response = await GetAsync(Account + "/identity" + query);
        response.EnsureSuccessStatusCode();
        return await TextAsync(response);
    }

    private static Task<string> TextAsync(HttpResponseMessage response) => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    private static string HeaderOf(HttpResponseMessage response, string name) => string.Join(' ', response.Headers.GetValues(name));

    private static string? Of(JsonElement claims, string name) => claims.GetProperty(name).GetString();
}
