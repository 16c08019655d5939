using FederationWorkflows.Cli;
using FederationWorkflows.Cli.CredentialProcess;

// Asked for with each command of the AWS CLI: nothing else is loaded before.
return WarmAnswer.TryPrint(args) ? ExitCodes.Ok : await Commands.RunAsync(args);
