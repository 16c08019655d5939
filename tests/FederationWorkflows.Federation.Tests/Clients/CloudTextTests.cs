using FederationWorkflows.Engine;

namespace FederationWorkflows.Federation.Tests.Clients;

public sealed class CloudTextTests
{
    [Theory]
    [InlineData("Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist).", "Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist).")]
    [InlineData("User: arn:aws:sts::123456789012:assumed-role/reader/112233445566778899001 is not authorized to perform: s3:ListAllMyBuckets", "User: arn:aws:sts::123456789012:assumed-role/reader/112233445566778899001 is not authorized to perform: s3:ListAllMyBuckets")]
    [InlineData("token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl is bad", "token *** is bad")]
    [InlineData("Bearer ya29.a0AfH6-_x.y refused", "Bearer *** refused")]
    [InlineData("refresh 1//0gAbCdEfGhIjKlMnOp refused", "refresh *** refused")]
    [InlineData("key -----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY----- refused", "key *** refused")]
    [InlineData("key -----BEGIN RSA PRIVATE KEY-----\nabc cut off", "key ***")]
    [InlineData("two\r\nlines\tand \u001b[31mcolour\u202e", "two lines and [31mcolour")]
    [InlineData("  \n ", "")]
    [InlineData(null, "")]
    public void A_message_of_a_cloud_is_shown_on_one_line_without_secrets(string? message, string shown) => CloudText.Message(message).ShouldBe(shown);

    [Fact]
    public void The_secrets_of_the_call_are_masked_whatever_their_form() =>
        CloudText.Message("got 'short' and short.", Sensitive.Of("short"), null, Sensitive.Of("")).ShouldBe("got '***' and ***.");

    [Fact]
    public void A_long_message_is_cut() => CloudText.Message(string.Concat(Enumerable.Repeat("ab ", 1000))).Length.ShouldBe(1003);

    [Theory]
    [InlineData("invalid_grant", "invalid_grant")]
    [InlineData("PERMISSION_DENIED", "PERMISSION_DENIED")]
    [InlineData("two words", "otherwise")]
    [InlineData("eyJhbGciOiJSUzI1NiJ9", "otherwise")]
    [InlineData("", "otherwise")]
    [InlineData(null, "otherwise")]
    public void A_code_is_one_word(string? code, string shown) => CloudText.Code(code, "otherwise").ShouldBe(shown);
}
