package resources

import (
	"context"
	"math"

	"github.com/tenantry/tenantry"
)

// Statistics are the numbers of a tenant's projects.
type Statistics struct {
	TotalProjects     int64              `json:"total_projects"      doc:"How many projects there are."`
	ActiveProjects    int64              `json:"active_projects"     doc:"How many of them are active."`
	CompletedProjects int64              `json:"completed_projects"  doc:"How many of them are completed."`
	ArchivedProjects  int64              `json:"archived_projects"   doc:"How many of them are archived."`
	ProjectsWithTasks int64              `json:"projects_with_tasks" doc:"How many of them have a task."`
	Tasks             TaskStatistics     `json:"tasks"               doc:"The numbers of all tasks."`
	Documents         DocumentStatistics `json:"documents"           doc:"The numbers of all documents."`
}

// TaskStatistics are the numbers of a tenant's tasks.
type TaskStatistics struct {
	Total          int64          `json:"total"           doc:"How many tasks there are."`
	ByStatus       StatusCounts   `json:"by_status"       doc:"How many there are of each status."`
	ByPriority     PriorityCounts `json:"by_priority"     doc:"How many there are of each priority."`
	Overdue        int64          `json:"overdue"         doc:"How many were due before today (UTC) and are not done."`
	CompletionRate float64        `json:"completion_rate" doc:"The share of tasks that are done, 0 to 1, in four digits."`
}

// StatusCounts are tasks by their status.
type StatusCounts struct {
	Todo       int64 `json:"todo"`
	InProgress int64 `json:"in_progress"`
	Done       int64 `json:"done"`
}

// PriorityCounts are tasks by their priority.
type PriorityCounts struct {
	Low      int64 `json:"low"`
	Medium   int64 `json:"medium"`
	High     int64 `json:"high"`
	Critical int64 `json:"critical"`
}

// DocumentStatistics are the numbers of a tenant's documents.
type DocumentStatistics struct {
	Total int64 `json:"total" doc:"How many documents there are."`
	Bytes int64 `json:"bytes" doc:"The sum of their sizes in bytes."`
}

func statistics(ctx context.Context, tx *tenantry.Tx) (Statistics, error) {
	today := tenantry.DateOf(tx.Now()).String()
	answers, err := tx.Ask(ctx,
		tenantry.Question{Resource: "projects", GroupBy: []string{"status"}},
		tenantry.Question{Resource: "tasks", GroupBy: []string{"status"}},
		tenantry.Question{Resource: "tasks", GroupBy: []string{"priority"}},
		tenantry.Question{Resource: "tasks", Where: tenantry.Where{"due_date__lt": today, "status__in": "todo,in_progress"}},
		tenantry.Question{Resource: "tasks", Distinct: "project"},
		tenantry.Question{Resource: "documents", Sum: "file_size"},
	)
	if err != nil {
		return Statistics{}, err
	}
	projects, statuses, priorities := byKey(answers[0]), byKey(answers[1]), byKey(answers[2])
	tasks, documents := answers[4][0], answers[5][0]
	return Statistics{
		TotalProjects:  projects["active"] + projects["completed"] + projects["archived"],
		ActiveProjects: projects["active"], CompletedProjects: projects["completed"], ArchivedProjects: projects["archived"],
		ProjectsWithTasks: tasks.Distinct,
		Tasks: TaskStatistics{
			Total:    tasks.Count,
			ByStatus: StatusCounts{Todo: statuses["todo"], InProgress: statuses["in_progress"], Done: statuses[statusDone]},
			ByPriority: PriorityCounts{
				Low: priorities["low"], Medium: priorities["medium"], High: priorities["high"], Critical: priorities["critical"],
			},
			Overdue:        answers[3][0].Count,
			CompletionRate: rate(statuses[statusDone], tasks.Count),
		},
		Documents: DocumentStatistics{Total: documents.Count, Bytes: documents.Sum},
	}, nil
}

func byKey(groups []tenantry.Group) map[string]int64 {
	counts := make(map[string]int64, len(groups))
	for _, g := range groups {
		counts[g.Keys[0]] = g.Count
	}
	return counts
}

// rate returns part of whole as a fraction in four digits, 0 of nothing.
func rate(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return math.Round(float64(part)/float64(whole)*10_000) / 10_000
}
