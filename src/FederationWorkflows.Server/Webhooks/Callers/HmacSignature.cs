using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FederationWorkflows.Engine;
using FederationWorkflows.Http.Endpoints;

namespace FederationWorkflows.Server.Webhooks.Callers;

/// <summary>Checks signatures with a shared secret, HMAC-SHA256 (RFC 2104), over the bytes of the body as they came.</summary>
internal static class HmacSignature
{
    /// <summary>More signatures in one header are not looked at: who rotates a secret sends two.</summary>
    private const int MaxSignatures = 5;

    /// <summary>
    /// How long a signature is known again that covers no time: it stays valid for as long as its secret does, so the tolerance does not end it. A
    /// month is longer than senders repeat deliveries (days) and than a captured request is likely to be of use, and bounds what is stored.
    /// </summary>
    public static readonly TimeSpan ReplayWindowWithoutTime = TimeSpan.FromDays(30);

    private static readonly byte[] NoKey = RandomNumberGenerator.GetBytes(32);

    /// <summary>Checks a request. The work is the same whatever is wrong with it.</summary>
    /// <param name="caller">The form of the signature.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="body">Its body.</param>
    /// <param name="secrets">The secrets it may be signed with.</param>
    /// <param name="now">The time.</param>
    public static CallerVerdict Verify(HttpCaller caller, IHeaderDictionary headers, ReadOnlyMemory<byte> body, IReadOnlyList<Sensitive<string>> secrets, DateTimeOffset now)
    {
        var claim = caller.Form switch
        {
            HttpSignatureForm.GitHub => new Claim("", Hex(headers, "X-Hub-Signature-256", "sha256="), null, HasTime: false),
            HttpSignatureForm.Slack => Slack(headers),
            HttpSignatureForm.Stripe => Stripe(headers),
            _ => Generic(caller, headers),
        };
        byte[]? matched = null;
        foreach (var key in secrets.Count == 0 ? [NoKey] : secrets.Select(secret => Encoding.UTF8.GetBytes(secret.Reveal())))
        {
            using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
            hash.AppendData(Encoding.UTF8.GetBytes(claim.SignedBefore));
            hash.AppendData(body.Span);
            var expected = hash.GetHashAndReset();
            foreach (var signature in claim.Signatures.DefaultIfEmpty(NoKey))
            {
                matched = CryptographicOperations.FixedTimeEquals(signature, expected) ? expected : matched;
            }

            CryptographicOperations.ZeroMemory(key.AsSpan(0, key == NoKey ? 0 : key.Length));
        }

        var age = claim.Time is { } time ? (now - time).Duration() : TimeSpan.Zero;
        return secrets.Count == 0 ? CallerVerdict.Refuse("its secret cannot be used")
            : claim.Signatures.Count == 0 ? CallerVerdict.Refuse("it has no signature in the form asked for")
            : claim is { HasTime: true, Time: null } ? CallerVerdict.Refuse("it has no valid time")
            : matched is null ? CallerVerdict.Refuse("its signature is not made with the secret, or its body was changed")
            : age > caller.Tolerance ? CallerVerdict.Refuse("its time is too far from now")
            : CallerVerdict.Once("hmac:" + Convert.ToHexStringLower(matched), claim.HasTime ? caller.Tolerance * 2 : ReplayWindowWithoutTime);
    }

    private static Claim Generic(HttpCaller caller, IHeaderDictionary headers)
    {
        var name = caller.Header ?? "X-Signature";
        var signatures = caller.IsBase64 ? Base64(headers, name, caller.Prefix ?? "") : Hex(headers, name, caller.Prefix ?? "");
        if (caller.TimestampHeader is not { } timeHeader)
        {
            return new Claim("", signatures, null, HasTime: false);
        }

        var time = Single(headers, timeHeader);
        return new Claim($"{time}.", signatures, ToTime(time), HasTime: true);
    }

    private static Claim Slack(IHeaderDictionary headers)
    {
        var time = Single(headers, "X-Slack-Request-Timestamp");
        return new Claim($"v0:{time}:", Hex(headers, "X-Slack-Signature", "v0="), ToTime(time), HasTime: true);
    }

    private static Claim Stripe(IHeaderDictionary headers)
    {
        string? time = null;
        var signatures = new List<byte[]>();
        foreach (var part in Single(headers, "Stripe-Signature").Split(',', 20, StringSplitOptions.TrimEntries))
        {
            if (part.StartsWith("t=", StringComparison.Ordinal))
            {
                // A second time would leave open which one was signed.
                time = time is null ? part[2..] : "";
            }
            else if (part.StartsWith("v1=", StringComparison.Ordinal) && signatures.Count < MaxSignatures && FromHex(part[3..]) is { } signature)
            {
                signatures.Add(signature);
            }
        }

        return new Claim($"{time}.", signatures, ToTime(time ?? ""), HasTime: true);
    }

    private static List<byte[]> Hex(IHeaderDictionary headers, string name, string prefix) =>
        Single(headers, name) is var value && value.StartsWith(prefix, StringComparison.Ordinal) && FromHex(value[prefix.Length..]) is { } signature ? [signature] : [];

    private static List<byte[]> Base64(IHeaderDictionary headers, string name, string prefix)
    {
        var value = Single(headers, name);
        var signature = new byte[32];
        return value.StartsWith(prefix, StringComparison.Ordinal) && value.Length - prefix.Length == 44
            && Convert.TryFromBase64String(value[prefix.Length..], signature, out var length) && length == signature.Length
            ? [signature] : [];
    }

    private static byte[]? FromHex(string text)
    {
        var signature = new byte[32];
        return text.Length == 64 && Convert.FromHexString(text, signature, out _, out var length) == System.Buffers.OperationStatus.Done && length == signature.Length ? signature : null;
    }

    /// <summary>A header that comes twice is as good as none: which of the two would count?</summary>
    private static string Single(IHeaderDictionary headers, string name) => headers[name] is [{ } value] ? value.Trim() : "";

    private static DateTimeOffset? ToTime(string seconds) =>
        seconds.Length is > 0 and <= 11 && long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? DateTimeOffset.FromUnixTimeSeconds(number) : null;

    /// <param name="SignedBefore">What is signed before the body.</param>
    /// <param name="Signatures">The signatures that were sent, 32 bytes each.</param>
    /// <param name="Time">When it was signed, if that can be told.</param>
    /// <param name="HasTime">The form signs a time.</param>
    private sealed record Claim(string SignedBefore, IReadOnlyList<byte[]> Signatures, DateTimeOffset? Time, bool HasTime);
}
