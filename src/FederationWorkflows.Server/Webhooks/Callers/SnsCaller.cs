using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using FederationWorkflows.Http.Endpoints;
using FederationWorkflows.Http.Outbound;

namespace FederationWorkflows.Server.Webhooks.Callers;

/// <summary>
/// Checks messages of Amazon SNS: topic, age, and the signature with the certificate of the topic's own region. Only what is proven to come from the
/// topic makes this server call anybody but that region's SNS for its certificate.
/// </summary>
internal sealed partial class SnsCaller(IOutboundHttp http, TimeProvider timeProvider, ILogger<SnsCaller> logger) : IDisposable
{
    private const int MaxBytes = 64 * 1024;

    private const int MaxCertificates = 64;

    private static readonly TimeSpan Kept = TimeSpan.FromHours(12);

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    /// <summary>A region has one or two certificates at a time; more names that nobody knew are made up.</summary>
    private const int MaxUnknownPerMinute = 10;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Certificate> certificates = new(StringComparer.Ordinal);

    /// <summary>Until when addresses that gave no certificate are not asked again. As many as may be asked in that time, and no more.</summary>
    private readonly Dictionary<string, DateTimeOffset> missing = new(StringComparer.Ordinal);

    private readonly Lock missingLock = new();

    private (DateTimeOffset Since, int Count) asked;

    private readonly SemaphoreSlim fetching = new(1, 1);

    public async ValueTask<CallerVerdict> VerifyAsync(HttpCaller caller, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (SnsMessage.Parse(body) is not { } message)
        {
            return CallerVerdict.Refuse("it is no message of SNS");
        }

        if (message.TopicArn != caller.TopicArn || message.MessageId.Length is 0 or > 100)
        {
            return CallerVerdict.Refuse("it is of another topic");
        }

        if (message.Timestamp is not { } sentAt || (timeProvider.GetUtcNow() - sentAt).Duration() > caller.Tolerance)
        {
            return CallerVerdict.Refuse("its time is too far from now");
        }

        if (OfRegion(message.SigningCertUrl, caller.TopicArn) is not { } address || !CertificatePath().IsMatch(address.PathAndQuery))
        {
            return CallerVerdict.Refuse("its certificate is not of the SNS of the topic's region");
        }

        HashAlgorithmName? hash = message.SignatureVersion switch { "1" => HashAlgorithmName.SHA1, "2" => HashAlgorithmName.SHA256, _ => null };
        var signature = new byte[1024];
        if (hash is not { } algorithm || !Convert.TryFromBase64String(message.Signature, signature, out var length))
        {
            return CallerVerdict.Refuse("its signature is of no version that is known");
        }

        if (await FindKeyAsync(address, cancellationToken) is not { } key)
        {
            return CallerVerdict.Refuse("its certificate cannot be had");
        }

        using var rsa = RSA.Create(key);
        if (!rsa.VerifyData(message.SignedContent, signature.AsSpan(0, length), algorithm, RSASignaturePadding.Pkcs1))
        {
            return CallerVerdict.Refuse("its signature is not the topic's");
        }

        return message.Type switch
        {
            SnsMessage.Notification => CallerVerdict.Once("sns:" + message.MessageId, caller.Tolerance * 2),
            SnsMessage.SubscriptionConfirmation => await ConfirmAsync(message, cancellationToken),
            _ => CallerVerdict.Handled,
        };
    }

    public void Dispose() => fetching.Dispose();

    /// <summary>An address of the SNS of the topic's region; null when it is any other.</summary>
    private static Uri? OfRegion(string address, string? topicArn)
    {
        var parts = topicArn!.Split(':');
        var host = $"sns.{parts[3]}.amazonaws.com{(parts[1] == "aws-cn" ? ".cn" : "")}";
        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.IsDefaultPort && uri.UserInfo.Length == 0 && uri.Host == host ? uri : null;
    }

