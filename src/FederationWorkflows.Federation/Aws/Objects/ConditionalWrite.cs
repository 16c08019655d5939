namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>The condition that a request carries; at most one of them.</summary>
internal sealed record WriteGuard(string? IfMatch, string? IfNoneMatch)
{
    public static WriteGuard None { get; } = new(null, null);

    public static WriteGuard Absent { get; } = new(null, "*");

    public static WriteGuard Still(string etag) => new(etag, null);
}

/// <summary>
/// One write under its condition (Amazon S3 User Guide, "How to prevent object overwrites with conditional writes"). When S3 says that the object is
/// not as the condition asks, it may be this very write that made it so, in an attempt of which no answer came: the mark on the object tells.
/// </summary>
internal sealed class ConditionalWrite(OutboundCall call, ObjectTarget target, IObjects reads)
{
    private const int MaxAttempts = 4;
    private const int Conflict = 409;
    private const int PreconditionFailed = 412;
    private const int NotFound = 404;
    private const int Forbidden = 403;

    public OutboundCall Call => call;

    /// <summary>Writes.</summary>
    /// <param name="write">Sends it, under the condition given.</param>
    /// <param name="isCostly">It is worth a look before.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<WrittenObject> RunAsync(Func<WriteGuard, Task<WrittenObject>> write, bool isCostly, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var guard = target.Condition == WriteCondition.IfMatch ? WriteGuard.Still(target.ETag!) : WriteGuard.Absent;
            if (isCostly || target.Condition == WriteCondition.Always)
            {
                var (before, isKnown) = await LookAsync(cancellationToken);
                if (before is not null && OwnWrite.Is(before, target))
                {
                    return Repeated(before);
                }

                Check(before, isKnown);
                guard = target.Condition != WriteCondition.Always ? guard
                    : before is not null ? WriteGuard.Still(before.ETag)
                    : isKnown ? WriteGuard.Absent
                    : WriteGuard.None;
            }

            try
            {
                return await write(guard);
            }
            catch (FederationException exception) when (IsAboutTheObject(exception))
            {
                var (now, isKnown) = await LookAsync(cancellationToken);
                if (now is not null && OwnWrite.Is(now, target))
                {
                    return Repeated(now);
                }

                if (attempt == MaxAttempts || !(exception.HttpStatus == Conflict || target.Condition == WriteCondition.Always))
                {
                    throw Refused(now, isKnown, exception);
                }
            }
        }
    }

    private static WrittenObject Repeated(ObjectFacts facts) => new(facts.ETag, facts.VersionId, facts.Size, IsRepeat: true);

    private bool IsAboutTheObject(FederationException exception) =>
        exception.HttpStatus is PreconditionFailed
        || (exception.HttpStatus == Conflict && exception.Code == ObjectAdvice.Conflict)
        || (exception.HttpStatus == NotFound && exception.Code == ObjectAdvice.NoSuchKey && exception.Api == call.Api && target.Condition != WriteCondition.IfAbsent);

    /// <summary>The object as it is, null when there is none; not known when the credentials may not look.</summary>
    private async Task<(ObjectFacts? Facts, bool IsKnown)> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await reads.DescribeAsync(target.Address, cancellationToken), true);
        }
        catch (FederationException exception) when (exception.HttpStatus == NotFound && exception.Code != "NoSuchBucket")
        {
            return (null, true);
        }
        catch (FederationException exception) when (exception.HttpStatus == Forbidden)
        {
            return (null, false);
        }
    }

    /// <summary>What cannot succeed any more is not sent.</summary>
    private void Check(ObjectFacts? before, bool isKnown)
    {
        if (isKnown && target.Condition switch
        {
            WriteCondition.IfAbsent => before is not null,
            WriteCondition.IfMatch => before?.ETag.Trim('"') != target.ETag!.Trim('"'),
            _ => false,
        })
        {
            throw Refused(before, isKnown, null);
        }
    }

    private FederationException Refused(ObjectFacts? found, bool isKnown, FederationException? exception)
    {
        var (detail, advice) = target.Condition switch
        {
            _ when !isKnown => (
                exception?.Detail ?? "the object is not as the condition asks",
                "Whether this very activity wrote it in an earlier attempt cannot be seen: allow s3:GetObject to find out."),
            WriteCondition.IfAbsent when found is null => ("an object with this key was there, and is gone again", "Try again."),
            WriteCondition.IfAbsent => (
                $"an object with this key exists (ETag {found?.ETag}, written {found?.LastModified:yyyy-MM-dd'T'HH:mm:ss'Z'}), and nothing is overwritten",
                $"Choose another key, or the condition {nameof(WriteCondition.IfMatch)} or {nameof(WriteCondition.Always)}."),
            WriteCondition.IfMatch when found is null => ("there is no object with this key any more", $"Write it with the condition {nameof(WriteCondition.IfAbsent)}."),
            WriteCondition.IfMatch => ($"the object has the ETag {found.ETag} now", "Somebody else has written it: read it again, and decide anew."),
            _ => ("others keep writing the object", "Try again later."),
        };
        return new FederationException(
            new Failure
            {
                Cloud = Cloud.Aws,
                Side = FailureSide.Cloud,
                Service = call.Service,
                Api = call.Api,
                Code = exception?.HttpStatus == Conflict ? ObjectAdvice.Conflict : ObjectAdvice.PreconditionFailed,
                HttpStatus = exception?.HttpStatus ?? PreconditionFailed,
                Detail = detail,
                Advice = advice,
                IsRetryable = target.Condition == WriteCondition.Always || exception?.HttpStatus == Conflict,
            },
            exception);
    }
}
