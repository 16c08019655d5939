using FederationWorkflows.Engine.Expressions;
using FederationWorkflows.Engine.Tests.Support;

namespace FederationWorkflows.Engine.Tests.Expressions;

/// <summary>The functions that stories have beside those of the language.</summary>
public sealed class StoryLibraryTests
{
    private const string Jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJhdWQiOiJodHRwczovL2F3cy5leGFtcGxlIiwic3ViIjoiMTEyMjMzIiwiZXhwIjoxNzcwMDAwMDAwLCJyb2xlcyI6WyJhIiwiYiJdfQ.c2ln";

    public static TheoryData<string, string> Results => new()
    {
        { "now()", "\"2026-01-31T12:00:00+00:00\"" },
        { "uuid()", "\"00000000-0000-0000-0000-000000000007\"" },

        { "json.parse('{\"a\": [1, 2.5, true, null, \"x\"]}')", """{"a": [1, 2.5, true, null, "x"]}""" },
        { "json.parse('7') + 1", "8" },
        { "json.parse('\"text\"')", "\"text\"" },
        { "json.parse('null')", "null" },
        { "json.parse('[9223372036854775808]')[0]", "9.223372036854776E+18" },
        { "json.render({'a': [1, 2.5, true, null, 'x']})", Quoted("""{"a":[1,2.5,true,null,"x"]}""") },
        { "json.render({1: 'a', true: 'b'})", Quoted("""{"1":"a","true":"b"}""") },
        { "json.render('é <tag> \"q\"')", Quoted("\"é <tag> \\\"q\\\"\"") },
        { "json.render(timestamp('2026-01-02T03:04:05Z'))", Quoted("\"2026-01-02T03:04:05+00:00\"") },
        { "json.render(b'abc')", Quoted("\"YWJj\"") },
        { "json.render(18446744073709551615u)", "\"18446744073709551615\"" },
        { "json.parse(json.render(data)) == data", "true" },

        { "base64.encode('föö')", "\"ZsO2w7Y=\"" },
        { "base64.encode(b'\\xff\\xfe')", "\"//4=\"" },
        { "string(base64.decode('ZsO2w7Y='))", "\"föö\"" },
        { "base64url.encode('??>')", "\"Pz8-\"" },
        { "base64url.encode(b'\\xff\\xfe')", "\"__4\"" },
        { "string(base64url.decode('Pz8-'))", "\"??>\"" },
        { "base64url.decode('__4') == b'\\xff\\xfe'", "true" },
        { "hex.encode('AZ')", "\"415a\"" },
        { "hex.encode(b'\\x00\\xff')", "\"00ff\"" },
        { "hex.decode('00FFab') == b'\\x00\\xff\\xab'", "true" },
        { "hex.decode('').size()", "0" },

        // FIPS 180-4 and RFC 4231, test case 2.
        { "hex.encode(hash.sha256('abc'))", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"" },
        { "hash.sha256('abc') == hash.sha256(b'abc')", "true" },
        { "hex.encode(hmac.sha256('Jefe', 'what do ya want for nothing?'))", "\"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\"" },
        { "hmac.sha256(b'k', b'd') == hmac.sha256('k', 'd') && hmac.sha256('k', b'd') == hmac.sha256(b'k', 'd')", "true" },

        { "url.encode('a b/ü?&=+~')", "\"a%20b%2F%C3%BC%3F%26%3D%2B~\"" },
        { "url.decode('a%20b%2F%C3%BC+c')", "\"a b/ü c\"" },
        { "url.decode(url.encode(data.name)) == data.name", "true" },

        { $"jwt.unverifiedHeader('{Jwt}').kid", "\"k1\"" },
        { $"jwt.unverifiedClaims('{Jwt}').sub", "\"112233\"" },
        { $"jwt.unverifiedClaims('{Jwt}').roles", """["a","b"]""" },
        { $"timestamp(jwt.unverifiedClaims('{Jwt}').exp) > now()", "true" },

        { "arn.parse('arn:aws:iam::111122223333:role/path/reader')", """{"partition":"aws","service":"iam","region":"","account":"111122223333","resource":"role/path/reader"}""" },
        { "arn.parse('arn:aws:s3:::bucket/key:with:colons').resource", "\"bucket/key:with:colons\"" },
        { "arn.parse('arn:aws-cn:ec2:cn-north-1:1:instance/i-1').region", "\"cn-north-1\"" },

        { "lists.zip(['a', 'b'], [1, 2])", """[["a",1],["b",2]]""" },
        { "lists.zip([], [])", "[]" },
        { "lists.zip(data.list, data.list.map(i, i.n)).size()", "3" },

        { "timestamp('2026-01-02T03:04:05Z').format('yyyy-MM-dd HH:mm:ss')", "\"2026-01-02 03:04:05\"" },
        { "timestamp('2026-07-02T03:04:05Z').format('yyyy-MM-dd HH:mm', 'Europe/Stockholm')", "\"2026-07-02 05:04\"" },
        { "timestamp('2026-01-02T03:04:05Z').format('HH:mm', '-05:30')", "\"21:34\"" },
        { "timestamp('2026-01-02T03:04:05Z').format('dddd d MMMM')", "\"Friday 2 January\"" },

        // Not of the language's own extensions, but of the language here.
        { "default(data.missing, 'x')", "\"x\"" },
        { "default(data.nothing, 'x')", "\"x\"" },
        { "default(data.nothing.deeper, 'x')", "\"x\"" },
        { "default(data.list[9], 'x')", "\"x\"" },
        { "default(data.?nothing, 'x')", "\"x\"" },
        { "default(data.name, 'x')", "\"an a\"" },
        { "data.list.groupBy(i, i.kind)", """{"a":[{"kind":"a","n":2},{"kind":"a","n":1}],"b":[{"kind":"b","n":3}]}""" },
        { "data.list.sortBy(i, i.n).map(i, i.n)", "[1,2,3]" },
        { "[[1, [2]], [3]].flatten(2)", "[1,2,3]" },
        { "[3, 1, 3].distinct()", "[3,1]" },
        { "'repo:org/name:ref'.extract('repo:{owner}/')", "\"org\"" },
    };