    private async ValueTask<CallerVerdict> ConfirmAsync(SnsMessage message, CancellationToken cancellationToken)
    {
        if (OfRegion(message.SubscribeUrl, message.TopicArn) is not { } address)
        {
            return CallerVerdict.Refuse("its subscription is to be confirmed elsewhere than at the SNS of the topic's region");
        }

        if (await FetchAsync(address, cancellationToken) is null)
        {
            return CallerVerdict.Refuse("its subscription could not be confirmed");
        }

        LogConfirmed(message.TopicArn);
        return CallerVerdict.Handled;
    }

    /// <summary>The key of a certificate. Strangers can name certificates that are not there: those are not asked for again at once, nor several at a time.</summary>
    private async ValueTask<RSAParameters?> FindKeyAsync(Uri address, CancellationToken cancellationToken)
    {
        var now = timeProvider.GetUtcNow();
        if (certificates.TryGetValue(address.AbsoluteUri, out var known) && now < known.Until)
        {
            return known.KeyAt(now);
        }

        // One that was good before is fetched again whatever strangers name in the meantime.
        if (known is null && !MayAsk(address.AbsoluteUri, now))
        {
            return null;
        }

        await fetching.WaitAsync(cancellationToken);
        try
        {
            if (certificates.TryGetValue(address.AbsoluteUri, out known) && now < known.Until)
            {
                return known.KeyAt(now);
            }

            if (await FetchAsync(address, cancellationToken) is not { } text || Read(text, now) is not { } read)
            {
                return null;
            }

            if (certificates.Count >= MaxCertificates && known is null)
            {
                certificates.TryRemove(certificates.MinBy(kept => kept.Value.Until).Key, out _);
            }

            certificates[address.AbsoluteUri] = read;
            return read.KeyAt(now);
        }
        finally
        {
            fetching.Release();
        }
    }

    /// <summary>An address that is not known may be asked: not twice within a minute, and only so many of them.</summary>
    private bool MayAsk(string address, DateTimeOffset now)
    {
        lock (missingLock)
        {
            if (now - asked.Since >= Pause)
            {
                asked = (now, 0);
                foreach (var over in missing.Where(entry => entry.Value <= now).Select(entry => entry.Key).ToArray())
                {
                    missing.Remove(over);
                }
            }

            if (asked.Count >= MaxUnknownPerMinute || (missing.TryGetValue(address, out var until) && now < until))
            {
                return false;
            }

            asked.Count++;
            missing[address] = now + Pause;
            return true;
        }
    }

    private static Certificate? Read(string pem, DateTimeOffset now)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            using var key = certificate.GetRSAPublicKey();
            return key is not { KeySize: >= 2048 }
                ? null
                : new Certificate(key.ExportParameters(includePrivateParameters: false), certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime(), now + Kept);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>What an address answers; null when it does not answer, answers an error, or leads elsewhere.</summary>
    private async Task<string?> FetchAsync(Uri address, CancellationToken cancellationToken)
    {
        using var client = http.CreateClient();
        client.MaxResponseContentBufferSize = MaxBytes;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeLimit);
        try
        {
            using var response = await client.GetAsync(address, limit.Token);
            return response.IsSuccessStatusCode && response.RequestMessage?.RequestUri?.Host == address.Host ? await response.Content.ReadAsStringAsync(limit.Token) : null;
        }
        catch (Exception e) when (e is HttpRequestException or OutboundRequestRefusedException or OutboundResponseTooLargeException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogNotFetched(address.Host, e.Message);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Information, "The subscription to the topic {Topic} is confirmed")]
    private partial void LogConfirmed(string topic);

    [LoggerMessage(LogLevel.Warning, "{Host} did not answer: {Reason}")]
    private partial void LogNotFetched(string host, string reason);

    [GeneratedRegex(@"\A/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem\z")]
    private static partial Regex CertificatePath();

    private sealed record Certificate(RSAParameters Key, DateTimeOffset From, DateTimeOffset To, DateTimeOffset Until)
    {
        public RSAParameters? KeyAt(DateTimeOffset now) => now >= From && now < To ? Key : null;
    }
}
