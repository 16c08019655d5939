using System.ComponentModel.DataAnnotations;
using System.Globalization;
using FederationWorkflows.Engine.Activities.Time;
using FederationWorkflows.Engine.Execution;

namespace FederationWorkflows.Engine.Activities.Tasks;

/// <summary>Asks people to approve or reject, and waits until enough have decided or the time is up.</summary>
[Activity("FederationWorkflows", "Approvals", "Ask people to approve or reject, and continue with what they decide.", DisplayName = "Request Approval")]
[FlowNode(Approved, Rejected, Expired)]
internal sealed class RequestApproval : Activity<object?>
{
    private const string Approved = "Approved";

    private const string Rejected = "Rejected";

    private const string Expired = "Expired";

    private const string ApproversKey = "approvers";

    private const string DecisionsKey = "decisions";

    private const int MostApprovals = 10;

    private const int MaxTitle = 500;

    private const int MaxNames = 100;

    /// <summary>People read it in a list; larger things belong into what the story links to.</summary>
    private const int MaxDetails = 32 * 1024;

    [Required]
    [Input(Description = "What is to be approved, in one line.")]
    public Input<string>? Title { get; set; }

    [TakesSensitive]
    [Input(Description = "What people should know to decide. Secrets in it are masked.", UIHint = InputUIHints.MultiLine)]
    public Input<object?>? Details { get; set; }

    [Input(Description = "The names of users who may decide. Without names and roles: everybody who may decide tasks.", UIHint = InputUIHints.MultiText, Category = "Who")]
    public Input<ICollection<string>?>? Approvers { get; set; }

    [Input(Description = "Roles whose users may decide.", UIHint = InputUIHints.MultiText, Category = "Who")]
    public Input<ICollection<string>?>? ApproverRoles { get; set; }

    [Input(Description = "How many different people must approve, 1 to 10.", DefaultValue = 1, Category = "Who")]
    public Input<int?>? RequiredApprovals { get; set; }

    [Input(DisplayName = "Not the starter", Description = "Who started the run may not decide.", Category = "Who")]
    public Input<bool>? NotTheStarter { get; set; }

    [Input(Description = "After so long the outcome is Expired, for example 1.00:00:00 for a day. Never when empty.")]
    public Input<TimeSpan?>? Expiry { get; set; }

    [Input(Description = "Approvers for whom the output Links has a link that works once, for the story to send them.", UIHint = InputUIHints.MultiText, Category = "Links")]
    public Input<ICollection<string>?>? LinksFor { get; set; }

    [Output(Description = "The links, by name of approver. They are secrets.")]
    public Output<IDictionary<string, object?>?>? Links { get; set; }

    protected override async ValueTask ExecuteAsync(ActivityExecutionContext context)
    {
        var request = Read(context, await FindPeopleAsync(context), []);
        Keep(context, request);
        var links = new Dictionary<string, object?>();
        foreach (var person in Names(context.Get(LinksFor), "Links for"))
        {
            if (request.Approvers.FirstOrDefault(new Person(person).Is) is not { } approver)
            {
                throw new InvalidOperationException($"A link is wanted for '{person}', who is not among the approvers. Name him there, too.");
            }

            var maker = context.GetService<IApprovalLinks>() ?? throw new InvalidOperationException("Links are made by a server only. Leave 'Links for' empty here.");
            links[person] = await maker.CreateAsync(request.Id, approver, request.ExpiresAt, context.CancellationToken);
        }

        if (links.Count > 0)
        {
            context.Set(Links, links);
        }

        context.JournalData["ApprovalId"] = request.Id;
        Wait(context, request);
    }

    private ValueTask OnDecisionAsync(ActivityExecutionContext context)
    {
        var kept = (IReadOnlyDictionary<string, object?>)context.ContainerState!;
        var request = Read(
            context,
            [.. Maps(kept[ApproversKey]).Select(person => new Person((string)person["name"]!, (string?)person["id"]))],
            [.. Maps(kept[DecisionsKey]).Select(ApprovalDecision.FromMap)]);
        if (ApprovalDecision.From(context.ResumeInput) is not { } decision)
        {
            return context.ResumeInput is null
                ? CompleteAsync(context, request, Expired)
                : throw new InvalidOperationException("The approval was resumed with something that is no decision. Decide it in the inbox, or by a link.");
        }

        // Whoever resumed it has asked before, but what counts is what the run knows.
        if (request.Problem(decision) is null)
        {
            request = request with { Decisions = [.. request.Decisions, decision] };
            Keep(context, request);
            if (!decision.IsApproval)
            {
                return CompleteAsync(context, request, Rejected);
            }

            if (request.Decisions.Count >= request.RequiredApprovals)
            {
                return CompleteAsync(context, request, Approved);
            }
        }

        Wait(context, request);
        return ValueTask.CompletedTask;
    }

