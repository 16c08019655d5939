using System.CommandLine;
using FederationWorkflows.Cli.Audit;
using FederationWorkflows.Cli.CredentialProcess;
using FederationWorkflows.Cli.Demo;
using FederationWorkflows.Cli.Diagram;
using FederationWorkflows.Cli.Eval;
using FederationWorkflows.Cli.Explain;
using FederationWorkflows.Cli.Lab;
using FederationWorkflows.Cli.Lint;
using FederationWorkflows.Cli.Run;
using FederationWorkflows.Cli.Runs;
using FederationWorkflows.Cli.ServeCredentials;
using FederationWorkflows.Cli.Setup;
using FederationWorkflows.Cli.SignIn;
using FederationWorkflows.Cli.Stories;
using FederationWorkflows.Cli.Validate;

namespace FederationWorkflows.Cli;

/// <summary>All commands, and how one is run.</summary>
internal static class Commands
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var root = new RootCommand("FederationWorkflows: automation across Google Cloud and AWS without static keys. Exit codes: 0 done, 1 failed, 2 the answer is no (lint, explain), 130 ended by Ctrl-C before it was done.")
        {
            DemoCommand.Create(),
            RunCommand.Create(),
            RunsCommand.Create(),
            StoriesCommand.Create(),
            LoginCommand.Create(),
            LogoutCommand.Create(),
            AuditCommand.Create(),
            ValidateCommand.Create(),
            EvalCommand.Create(),
            DiagramCommand.Create(),
            LintCommand.Create(),
            ExplainCommand.Create(),
            SetupCommand.Create(),
            CredentialProcessCommand.Create(),
            ServeCredentialsCommand.Create(),
            LabCommand.Create(),
        };
        var parsed = root.Parse(arguments);
        using var interruption = new Interruption();
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interruption.Token);
        }
        catch (Exception e)
        {
            return Failure.Report(e, JsonOutput.IsWanted(parsed));
        }
    }
}
