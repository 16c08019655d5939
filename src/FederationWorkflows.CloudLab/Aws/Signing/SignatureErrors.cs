using System.Globalization;

namespace FederationWorkflows.CloudLab.Aws.Signing;

/// <summary>How a service words what is wrong with a signature. The rules are the same everywhere, the answers are not.</summary>
internal abstract class SignatureErrors
{
    public const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";

    /// <summary>Signature Version 4's tolerance for clocks.</summary>
    public static readonly TimeSpan MaximumSkew = TimeSpan.FromMinutes(15);

    /// <summary>The service's name in credential scopes.</summary>
    public abstract string Service { get; }

    /// <summary>Whether a presigned request is good for as long as its X-Amz-Expires says, or for as long as any signed request.</summary>
    public abstract bool HonoursExpires { get; }

    public abstract AwsException Malformed(string detail);

    /// <summary>What is wrong with the parameters of a presigned URL.</summary>
    public abstract AwsException MalformedQuery(string detail);

    public abstract AwsException UnknownKey(string accessKeyId);

    public abstract AwsException InvalidToken();

    public abstract AwsException ExpiredToken();

    public abstract AwsException Skewed(DateTimeOffset requestTime, DateTimeOffset now);

    public abstract AwsException PresignedExpired(DateTimeOffset requestTime, TimeSpan lifetime, DateTimeOffset now);

    public abstract AwsException WrongService(string service);

    public abstract AwsException WrongRegion(string region);

    public abstract AwsException NotSigned(IReadOnlyList<string> headers);

    public abstract AwsException Mismatch(string accessKeyId, string stringToSign, string canonicalRequest, string signature);

    protected static string Format(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
}
