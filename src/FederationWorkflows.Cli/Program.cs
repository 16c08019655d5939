using System.CommandLine;
using FederationWorkflows.Cli;
using FederationWorkflows.Cli.Audit;
using FederationWorkflows.Cli.Demo;
using FederationWorkflows.Cli.Diagram;
using FederationWorkflows.Cli.Eval;
using FederationWorkflows.Cli.Lab;
using FederationWorkflows.Cli.Run;
using FederationWorkflows.Cli.Runs;
using FederationWorkflows.Cli.SignIn;
using FederationWorkflows.Cli.Stories;
using FederationWorkflows.Cli.Validate;

var root = new RootCommand("FederationWorkflows: automation across Google Cloud and AWS without static keys. Exit codes: 0 done, 1 failed, 130 ended by Ctrl-C before it was done.")
{
    DemoCommand.Create(),
    RunCommand.Create(),
    RunsCommand.Create(),
    StoriesCommand.Create(),
    LoginCommand.Create(),
    LogoutCommand.Create(),
    AuditCommand.Create(),
    ValidateCommand.Create(),
    DiagramCommand.Create(),
    EvalCommand.Create(),
    LabCommand.Create(),
};
var parsed = root.Parse(args);
using var interruption = new Interruption();
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interruption.Token);
}
catch (Exception e)
{
    return Failure.Report(e, JsonOutput.IsWanted(parsed));
}
