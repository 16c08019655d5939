namespace FederationWorkflows.Engine.Descriptors;

/// <summary>A source of activity types. A source whose types change at run time asks the registry to refresh.</summary>
public interface IActivityProvider
{
    /// <summary>The activity types the source has now.</summary>
    ValueTask<IEnumerable<ActivityDescriptor>> GetDescriptorsAsync(CancellationToken cancellationToken);
}

/// <summary>Activity types that are classes.</summary>
public sealed class TypedActivityProvider(params IReadOnlyList<Type> activityTypes) : IActivityProvider
{
    private readonly IReadOnlyList<ActivityDescriptor> descriptors = [.. activityTypes.Select(ActivityDescriber.Describe)];

    /// <summary>All public and internal concrete activity classes of an assembly that carry <see cref="ActivityAttribute"/>.</summary>
    public static TypedActivityProvider FromAssemblyOf<TMarker>() =>
        new([.. typeof(TMarker).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false, IsGenericTypeDefinition: false } && typeof(Activity).IsAssignableFrom(type) && Attribute.IsDefined(type, typeof(ActivityAttribute)))]);

    /// <inheritdoc/>
    public ValueTask<IEnumerable<ActivityDescriptor>> GetDescriptorsAsync(CancellationToken cancellationToken) => new(descriptors);
}
