package demo

import (
	"fmt"
	"hash/fnv"
)

// company is one sample tenant.
type company struct{ slug, name string }

// companies returns the sample tenants; beyond the known ones they are numbered.
func companies(n int) []company {
	out := []company{{"acme", "Acme"}, {"globex", "Globex"}, {"initech", "Initech"}}
	for i := len(out); i < n; i++ {
		out = append(out, company{fmt.Sprintf("tenant-%d", i+1), fmt.Sprintf("Tenant %d", i+1)})
	}
	return out[:n]
}

// The names of records follow from their place alone, not from the seed: by them a second run sees what is there.

func projectName(slug string, i int) string {
	return numbered(projects(), hash(slug)%7+i)
}

func taskTitle(slug string, project, i int) string {
	verbs, objects := taskVerbs(), taskObjects()
	// 37 has no divisor in common with the 240 combinations, so that each comes once before one comes again.
	place := (hash(slug)%1000 + 11*project + 37*i) % (len(verbs) * len(objects))
	title := verbs[place%len(verbs)] + " " + objects[place/len(verbs)]
	return again(title, i/(len(verbs)*len(objects)))
}

func documentName(i int) (name string, kind documentKind) {
	kinds := documentKinds()
	kind = kinds[i%len(kinds)]
	if round := i / len(kinds); round > 0 {
		return fmt.Sprintf("%s v%d.%s", kind.stem, round+1, kind.extension), kind
	}
	return kind.stem + "." + kind.extension, kind
}

func numbered(names []string, i int) string { return again(names[i%len(names)], i/len(names)) }

func again(name string, round int) string {
	if round == 0 {
		return name
	}
	return fmt.Sprintf("%s %d", name, round+1)
}

func hash(text string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text))
	return int(h.Sum32() >> 1)
}

func projects() []string {
	return []string{
		"Website relaunch", "Customer portal", "Billing migration", "Warehouse scanner app", "Annual audit",
		"Mobile checkout", "Data centre move", "Supplier onboarding", "Help desk rollout", "Pricing study",
		"Brand refresh", "Payroll upgrade", "Field service tablets", "Newsletter automation", "Energy report",
		"Returns process", "Partner programme", "Security review", "Office move", "Search quality",
		"Product catalogue", "Training platform", "Loyalty cards", "Delivery tracking",
	}
}

func taskVerbs() []string {
	return []string{
		"Draft", "Review", "Agree on", "Test", "Document", "Plan", "Estimate", "Present", "Clean up", "Measure",
		"Publish", "Automate",
	}
}

func taskObjects() []string {
	return []string{
		"the requirements", "the data model", "the roll-out plan", "the budget", "the error messages",
		"the access rights", "the import of old records", "the monthly report", "the acceptance criteria",
		"the backup procedure", "the training material", "the landing page", "the supplier contract",
		"the test cases", "the support hand-over", "the performance baseline", "the privacy notice",
		"the release notes", "the invoice layout", "the search filters",
	}
}

func departments() []string {
	return []string{"Sales", "Finance", "Operations", "Product", "Support", "Legal", "Engineering", "Logistics"}
}

func goals() []string {
	return []string{
		"Cut the time from order to invoice by a third.", "Replace the old system before its contract ends.",
		"Give customers one place for all their questions.", "Find out what the next version has to do.",
		"Bring the error rate below one in a thousand.", "Make the numbers of all sites comparable.",
		"Let new colleagues work on their own after a week.", "Pass the next external audit without a finding.",
	}
}

func remarks() []string {
	return []string{
		"Start from last year's version.", "Ask Finance for the current figures first.",
		"Keep it to two pages.", "Blocked until the supplier answers.", "A short call is enough for this.",
		"Agree the date with Operations.", "See the notes of the kick-off.", "",
	}
}

// documentKind is a kind of sample document.
type documentKind struct{ stem, extension, contentType string }

func documentKinds() []documentKind {
	const office = "application/vnd.openxmlformats-officedocument."
	return []documentKind{
		{"Requirements", "pdf", "application/pdf"},
		{"Budget", "xlsx", office + "spreadsheetml.sheet"},
		{"Kick-off notes", "md", "text/markdown"},
		{"Roll-out plan", "pdf", "application/pdf"},
		{"Site photo", "jpg", "image/jpeg"},
		{"Status report", "docx", office + "wordprocessingml.document"},
		{"Customer list", "csv", "text/csv"},
		{"Architecture", "svg", "image/svg+xml"},
	}
}