    /// <summary>Each decision ends one bookmark: of two made at the same time on what they saw, one is told to look again.</summary>
    private void Wait(ActivityExecutionContext context, ApprovalRequest request) => context.CreateBookmark(new CreateBookmarkArgs
    {
        BookmarkName = ApprovalStimulus.Kind,
        Stimulus = new ApprovalStimulus(request.Id),
        Callback = OnDecisionAsync,
        ResumeAt = request.ExpiresAt,
        Metadata = new Dictionary<string, string> { [ApprovalStimulus.RequestKey] = JsonValues.ToJson(request) },
    });

    private static ValueTask CompleteAsync(ActivityExecutionContext context, ApprovalRequest request, string outcome)
    {
        context.SetResult(new Dictionary<string, object?> { ["outcome"] = outcome, ["decisions"] = request.Decisions.Select(object? (decision) => decision.ToMap()).ToArray() });
        return context.CompleteActivityWithOutcomesAsync(outcome);
    }

    /// <summary>Who has the names now is meant: somebody who takes over such a name later is not, and who is called otherwise by then still is.</summary>
    private async ValueTask<IReadOnlyList<Person>> FindPeopleAsync(ActivityExecutionContext context)
    {
        var people = context.GetService<IPeople>();
        var approvers = new List<Person>();
        foreach (var name in Names(context.Get(Approvers), "Approvers"))
        {
            approvers.Add(new Person(name, people is null ? null : await people.FindIdAsync(name, context.CancellationToken)));
        }

        return approvers;
    }

    private static void Keep(ActivityExecutionContext context, ApprovalRequest request) => context.ContainerState = new Dictionary<string, object?>
    {
        [ApproversKey] = request.Approvers.Select(object? (person) => new Dictionary<string, object?> { ["name"] = person.Name, ["id"] = person.Id }).ToArray(),
        [DecisionsKey] = request.Decisions.Select(object? (decision) => decision.ToMap()).ToArray(),
    };

    private static IEnumerable<IReadOnlyDictionary<string, object?>> Maps(object? kept) => ((IReadOnlyList<object?>)kept!).Cast<IReadOnlyDictionary<string, object?>>();

    /// <summary>The inputs are the run's, people and decisions so far too: the same after a restart.</summary>
    private ApprovalRequest Read(ActivityExecutionContext context, IReadOnlyList<Person> approvers, IReadOnlyList<ApprovalDecision> decisions)
    {
        var title = context.Get(Title)?.Trim() is { Length: > 0 and <= MaxTitle } given ? given : throw new InvalidOperationException($"The title of an approval has 1 to {MaxTitle} characters.");
        var required = context.Get(RequiredApprovals) ?? 1;
        var expiry = context.Get(Expiry);
        var roles = Names(context.Get(ApproverRoles), "Approver roles");
        if (required is < 1 or > MostApprovals)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"From 1 to {MostApprovals} approvals can be required, not {required}."));
        }

        if (required > approvers.Count && approvers.Count > 0 && roles.Count == 0)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{required} people must approve, and only {approvers.Count} may. Name more approvers, or require fewer."));
        }

        if (expiry <= TimeSpan.Zero || expiry > Waiting.Longest)
        {
            throw new InvalidOperationException($"The expiry of an approval must be above zero and at most {Waiting.Longest.Days} days.");
        }

        var details = JsonValues.ToJson(context.GetMasked(Details));
        return new ApprovalRequest
        {
            Id = context.Id,
            Title = title,
            Details = details.Length <= MaxDetails ? JsonValues.Parse(details) : throw new InvalidOperationException($"The details of an approval have at most {MaxDetails} characters."),
            Approvers = approvers,
            Roles = roles,
            RequiredApprovals = required,
            NotTheStarter = context.Get(NotTheStarter),
            StartedBy = context.Run.StartedBy,
            ExpiresAt = context.StartedAt + expiry,
            Decisions = decisions,
        };
    }

    private static List<string> Names(ICollection<string>? names, string input)
    {
        var read = (names ?? []).Select(name => name.Trim()).Where(name => name.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        return read.Count <= MaxNames && read.TrueForAll(name => name.Length <= 300) ? read : throw new InvalidOperationException($"'{input}' takes at most {MaxNames} names of at most 300 characters.");
    }
}
