// Package resources declares the built-in resources: projects, tasks and documents. It uses the public API alone,
// so that whatever it does, a user's own resource can do as well. Nothing of how they are stored or served may
// appear here.
package resources

import "github.com/tenantry/tenantry"

// Register adds the built-in resources to app.
func Register(app *tenantry.App) {
	registerProjects(app)
	registerTasks(app)
	registerDocuments(app)
}
