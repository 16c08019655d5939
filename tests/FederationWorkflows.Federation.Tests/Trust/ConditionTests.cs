using FederationWorkflows.Federation.Trust;

namespace FederationWorkflows.Federation.Tests.Trust;

/// <summary>The rules of "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context keys".</summary>
public sealed class ConditionTests
{
    [Theory]
    // String: exact, any of the expected values, case matters.
    [InlineData("StringEquals", "\"abc\"", "abc", true)]
    [InlineData("StringEquals", "\"abc\"", "ABC", false)]
    [InlineData("StringEquals", "[\"x\",\"abc\"]", "abc", true)]
    [InlineData("StringEquals", "\"a*\"", "abc", false)]
    [InlineData("StringEquals", "\"a*\"", "a*", true)]
    [InlineData("StringNotEquals", "\"abc\"", "abd", true)]
    [InlineData("StringNotEquals", "[\"x\",\"abc\"]", "abc", false)]
    [InlineData("StringEqualsIgnoreCase", "\"aBc\"", "AbC", true)]
    [InlineData("StringNotEqualsIgnoreCase", "\"aBc\"", "AbC", false)]
    [InlineData("StringLike", "\"a*c?\"", "abbcd", true)]
    [InlineData("StringLike", "\"a*c?\"", "abbc", false)]
    [InlineData("StringLike", "\"*\"", "", true)]
    [InlineData("StringLike", "\"a${*}\"", "a*", true)]
    [InlineData("StringLike", "\"a${*}\"", "ab", false)]
    [InlineData("StringLike", "\"a${?}${$}\"", "a?$", true)]
    [InlineData("StringLike", "\"*a*a*a*a*b\"", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    [InlineData("StringNotLike", "\"a*\"", "b", true)]
    [InlineData("StringNotLike", "\"a*\"", "ab", false)]
    // Numeric: by value, not by text.
    [InlineData("NumericEquals", "10", "10.0", true)]
    [InlineData("NumericNotEquals", "10", "10.0", false)]
    [InlineData("NumericLessThan", "\"10\"", "9", true)]
    [InlineData("NumericLessThan", "\"10\"", "10", false)]
    [InlineData("NumericLessThanEquals", "\"10\"", "10", true)]
    [InlineData("NumericGreaterThan", "\"10\"", "10", false)]
    [InlineData("NumericGreaterThanEquals", "\"10\"", "10", true)]
    [InlineData("NumericGreaterThan", "\"10\"", "many", false)]
    // Date: ISO 8601 or seconds since 1970.
    [InlineData("DateEquals", "\"2026-03-18T10:00:00Z\"", "2026-03-18T11:00:00+01:00", true)]
    [InlineData("DateNotEquals", "\"2026-03-18T10:00:00Z\"", "1773828000", false)]
    [InlineData("DateLessThan", "\"2026-03-18\"", "2026-03-17T23:59:59Z", true)]
    [InlineData("DateLessThanEquals", "1773828000", "2026-03-18T10:00:00Z", true)]
    [InlineData("DateGreaterThan", "\"2026-03-18T10:00:00Z\"", "2026-03-18T10:00:00Z", false)]
    [InlineData("DateGreaterThanEquals", "\"2026-03-18T10:00:00.500Z\"", "2026-03-18T10:00:00.500Z", true)]
    // Bool, Binary, addresses, ARNs.
    [InlineData("Bool", "true", "TRUE", true)]
    [InlineData("Bool", "\"false\"", "true", false)]
    [InlineData("BinaryEquals", "\"QmluYXJ5\"", "QmluYXJ5", true)]
    [InlineData("BinaryEquals", "\"QmluYXJ5\"", "QmluYXJ6", false)]
    [InlineData("IpAddress", "\"203.0.113.0/24\"", "203.0.113.7", true)]
    [InlineData("IpAddress", "\"203.0.113.9/24\"", "203.0.113.7", true)]
    [InlineData("IpAddress", "\"203.0.113.7\"", "203.0.113.8", false)]
    [InlineData("IpAddress", "\"2001:DB8:1234:5678::/64\"", "2001:db8:1234:5678:9::1", true)]
    [InlineData("IpAddress", "\"0.0.0.0/0\"", "2001:db8::1", false)]
    [InlineData("NotIpAddress", "\"203.0.113.0/24\"", "203.0.113.7", false)]
    [InlineData("NotIpAddress", "[\"203.0.113.0/24\",\"198.51.100.0/24\"]", "192.0.2.1", true)]
    [InlineData("ArnEquals", "\"arn:aws:iam::*:role/a\"", "arn:aws:iam::111122223333:role/a", true)]
    [InlineData("ArnLike", "\"arn:aws:iam::1*:role/*\"", "arn:aws:iam::111122223333:role/path/a", true)]
    [InlineData("ArnLike", "\"arn:aws:*:role/a\"", "arn:aws:iam::111122223333:role/a", false)]
    [InlineData("ArnNotLike", "\"arn:aws:iam::1*:role/*\"", "arn:aws:iam::211122223333:role/a", true)]
    [InlineData("ArnNotEquals", "\"arn:aws:iam::111122223333:role/a\"", "arn:aws:iam::111122223333:role/a", false)]
    // Missing keys: false, true when negated, true with IfExists.
    [InlineData("StringEquals", "\"abc\"", null, false)]
    [InlineData("StringNotEquals", "\"abc\"", null, true)]
    [InlineData("ArnNotLike", "\"arn:aws:iam::1*:role/*\"", null, true)]
    [InlineData("NotIpAddress", "\"203.0.113.0/24\"", null, true)]
    [InlineData("NumericLessThan", "10", null, false)]
    [InlineData("StringEqualsIfExists", "\"abc\"", null, true)]
    [InlineData("StringEqualsIfExists", "\"abc\"", "abd", false)]
    [InlineData("StringNotEqualsIfExists", "\"abc\"", "abc", false)]
    [InlineData("BoolIfExists", "true", null, true)]
    [InlineData("Null", "true", null, true)]
    [InlineData("Null", "true", "", false)]
    [InlineData("Null", "\"false\"", "x", true)]
    [InlineData("Null", "\"false\"", null, false)]
    // Several values in the request.
    [InlineData("ForAnyValue:StringEquals", "[\"a\",\"b\"]", "x|b", true)]
    [InlineData("ForAnyValue:StringEquals", "[\"a\",\"b\"]", "x|y", false)]
    [InlineData("ForAnyValue:StringEquals", "\"a\"", null, false)]
    [InlineData("ForAllValues:StringEquals", "[\"a\",\"b\"]", "a|b", true)]
    [InlineData("ForAllValues:StringEquals", "[\"a\",\"b\"]", "a|c", false)]
    [InlineData("ForAllValues:StringEquals", "\"a\"", null, true)]
    [InlineData("ForAnyValue:StringNotEquals", "\"a\"", "a|b", true)]
    [InlineData("ForAnyValue:StringNotEquals", "\"a\"", "a", false)]
    [InlineData("ForAnyValue:StringNotEquals", "\"a\"", null, false)]
    [InlineData("ForAllValues:StringNotEquals", "\"a\"", "b|c", true)]
    [InlineData("ForAllValues:StringNotEquals", "\"a\"", "a|c", false)]
    [InlineData("ForAnyValue:StringLikeIfExists", "\"a*\"", null, true)]
    [InlineData("StringEquals", "\"a\"", "x|a", true)]
    [InlineData("StringNotEquals", "\"a\"", "x|a", false)]
    public void An_operator_compares_as_AWS_documents_it(string name, string expected, string? found, bool satisfied)
    {
        var trace = Evaluate($$"""{"{{name}}":{"k:Key":{{expected}} } }""", found is null ? ConditionContext.Empty : ConditionContext.Empty.With("k:key", found.Split('|')));

        trace.Satisfied.ShouldBe(satisfied, trace.Reason);
    }

    [Theory]
    [InlineData("StringEquals", "${aws:username}", "alice", true)]
    [InlineData("StringEquals", "home/${aws:username}/", "home/alice/", true)]
    [InlineData("StringLike", "${aws:username}*", "alice-2", true)]
    [InlineData("StringEquals", "${aws:PrincipalTag/team, 'soc'}", "soc", true)]
    [InlineData("StringEquals", "${aws:nobody}", "", false)]
    [InlineData("StringNotEquals", "${aws:nobody}", "x", false)]
    [InlineData("StringEquals", "${aws:many}", "a", false)]
    [InlineData("StringLike", "${aws:star}", "anything", false)]
    [InlineData("StringLike", "${aws:star}", "*", true)]
    public void A_variable_stands_for_one_literal_value_of_the_request(string name, string expected, string found, bool satisfied)
    {
        var context = ConditionContext.Empty.With("aws:username", "alice").With("aws:many", "a", "b").With("aws:star", "*").With("k:Key", found);

        Evaluate($$"""{"{{name}}":{"k:Key":"{{expected}}"} }""", context).Satisfied.ShouldBe(satisfied);
    }

    [Fact]
    public void The_older_policy_language_has_no_variables() =>
        Evaluate("""{"StringEquals":{"k:Key":"${aws:username}"}}""", ConditionContext.Empty.With("k:Key", "${aws:username}"), "2008-10-17").Satisfied.ShouldBeTrue();

    [Theory]
    [InlineData("StringEquals", null, "the request does not have the key")]
    [InlineData("StringEquals", "b", "none of the expected values matches")]
    [InlineData("StringNotEquals", "a", "matches, and must not")]
    [InlineData("StringEqualsIfExists", null, "the request does not have the key, and IfExists lets that pass")]
    public void The_trace_says_what_was_expected_what_was_found_and_why(string name, string? found, string reason)
    {
        var trace = Evaluate($$"""{"{{name}}":{"k:Key":"a"} }""", found is null ? ConditionContext.Empty : ConditionContext.Empty.With("k:Key", found));

        trace.Reason.ShouldBe(reason);
        trace.Operator.ShouldBe(name);
        trace.Key.ShouldBe("k:Key");
        trace.Expected.ShouldBe(["a"]);
        trace.Found.ShouldBe(found is null ? [] : [found]);
    }

    private static ConditionTrace Evaluate(string condition, ConditionContext context, string version = "2012-10-17")
    {
        var policy = PolicyDocument.Parse(
            $$"""{"Version":"{{version}}","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{condition}} } }""", PolicyKind.Identity);
        return PolicyEvaluator.Evaluate(policy, new PolicyRequest(null, "s3:GetObject", "arn:aws:s3:::b/k", context)).Statements.Single().Conditions.Single();
    }
}
