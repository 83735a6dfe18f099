package cli

// commands is the whole command line; its tags are the names and the help.
type commands struct {
	Serve    serveCommand    `cmd:"" help:"Serve the API."`
	Demo     demoCommand     `cmd:"" help:"Add sample tenants, users and records, and write a file of tokens to try them with."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database up to date, or say what is pending."`
	Tenant   tenantCommand   `cmd:"" help:"Make, list, suspend, activate and erase tenants."`
	User     userCommand     `cmd:"" help:"Make and list users, set passwords, add users to tenants."`
	Operator operatorCommand `cmd:"" help:"Make operators of the platform."`
	Keys     keysCommand     `cmd:"" help:"List, rotate and retire the keys that sign tokens."`
	Token    tokenCommand    `cmd:"" help:"Print tokens for a member."`
	Events   eventsCommand   `cmd:"" help:"Check the audit trails."`
	Doctor   doctorCommand   `cmd:"" help:"Check the database and the configuration, and say what to do."`
	Prove    proveCommand    `cmd:"" help:"Attack a running service as one of its tenants would, and say whether anything came through."`
	OpenAPI  openapiCommand  `cmd:"" name:"openapi" help:"Print the OpenAPI document of the API."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}