    [Theory, MemberData(nameof(Results))]
    public void Each_gives_what_it_says(string expression, string json) => JsonValues.ToJson(Evaluate(expression)).ShouldBe(json);

    public static TheoryData<string, string> Errors => new()
    {
        { "json.parse('{')", "The text is not valid JSON at line 1, column 2: Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed." },
        { "json.parse('[1,\\n x]')", "The text is not valid JSON at line 2, column 2: 'x' is an invalid start of a value." },
        { "base64url.decode('a+b/')", "This is not base64url: letters, digits, '-' and '_'." },
        { "hex.decode('abc')", "This is not hexadecimal: pairs of digits 0-9 and a-f." },
        { "hex.decode('zz')", "This is not hexadecimal: pairs of digits 0-9 and a-f." },
        { "jwt.unverifiedClaims('abc')", "This is not a JWT: three parts of base64url joined by dots, the first two JSON objects." },
        { "jwt.unverifiedClaims('a.b.c.d.e')", "This is not a JWT: three parts of base64url joined by dots, the first two JSON objects." },
        { "jwt.unverifiedClaims('e30.W10.e30')", "This is not a JWT: three parts of base64url joined by dots, the first two JSON objects." },
        { "jwt.unverifiedHeader('e30.!.e30') == {} ? jwt.unverifiedClaims('e30.!.e30') : {}", "This is not a JWT: three parts of base64url joined by dots, the first two JSON objects." },
        { "arn.parse('arn:aws:iam')", "This is not an ARN: arn:partition:service:region:account:resource: 'arn:aws:iam'." },
        { "arn.parse('urn:aws:iam::1:role/x')", "This is not an ARN: arn:partition:service:region:account:resource: 'urn:aws:iam::1:role/x'." },
        { "lists.zip([1], [1, 2])", "The two lists of lists.zip() must be of one size; these have 1 and 2 elements." },
        { "now().format('yyyy', 'Mars/Olympus')", "Unknown time zone; write a name such as Europe/Stockholm or an offset such as +02:00: 'Mars/Olympus'." },
        { "now().format('q')", "This is not a date format; write for example yyyy-MM-dd HH:mm:ss: 'q'." },
        { "uuid", "There is no 'uuid' here. Text needs quotes: 'text'." },
        { "json.parse(1)", "parse() does not take (int). It can be called as json.parse(string)." },
        { "hash.sha1('x')", "There is no function 'hash.sha1'. See the list of functions in docs/expressions.md, or use one of: sha256." },
        { "default(1 / (data.list.size() - 3), 'x')", "Division by zero." },
    };

    [Theory, MemberData(nameof(Errors))]
    public void Each_says_what_is_wrong(string expression, string message) => Should.Throw<ExpressionException>(() => Evaluate(expression)).Message.ShouldBe(message);

    [Theory]
    [InlineData("json.render(data.big)")]
    [InlineData("base64.encode(data.big)")]
    [InlineData("base64url.encode(data.big)")]
    [InlineData("hex.encode(data.big)")]
    [InlineData("hash.sha256(data.big)")]
    [InlineData("hmac.sha256(data.big, data.big)")]
    [InlineData("url.encode(data.big)")]
    [InlineData("url.decode(data.big)")]
    [InlineData("json.parse(data.big)")]
    [InlineData("jwt.unverifiedClaims(data.big)")]
    [InlineData("base64url.decode(data.big)")]
    [InlineData("hex.decode(data.big)")]
    public void Each_pays_for_the_length_it_works_on(string expression)
    {
        var data = JsonValues.Parse("{\"data\":{\"big\":\"" + new string('a', 100_000) + "\"}}");
        Should.Throw<ExpressionException>(() => DataExpression.Evaluate(expression, data, new ExpressionHost { CostLimit = 1_000 })).Message
            .ShouldBe("The expression does more work than one evaluation may (1,000 units). Make its lists or texts smaller, or spread it over several activities.");
    }

    private static object? Evaluate(string expression) => DataExpression.Evaluate(
        expression,
        JsonValues.Parse("""{"data":{"name":"an a","nothing":null,"list":[{"kind":"a","n":2},{"kind":"b","n":3},{"kind":"a","n":1}]}}"""),
        new ExpressionHost { TimeProvider = new FakeTime(), NewId = () => new Guid(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7) }).Value;

    private static string Quoted(string text) => JsonValues.ToJson(text);
}
