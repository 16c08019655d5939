using System.Text.Json;
using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.CloudLab.Tests.Google;

public sealed class GoogleWorldReaderTests
{
    [Fact]
    public void A_world_file_declares_projects_accounts_keys_bindings_users_and_policies()
    {
        var world = Read("""
            {"projects":[{"id":"my-project","number":"1234","iamPolicy":{"bindings":[{"role":"roles/iam.serviceAccountTokenCreator","members":["user:a@example.com"]}]},
              "serviceAccounts":[{"name":"runner","uniqueId":"123","displayName":"R","disabled":true,"keys":[{"id":"k1"}],
                "iamPolicy":{"bindings":[{"role":"roles/iam.workloadIdentityUser","members":["principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*"]}]}},
                {"email":"1234-compute@developer.gserviceaccount.com"}]}],
             "users":[{"email":"a@example.com","uniqueId":"5"}],
             "orgPolicies":[{"constraint":"constraints/iam.allowServiceAccountCredentialLifetimeExtension","allowedValues":["runner@my-project.iam.gserviceaccount.com"]}]}
            """);

        var directory = new GoogleDirectory(world);
        directory.FindServiceAccount("123")!.Email.ShouldBe("runner@my-project.iam.gserviceaccount.com");
        directory.FindServiceAccount("1234-compute@developer.gserviceaccount.com")!.UniqueId.ShouldMatch("^1[0-9]{20}$");
        directory.FindByKeyId("k1")!.UniqueId.ShouldBe("123");
        directory.FindServiceAccount("123")!.Grants(GooglePrincipal.User("A@example.com", "5"), PredefinedRoles.SignJwt).ShouldBeTrue();
        directory.MayLiveTwelveHours(directory.FindServiceAccount("123")!).ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"project":[]}""", "$.google.project: there is no such member; remove it or mend its name.")]
    [InlineData("""{"projects":[{"id":"my-project"}]}""", "$.google.projects[0]: needs \"number\".")]
    [InlineData("""{"projects":[{"id":"my-project","number":7}]}""", "$.google.projects[0].number: has a value of the wrong kind.")]
    [InlineData("""{"users":[{"email":"a@example.com","email":"b@example.com"}]}""", "$.google.users[0].email: the member stands there twice.")]
    [InlineData("""{"projects":[{"id":"P","number":"7"}]}""", "$.google.projects[0].id: 'P' is no project id; use 6 to 30 lower-case letters, digits and hyphens, starting with a letter.")]
    [InlineData("""{"projects":[{"id":"my-project","number":"x"}]}""", "$.google.projects[0].number: 'x' is no project number; use decimal digits in quotes.")]
    [InlineData("""{"projects":[{"id":"my-project","number":"7","serviceAccounts":[{}]}]}""", "$.google.projects[0].serviceAccounts[0]: give either \"name\" (the part before the at sign) or \"email\".")]
    [InlineData("""{"projects":[{"id":"my-project","number":"7","serviceAccounts":[{"email":"a@example.com"}]}]}""", "$.google.projects[0].serviceAccounts[0].email: 'a@example.com' is no service account's address; it ends in gserviceaccount.com.")]
    [InlineData("""{"projects":[{"id":"my-project","number":"7","serviceAccounts":[{"name":"runner"},{"name":"runner"}]}]}""", "$.google.projects[0].serviceAccounts[1]: runner@my-project.iam.gserviceaccount.com is already at $.google.projects[0].serviceAccounts[0].")]
    [InlineData("""{"projects":[{"id":"my-project","number":"7","serviceAccounts":[{"name":"runner","keys":[{"publicKeyPem":"x","id":"k"}]}]}]}""", "$.google.projects[0].serviceAccounts[0].keys[0].publicKeyPem: is no RSA public key of 2048 to 4096 bits in PEM; write one with: openssl rsa -in KEY.pem -pubout")]
    [InlineData("""{"projects":[{"id":"my-project","number":"7","iamPolicy":{"bindings":[{"role":"roles/owner","members":[]}]}}]}""", "$.google.projects[0].iamPolicy.bindings[0].role: the lab does not know the role 'roles/owner'; it knows roles/iam.securityReviewer, roles/iam.serviceAccountKeyAdmin, roles/iam.serviceAccountOpenIdTokenCreator, roles/iam.serviceAccountTokenCreator, roles/iam.serviceAccountUser, roles/iam.serviceAccountViewer, roles/iam.workloadIdentityUser, roles/storage.admin, roles/storage.bucketViewer, roles/viewer.")]
    [InlineData("""{"projects":[{"id":"my-project","number":"7","iamPolicy":{"bindings":[{"role":"roles/iam.workloadIdentityUser","members":["group:g@example.com"]}]}}]}""", "$.google.projects[0].iamPolicy.bindings[0].members[0]: 'group:g@example.com' is no member the lab knows; use serviceAccount:ADDRESS, user:ADDRESS, principal://iam.googleapis.com/..., principalSet://iam.googleapis.com/... or allAuthenticatedUsers.")]
    [InlineData("""{"orgPolicies":[{"constraint":"constraints/x","allowedValues":[]}]}""", "$.google.orgPolicies[0].constraint: the lab does not know 'constraints/x'; it knows constraints/iam.allowServiceAccountCredentialLifetimeExtension.")]
    [InlineData("""{"projects":[null]}""", "$.google.projects[0]: must not be null; remove it.")]
    [InlineData("""{"projects":[{"id":"my-project","number":"7","iamPolicy":{"bindings":[{"role":"roles/iam.workloadIdentityUser","members":[null]}]}}]}""", "$.google.projects[0].iamPolicy.bindings[0].members[0]: must not be null; remove it.")]
    [InlineData("""{"projects":[{"id":"my-project","number":"7","iamPolicy":null}]}""", "$.google.projects[0].iamPolicy: has a value of the wrong kind.")]
    [InlineData("""{"projects":null}""", "$.google.projects: has a value of the wrong kind.")]
    [InlineData("null", "$.google: must be an object, not null.")]
    public void A_wrong_world_is_refused_with_the_place_and_the_remedy(string json, string message) =>
        Should.Throw<WorldFormatException>(() => Read(json)).Message.ShouldBe(message);

    [Theory]
    [InlineData("""{"serviceAccount":"nobody@my-project.iam.gserviceaccount.com","project":"my-project","zone":"us-central1-c","name":"vm"}""", "$.google.instance.serviceAccount: the world has no service account 'nobody@my-project.iam.gserviceaccount.com'; give the address of one of its accounts.")]
    [InlineData("""{"serviceAccount":"runner@my-project.iam.gserviceaccount.com","project":"other","zone":"us-central1-c","name":"vm"}""", "$.google.instance.project: the world has no project 'other'; give the id of one of its projects.")]
    [InlineData("""{"serviceAccount":"runner@my-project.iam.gserviceaccount.com","project":"my-project","zone":"us-central1","name":"vm"}""", "$.google.instance.zone: 'us-central1' is no zone; use a name such as europe-west1-b.")]
    [InlineData("""{"serviceAccount":"runner@my-project.iam.gserviceaccount.com","project":"my-project","zone":"us-central1-c","name":"VM"}""", "$.google.instance.name: 'VM' is no instance name; use 1 to 63 lower-case letters, digits and hyphens, starting with a letter.")]
    [InlineData("""{"serviceAccount":"runner@my-project.iam.gserviceaccount.com","project":"my-project","zone":"us-central1-c","name":"vm","id":"99999999999999999999"}""", "$.google.instance.id: '99999999999999999999' is no instance id; use a number of 64 bits in quotes, or leave it out.")]
    [InlineData("""{"serviceAccount":"runner@my-project.iam.gserviceaccount.com","project":"my-project","zone":"us-central1-c","name":"vm","scopes":[]}""", "$.google.instance.scopes: a service account is attached with at least one scope; leave it out for https://www.googleapis.com/auth/cloud-platform.")]
    [InlineData("""{"serviceAccount":"runner@my-project.iam.gserviceaccount.com","project":"my-project","zone":"us-central1-c","name":"vm","scopes":["storage"]}""", "$.google.instance.scopes[0]: 'storage' is no scope of Google's; use for example https://www.googleapis.com/auth/cloud-platform.")]
    [InlineData("""{"serviceAccount":"runner@my-project.iam.gserviceaccount.com","project":"my-project","zone":"us-central1-c","name":"vm","licenses":["gpl"]}""", "$.google.instance.licenses[0]: 'gpl' is no license code; use decimal digits in quotes.")]
    [InlineData("""{"serviceAccount":"runner@my-project.iam.gserviceaccount.com","project":"my-project","zone":"us-central1-c"}""", "$.google.instance: needs \"name\".")]
    public void An_instance_that_cannot_be_is_refused_with_the_place_and_the_remedy(string instance, string message) =>
        Should.Throw<WorldFormatException>(() => Read($$"""{"projects":[{"id":"my-project","number":"7","serviceAccounts":[{"name":"runner"}]}],"instance":{{instance}}}"""))
            .Message.ShouldBe(message);

    [Theory]
    [InlineData("""{"id":"out"}""", ".id: 'out' is no pool id; use 4 to 32 lower-case letters, digits and hyphens, not starting with gcp-.")]
    [InlineData("""{"id":"gcp-pool"}""", ".id: 'gcp-pool' is no pool id; use 4 to 32 lower-case letters, digits and hyphens, not starting with gcp-.")]
    [InlineData("""{"id":"outside","providers":[{"id":"my-aws"}]}""", ".providers[0]: give either \"aws\" or \"oidc\".")]
    [InlineData("""{"id":"outside","providers":[{"id":"my-aws","aws":{"accountId":"1"}}]}""", ".providers[0].aws.accountId: '1' is no AWS account; use twelve digits in quotes.")]
    [InlineData("""{"id":"outside","providers":[{"id":"my-aws","aws":{"accountId":"111122223333"}},{"id":"my-aws","aws":{"accountId":"111122223333"}}]}""", ".providers[1].id: the provider 'my-aws' is declared twice.")]
    [InlineData("""{"id":"outside","providers":[{"id":"cluster","oidc":{"issuerUri":"http://x"},"attributeMapping":{"google.subject":"assertion.sub"}}]}""", ".providers[0].oidc.issuerUri: 'http://x' is no issuer; use an https URL.")]
    [InlineData("""{"id":"outside","providers":[{"id":"cluster","oidc":{"issuerUri":"https://x"}}]}""", ".providers[0].attributeMapping: is missing: an OIDC provider has no default. Give at least google.subject, e.g. assertion.sub.")]
    [InlineData("""{"id":"outside","providers":[{"id":"cluster","oidc":{"issuerUri":"https://x","jwks":{"keys":[]}},"attributeMapping":{"google.subject":"assertion.sub"}}]}""", ".providers[0].oidc.jwks: the set has no public RSA or EC signing key.")]
    public void A_pool_that_Google_would_not_take_is_refused_with_the_place_and_the_remedy(string pool, string message) =>
        Should.Throw<WorldFormatException>(() => Read($$"""{"projects":[{"id":"my-project","number":"7","workloadIdentityPools":[{{pool}}]}]}"""))
            .Message.ShouldBe("$.google.projects[0].workloadIdentityPools[0]" + message);

    [Fact]
    public void An_instance_needs_a_project_number_that_fits_its_identity_tokens() =>
        Should.Throw<WorldFormatException>(() => Read("""
            {"projects":[{"id":"my-project","number":"99999999999999999999","serviceAccounts":[{"name":"runner"}]}],
             "instance":{"serviceAccount":"runner@my-project.iam.gserviceaccount.com","project":"my-project","zone":"us-central1-c","name":"vm"}}
            """)).Message.ShouldBe("$.google.instance.project: the number 99999999999999999999 of the project is too large for an instance; use at most 18 digits.");

    [Fact]
    public void Several_problems_are_reported_together() =>
        Should.Throw<WorldFormatException>(() => Read("""{"projects":[{"id":"P","number":"x"}],"users":[{"email":"nobody"}]}""")).Message.Split('\n').Length.ShouldBe(3);

    [Theory]
    [InlineData("""{"google":{"projects":[{"id":"my-project"}]}}""", "$.google.projects[0]: needs \"number\".")]
    [InlineData("""{"google":{"users":[{"email":"nobody"}]}}""", "$.google.users[0].email: 'nobody' is no address.")]
    public void The_world_file_reports_its_Google_part_with_the_whole_path(string json, string message) =>
        Should.Throw<WorldFormatException>(() => LabWorld.Parse(json)).Message.ShouldBe(message);

    [Fact]
    public void A_world_file_without_a_Google_part_has_the_built_in_one() =>
        LabWorld.Parse("{}").Google.Projects.ShouldHaveSingleItem().Id.ShouldBe(DefaultGoogleWorld.ProjectId);

    [Fact]
    public void The_default_world_is_sound_and_fits_the_stories()
    {
        GoogleWorldReader.Check(DefaultGoogleWorld.Create(), "$").ShouldBeEmpty();
        var directory = new GoogleDirectory(DefaultGoogleWorld.Create());

        var runner = directory.FindServiceAccount(DefaultGoogleWorld.Runner)!;
        var federation = directory.FindServiceAccount(DefaultGoogleWorld.AwsFederation)!;
        federation.UniqueId.ShouldBe("112233445566778899001");
        federation.Grants(runner.Principal, PredefinedRoles.GetOpenIdToken).ShouldBeTrue();
        federation.Grants(directory.FindUser(DefaultGoogleWorld.Analyst)!.Principal, PredefinedRoles.GetOpenIdToken).ShouldBeTrue();
        directory.FindServiceAccount(DefaultGoogleWorld.Unreachable)!.Grants(runner.Principal, PredefinedRoles.GetOpenIdToken).ShouldBeFalse();
        directory.FindServiceAccount(DefaultGoogleWorld.BehindBroker)!.Grants(runner.Principal, PredefinedRoles.GetAccessToken).ShouldBeFalse();
        runner.DownloadableKey.ShouldNotBeNull();
        directory.Instance!.Account.Email.ShouldBe(DefaultGoogleWorld.CiRunner);
        directory.Instance.Scopes.ShouldBe([OAuthScopes.CloudPlatform]);
        federation.Grants(directory.Instance.Account.Principal, PredefinedRoles.GetOpenIdToken).ShouldBeTrue();
    }

    private static GoogleWorld Read(string json) => GoogleWorldReader.Read(JsonDocument.Parse(json).RootElement);
}
