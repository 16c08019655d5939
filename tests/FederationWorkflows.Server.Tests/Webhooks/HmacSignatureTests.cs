using System.Text;
using FederationWorkflows.Engine;
using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Server.Webhooks.Callers;
using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.Server.Tests.Webhooks;

/// <summary>
/// Signatures as senders make them. GitHub's is the one of its documentation (Validating webhook deliveries: Testing the webhook payload validation);
/// the others were made with Python's hmac module.
/// </summary>
public sealed class HmacSignatureTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    private static readonly HttpCaller GitHub = new(HttpCallerKind.Hmac) { Form = HttpSignatureForm.GitHub };

    private static readonly HttpCaller Slack = new(HttpCallerKind.Hmac) { Form = HttpSignatureForm.Slack };

    private static readonly HttpCaller Stripe = new(HttpCallerKind.Hmac) { Form = HttpSignatureForm.Stripe };

    private static readonly HttpCaller Plain = new(HttpCallerKind.Hmac);

    private static readonly HttpCaller Timed = new(HttpCallerKind.Hmac) { Header = "X-Sig", Prefix = "sha256:", IsBase64 = true, TimestampHeader = "X-Time" };

    private const string GitHubSignature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    private const string SlackSignature = "v0=7f9fcb28832367bf493d6c40be2ad082b888d7ca147ba425bc88f433ab26aea1";

    private const string SlackBody =
        "token=xyzz0WbapA4vBCDEFRasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        + "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

    private const string StripeV1 = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";

    private const string StripeBody = """{"id":"evt_1"}""";

    private const string PlainSignature = "d16012333192f2e4e8c7f4fcdfcaf9e86bbff0371e437f76f1461cf4e24ab726";

    private const string TimedSignature = "sha256:yK3UgErlXwNFvOL6ryS7UNeKbedP29y1d+NNEy20zIA=";

    private const string GenericBody = """{"n":1}""";

    public static TheoryData<string, string, string, string> Good => new()
    {
        { "github", "It's a Secret to Everybody", "Hello, World!", $"X-Hub-Signature-256: {GitHubSignature}" },
        { "slack", "8f742231b10e8888abcd99yyyzzz85a5", SlackBody, $"X-Slack-Signature: {SlackSignature}|X-Slack-Request-Timestamp: 1531420618" },
        { "stripe", "whsec_test", StripeBody, $"Stripe-Signature: t=1700000000,v1={StripeV1},v0=abc" },
        { "stripe", "whsec_test", StripeBody, $"Stripe-Signature: t=1700000000,v1={new string('0', 64)},v1={StripeV1}" },
        { "plain", "shared", GenericBody, $"X-Signature: {PlainSignature}" },
        { "plain", "shared", GenericBody, $"X-Signature: {PlainSignature.ToUpperInvariant()}" },
        { "timed", "shared", GenericBody, $"X-Sig: {TimedSignature}|X-Time: 1700000000" },
    };

    [Theory, MemberData(nameof(Good))]
    public void A_request_signed_with_the_secret_is_taken(string form, string secret, string body, string headers)
    {
        var verdict = Verify(form, [secret], body, headers, form == "slack" ? DateTimeOffset.FromUnixTimeSeconds(1_531_420_618) : Now);
        verdict.Refusal.ShouldBeNull();
        verdict.ReplayKey.ShouldNotBeNull();
        verdict.ReplayWindow.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMinutes(5));
    }

    [Theory, MemberData(nameof(Good))]
    public void A_byte_more_in_the_body_is_noticed(string form, string secret, string body, string headers) =>
        Verify(form, [secret], body + " ", headers, form == "slack" ? DateTimeOffset.FromUnixTimeSeconds(1_531_420_618) : Now).Refusal.ShouldNotBeNull().ShouldContain("body was changed");

    [Theory, MemberData(nameof(Good))]
    public void Another_secret_or_none_does_not_do(string form, string secret, string body, string headers)
    {
        Verify(form, ["wrong" + secret], body, headers, Now).Refusal.ShouldNotBeNull();
        Verify(form, [], body, headers, Now).Refusal.ShouldBe("its secret cannot be used");
    }

    [Theory, MemberData(nameof(Good))]
    public void The_secret_before_does_while_both_are_valid(string form, string secret, string body, string headers) =>
        Verify(form, ["the new one", secret], body, headers, form == "slack" ? DateTimeOffset.FromUnixTimeSeconds(1_531_420_618) : Now).Refusal.ShouldBeNull();

    [Theory]
    [InlineData("github", "")]
    [InlineData("github", "X-Hub-Signature-256: ")]
    [InlineData("github", "X-Hub-Signature-256: 757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    [InlineData("github", "X-Hub-Signature-256: sha256=757107ea")]
    [InlineData("github", "X-Hub-Signature-256: sha256=zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    [InlineData("github", "X-Hub-Signature: sha1=757107ea0eb2509fc211221cce984b8a37570b6d")]
    [InlineData("github", $"X-Hub-Signature-256: {GitHubSignature}|X-Hub-Signature-256: {GitHubSignature}")]
    [InlineData("slack", $"X-Slack-Signature: {SlackSignature}")]
    [InlineData("slack", $"X-Slack-Signature: {SlackSignature}|X-Slack-Request-Timestamp: now")]
    [InlineData("slack", $"X-Slack-Signature: {SlackSignature}|X-Slack-Request-Timestamp: -1531420618")]
    [InlineData("slack", "X-Slack-Request-Timestamp: 1531420618")]
    [InlineData("stripe", "Stripe-Signature: t=1700000000")]
    [InlineData("stripe", $"Stripe-Signature: v1={StripeV1}")]
    [InlineData("stripe", $"Stripe-Signature: t=1700000000,t=1700000001,v1={StripeV1}")]
    [InlineData("stripe", $"Stripe-Signature: t=1700000000,v0={StripeV1}")]
    [InlineData("stripe", "Stripe-Signature: ,,,,,,,,,,,,,,,,,,,,,,,,,,,,")]
    [InlineData("plain", "X-Signature: " + PlainSignature + "00")]
    [InlineData("timed", $"X-Sig: {TimedSignature}")]
    [InlineData("timed", $"X-Sig: {TimedSignature}|X-Time: 99999999999999999999")]
    [InlineData("timed", "X-Sig: sha256:yK3UgErl|X-Time: 1700000000")]
    public void What_has_no_signature_in_its_form_is_refused(string form, string headers)
    {
        var (secret, body) = form switch { "github" => ("It's a Secret to Everybody", "Hello, World!"), "slack" => ("8f742231b10e8888abcd99yyyzzz85a5", SlackBody), "stripe" => ("whsec_test", StripeBody), _ => ("shared", GenericBody) };
        Verify(form, [secret], body, headers, form == "slack" ? DateTimeOffset.FromUnixTimeSeconds(1_531_420_618) : Now).Refusal.ShouldNotBeNull();
    }

    [Theory]
    [InlineData(300, true)]
    [InlineData(301, false)]
    [InlineData(-300, true)]
    [InlineData(-301, false)]
    public void A_signed_time_may_be_five_minutes_from_now_and_no_more(int secondsLater, bool isTaken)
    {
        var now = Now.AddSeconds(secondsLater);
        (Verify("stripe", ["whsec_test"], StripeBody, $"Stripe-Signature: t=1700000000,v1={StripeV1}", now).Refusal is null).ShouldBe(isTaken);
        (Verify("timed", ["shared"], GenericBody, $"X-Sig: {TimedSignature}|X-Time: 1700000000", now).Refusal is null).ShouldBe(isTaken);
    }

    [Fact]
    public void A_time_that_was_changed_is_not_the_signed_one() =>
        Verify("timed", ["shared"], GenericBody, $"X-Sig: {TimedSignature}|X-Time: 1700000001", Now).Refusal.ShouldNotBeNull();

    private static CallerVerdict Verify(string form, string[] secrets, string body, string headers, DateTimeOffset now)
    {
        var fields = new HeaderDictionary();
        foreach (var header in headers.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            fields.Append(header[..colon], header[(colon + 1)..].Trim());
        }

        var caller = form switch { "github" => GitHub, "slack" => Slack, "stripe" => Stripe, "timed" => Timed, _ => Plain };
        return HmacSignature.Verify(caller, fields, Encoding.UTF8.GetBytes(body), [.. secrets.Select(Sensitive.Of)], now);
    }
}
