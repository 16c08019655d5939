using Microsoft.AspNetCore.Http;

namespace FederationWorkflows.CloudLab.Aws.Iam;

/// <summary>IAM's refusals (AWS IAM API Reference).</summary>
internal static class IamErrors
{
    public static AwsException NoSuchUser(string name) => NoSuchEntity($"The user with name {name} cannot be found.");

    public static AwsException NoSuchRole(string name) => NoSuchEntity($"The role with name {name} cannot be found.");

    public static AwsException NoSuchPolicy(string kind, string policy) => NoSuchEntity($"The {kind} policy with name {policy} cannot be found.");

    public static AwsException NoSuchKey(string id) => NoSuchEntity($"The Access Key with id {id} cannot be found.");

    public static AwsException TooManyKeys() => new(
        "LimitExceeded", $"Cannot exceed quota for AccessKeysPerUser: {AccessKeyStore.MaximumKeysOfUser}", StatusCodes.Status409Conflict);

    public static AwsException TooManyTags() => new("LimitExceeded", "The number of tags has reached the maximum limit.", StatusCodes.Status409Conflict);

    public static AwsException DuplicateTags() =>
        new("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.", StatusCodes.Status400BadRequest);

    public static AwsException UserNameNeeded() => QueryParameters.Invalid("Must specify userName when calling with non-User credentials");

    private static AwsException NoSuchEntity(string message) => new("NoSuchEntity", message, StatusCodes.Status404NotFound);
}
