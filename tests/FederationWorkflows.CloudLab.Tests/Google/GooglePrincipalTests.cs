using FederationWorkflows.CloudLab.Google;

namespace FederationWorkflows.CloudLab.Tests.Google;

public sealed class GooglePrincipalTests
{
    private const string Pool = "iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/aws";

    [Theory]
    [InlineData("serviceAccount:a@p.iam.gserviceaccount.com", true)]
    [InlineData("serviceAccount:A@p.iam.gserviceaccount.com", true)]
    [InlineData("allAuthenticatedUsers", true)]
    [InlineData("user:a@p.iam.gserviceaccount.com", false)]
    [InlineData("serviceAccount:a@p.iam.gserviceaccount.com.evil.example", false)]
    public void A_service_account_answers_to_its_address(string member, bool expected) =>
        GooglePrincipal.ServiceAccount("a@p.iam.gserviceaccount.com", "1").Is(member).ShouldBe(expected);

    [Theory]
    [InlineData($"principal://{Pool}/subject/me", true)]
    [InlineData($"principalSet://{Pool}/attribute.aws_role/r", true)]
    [InlineData($"principalSet://{Pool}/*", true)]
    [InlineData($"principal://{Pool}/subject/ME", false)]
    [InlineData($"principalSet://{Pool}/attribute.aws_role/other", false)]
    [InlineData("allAuthenticatedUsers", false)]
    public void A_federated_principal_answers_to_its_subject_and_sets_but_is_no_authenticated_user(string member, bool expected) =>
        GooglePrincipal.Federated($"principal://{Pool}/subject/me", "me", [$"principalSet://{Pool}/*", $"principalSet://{Pool}/attribute.aws_role/r"]).Is(member).ShouldBe(expected);
}
