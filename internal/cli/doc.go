// Package cli is the command line: its commands, flags, messages and tables, and the reading of the environment
// and of the .env file. What a command does to data, the root package hands in as a Program; so nothing here
// knows an engine, SQL or HTTP.
//
// It promises that whatever goes wrong is one line on stderr that names what is wrong and what to do, with exit
// code 2 where the command was given wrongly and 1 where it failed; and that no secret is ever printed: neither
// signing keys nor the passwords within database URLs.
package cli
