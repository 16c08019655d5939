namespace FederationWorkflows.CloudLab;

/// <summary>An EC2 instance with a role. The role's trust policy must let <c>ec2.amazonaws.com</c> assume it.</summary>
public sealed record AwsInstance
{
    /// <summary>Its id.</summary>
    public string Id { get; init; } = "i-0123456789abcdef0";

    /// <summary>The role's ARN; left out, the instance has none.</summary>
    public string? Role { get; init; }

    /// <summary>Where it is, for example <c>us-east-1a</c>.</summary>
    public string AvailabilityZone { get; init; } = "us-east-1a";
}

/// <summary>A container with a role: an ECS task, whose role trusts <c>ecs-tasks.amazonaws.com</c>, or an EKS pod, whose role trusts <c>pods.eks.amazonaws.com</c>.</summary>
public sealed record AwsContainer
{
    /// <summary>The role's ARN.</summary>
    public required string Role { get; init; }

    /// <summary>What a request must have as <c>Authorization</c>, as in an EKS pod; left out, nothing, as in an ECS task.</summary>
    public string? AuthorizationToken { get; init; }
}
