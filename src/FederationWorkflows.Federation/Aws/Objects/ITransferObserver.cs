namespace FederationWorkflows.Federation.Aws.Objects;

/// <summary>Is told how far the transfers of activities are, by a host that shows it: one service, or none. It is called often, by several threads, and must return at once.</summary>
public interface ITransferObserver
{
    /// <summary>Something has moved.</summary>
    /// <param name="executionId">The execution of the activity that transfers.</param>
    /// <param name="progress">How far it is.</param>
    void OnMoved(string executionId, TransferProgress progress);
}
