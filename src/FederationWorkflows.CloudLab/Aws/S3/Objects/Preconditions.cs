using System.Globalization;
using FederationWorkflows.CloudLab.Aws.S3.Storage;

namespace FederationWorkflows.CloudLab.Aws.S3.Objects;

/// <summary>Conditions on what is read, copied, written and deleted (Amazon S3 User Guide, "Add preconditions to S3 operations with conditional requests").</summary>
internal static class Preconditions
{
    public static void CheckRead(AwsCall call, LabObject value)
    {
        if (FirstUnmet(call, value, string.Empty) is not { } unmet)
        {
            return;
        }

        throw unmet is "If-None-Match" or "If-Modified-Since" ? S3Errors.NotModified() : S3Errors.PreconditionFailed(unmet);
    }

    public static void CheckSource(AwsCall call, LabObject value)
    {
        if (FirstUnmet(call, value, "x-amz-copy-source-") is { } unmet)
        {
            throw S3Errors.PreconditionFailed(unmet);
        }
    }

    public static void CheckWrite(S3Call call, LabObject? before, ConditionalWrite write)
    {
        var noneMatch = call.Header("If-None-Match");
        var match = call.Header("If-Match");
        if (noneMatch is not (null or "*"))
        {
            throw S3Errors.NotImplemented("If-None-Match with anything but *");
        }

        if (noneMatch is not null && before is not null)
        {
            throw S3Errors.PreconditionFailed("If-None-Match");
        }

        if (match is not null && (before is null || !before.IsTagged(match)))
        {
            throw before is null ? S3Errors.NoSuchKey(call.Key) : S3Errors.PreconditionFailed("If-Match");
        }

        if (write.IsDisturbed && (noneMatch ?? match) is not null)
        {
            throw S3Errors.ConditionalRequestConflict(noneMatch is null ? "If-Match" : "If-None-Match", call.Key);
        }
    }

    public static void CheckDelete(string? match, string key, LabObject? before)
    {
        if (match is null || before?.IsTagged(match) == true)
        {
            return;
        }

        throw before is null && match != "*" ? S3Errors.NoSuchKey(key) : S3Errors.PreconditionFailed("If-Match");
    }

    // An entity tag speaks louder than a date: a date is not looked at when the tag's condition of its kind is there (RFC 9110 section 13.2.2).
    private static string? FirstUnmet(AwsCall call, LabObject value, string prefix)
    {
        string Name(string condition) => prefix.Length == 0 ? condition : prefix + condition.ToLowerInvariant();
        var match = call.Header(Name("If-Match"));
        if (match is not null ? !value.IsTagged(match) : Date(call, Name("If-Unmodified-Since")) is { } unmodified && value.LastModified > unmodified)
        {
            return Name(match is not null ? "If-Match" : "If-Unmodified-Since");
        }

        var noneMatch = call.Header(Name("If-None-Match"));
        if (noneMatch is not null ? value.IsTagged(noneMatch) : Date(call, Name("If-Modified-Since")) is { } modified && value.LastModified <= modified)
        {
            return Name(noneMatch is not null ? "If-None-Match" : "If-Modified-Since");
        }

        return null;
    }

    // What is no date is no condition (RFC 9110 section 13.1.3).
    private static DateTimeOffset? Date(AwsCall call, string header) =>
        DateTimeOffset.TryParse(call.Header(header), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;
}
