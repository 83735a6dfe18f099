package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// generator makes the records of one tenant.
type generator struct {
	slug  string
	seed  uint64
	today time.Time
	// assignees are the ids of users whom a task may be given to.
	assignees []string
}

// random returns the random numbers of one record. Each record has its own, so that more of one kind change
// nothing about the others.
func (g *generator) random(kind string, project, i int) *rand.Rand {
	stream := hash(fmt.Sprint(g.slug, "/", kind, "/", project, "/", i))
	return rand.New(rand.NewPCG(g.seed, uint64(stream))) //nolint:gosec // sample data is to be the same each time
}

func (g *generator) project(i int) map[string]any {
	r := g.random("project", i, 0)
	return map[string]any{
		"name":        projectName(g.slug, i),
		"description": fmt.Sprintf("%s Sponsored by %s.", pick(r, goals()), pick(r, departments())),
		"status":      weighted(r, share{"active", 60}, share{"completed", 25}, share{"archived", 15}),
	}
}

func (g *generator) task(project int, projectID string, i int) map[string]any {
	r := g.random("task", project, i)
	status := weighted(r, share{"todo", 40}, share{"in_progress", 25}, share{"done", 35})
	task := map[string]any{
		"project":     projectID,
		"title":       taskTitle(g.slug, project, i),
		"description": pick(r, remarks()),
		"status":      status,
		"priority":    weighted(r, share{"low", 20}, share{"medium", 45}, share{"high", 25}, share{"critical", 10}),
	}
	if r.IntN(4) > 0 && len(g.assignees) > 0 {
		task["assignee"] = pick(r, g.assignees)
	}
	if r.IntN(4) > 0 {
		task["due_date"] = g.day(r, status)
	}
	return task
}

// day is a due date: around today, and in the past for most of what is done.
func (g *generator) day(r *rand.Rand, status string) string {
	days := r.IntN(70) - 14
	if status == "done" {
		days = r.IntN(60) - 50
	}
	return g.today.AddDate(0, 0, days).Format(time.DateOnly)
}

func (g *generator) document(project int, projectID string, i int) map[string]any {
	r := g.random("document", project, i)
	name, kind := documentName(i)
	folder := strings.ReplaceAll(strings.ToLower(projectName(g.slug, project)), " ", "-")
	return map[string]any{
		"project":      projectID,
		"name":         name,
		"content_type": kind.contentType,
		"file_path":    "shared/" + folder + "/" + name,
		"file_size":    1000 + r.IntN(4_000_000),
		"metadata": map[string]any{
			"department":   pick(r, departments()),
			"confidential": r.IntN(5) == 0,
			"pages":        1 + r.IntN(40),
		},
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// share is a value and how many of 100 records have it.
type share struct {
	value string
	of100 int
}

// weighted picks a value; the shares of all make 100.
func weighted(r *rand.Rand, shares ...share) string {
	n := r.IntN(100)
	for _, s := range shares {
		if n < s.of100 {
			return s.value
		}
		n -= s.of100
	}
	return shares[0].value
}
