package resources

import "github.com/tenantry/tenantry"

// Project is a piece of work that tasks and documents belong to.
type Project struct {
	tenantry.Record

	Name        string `json:"name"        tenantry:"required,unique,max=255,filter,sort,search"                              doc:"The project's name, unique in the tenant."`
	Description string `json:"description" tenantry:"max=10000,search"                                                        doc:"What the project is about."`
	Status      string `json:"status"      tenantry:"enum=active|completed|archived,default=active,filter,sort"               doc:"How far the project is."`
	TasksCount  int64  `json:"tasks_count" tenantry:"count=tasks.project,filter,sort"                                         doc:"How many tasks the project has."`
}

func registerProjects(app *tenantry.App) {
	projects := tenantry.Register(app, "projects", tenantry.Resource[Project]{
		Description: "Pieces of work that tasks and documents belong to.",
		Read:        tenantry.Viewers,
		Write:       tenantry.Members,
	})
	tenantry.Report(projects, "statistics", statistics)
}
