// Package resource holds the use cases of every resource alike: list, get, create, replace, patch, delete, actions
// and reports. Each asks policy, decodes with codec, runs the hooks inside one transaction of the caller's tenant,
// appends the event and commits.
//
// It knows no HTTP and no engine: it speaks storage's contract and returns JSON. What is special about one
// resource does not belong here but into its Definition.
package resource
