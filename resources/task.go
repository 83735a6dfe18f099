package resources

import (
	"context"
	"time"

	"github.com/tenantry/tenantry"
)

// statusDone is the status of a task that needs no more work.
const statusDone = "done"

// Task is something to be done for a project.
type Task struct {
	tenantry.Record

	Project     string         `json:"project"      tenantry:"required,ref=projects,cascade,nested,filter,sort"                         doc:"The project that the task belongs to."`
	ProjectName string         `json:"project_name" tenantry:"lookup=project.name,filter,sort"                                          doc:"The project's name."`
	Title       string         `json:"title"        tenantry:"required,max=255,filter,sort,search"                                      doc:"What is to be done."`
	Description string         `json:"description"  tenantry:"max=10000,search"                                                         doc:"The details."`
	Status      string         `json:"status"       tenantry:"enum=todo|in_progress|done,default=todo,filter,sort"                      doc:"How far the task is."`
	Priority    string         `json:"priority"     tenantry:"enum=low|medium|high|critical,default=medium,filter,sort"                 doc:"How important the task is."`
	Assignee    *string        `json:"assignee"     tenantry:"ref=members,filter,sort"                                                  doc:"The user id of the member who does it."`
	DueDate     *tenantry.Date `json:"due_date"     tenantry:"filter,sort"                                                              doc:"The last day on which it may be done."`
	CompletedAt *time.Time     `json:"completed_at" tenantry:"readonly,filter,sort"                                                     doc:"When it was done; null while it is not."`
}

func registerTasks(app *tenantry.App) {
	tasks := tenantry.Register(app, "tasks", tenantry.Resource[Task]{
		Description: "Things to be done for a project.",
		Read:        tenantry.Viewers,
		Write:       tenantry.Members,
		BeforeWrite: stampCompletion,
	})
	tenantry.Listing(tasks, "by-status", "status")
	tenantry.Action(tasks, "complete", complete)
}

// stampCompletion keeps completed_at in step with the status.
func stampCompletion(_ context.Context, tx *tenantry.Tx, task *Task) error {
	if task.Status != statusDone {
		task.CompletedAt = nil
	} else if task.CompletedAt == nil {
		now := tx.Now()
		task.CompletedAt = &now
	}
	return nil
}

func complete(_ context.Context, _ *tenantry.Tx, task *Task) error {
	task.Status = statusDone
	return nil
}
