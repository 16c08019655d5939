using FederationWorkflows.Server.Approvals;

namespace FederationWorkflows.Server.Pages.Approvals;

/// <summary>An approval as a person sees it.</summary>
/// <param name="Open">What is asked.</param>
/// <param name="Problem">What keeps the person from deciding; null when he may.</param>
public sealed record ApprovalRow(OpenApproval Open, string? Problem);
