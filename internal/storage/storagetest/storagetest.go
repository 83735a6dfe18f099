// Package storagetest is the suite that every storage engine passes: what storage promises, as cases.
//
// Each case starts on a fresh and empty engine. A bug of an engine is first a case here. The suite must be able to
// fail: engines that are wrong on purpose are held against it, see Fails. Nothing here knows an engine.
package storagetest

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

// Factory returns a fresh engine with these resources, empty and migrated. It closes the engine by t.Cleanup and
// fails the test where there can be none.
type Factory func(t testing.TB, resources []*schema.Resource) storage.Engine

// Run holds an engine against the cases of the named topics, of all where none is named.
func Run(t *testing.T, factory func(tb testing.TB, resources []*schema.Resource) storage.Engine, names ...string) {
	t.Helper()
	for _, name := range names { // a misspelt one would promise nothing
		if !slices.ContainsFunc(topics(), func(t topic) bool { return t.name == name }) {
			t.Fatalf("there is no topic %q", name)
		}
	}
	for _, topic := range topics() {
		if len(names) > 0 && !slices.Contains(names, topic.name) {
			continue
		}
		t.Run(topic.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range topic.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.run(setup(t, factory))
				})
			}
		})
	}
}

// testCase is one promise. Its name reads as a sentence.
type testCase struct {
	name string
	run  func(*bench)
}

type topic struct {
	name  string
	cases []testCase
}

func topics() []topic {
	return []topic{
		{"records", recordCases()},
		{"filters", filterCases()},
		{"search", searchCases()},
		{"order", orderCases()},
		{"paging", pagingCases()},
		{"uniqueness", uniqueCases()},
		{"references", referenceCases()},
		{"values", valueCases()},
		{"versions", versionCases()},
		{"transactions", transactionCases()},
		{"cancellation", cancelCases()},
		{"concurrency", concurrencyCases()},
		{"tenants", tenantCases()},
		{"events", eventCases()},
		{"aggregates", aggregateCases()},
		{"queries", queryCases()},
		{"engine", engineCases()},
		{"platform", platformCases()},
		{"identities", identityCases()},
		{"directory", directoryCases()},
		{"tokens", tokenCases()},
		{"keys", keyCases()},
		{"outbox", outboxCases()},
		{"usage", usageCases()},
		{"sizes", sizeCases()},
		{"erasure", erasureCases()},
	}
}

// Fails runs the cases whose names, as "topic/case", begin with name, and reports whether one fails. It is for engines
// that are wrong on purpose, and stops at the first failure.
func Fails(tb testing.TB, factory Factory, name string) bool {
	tb.Helper()
	known := false
	for _, topic := range topics() {
		for _, c := range topic.cases {
			if !strings.HasPrefix(topic.name+"/"+c.name, name) {
				continue
			}
			if known = true; fails(tb, factory, c) {
				return true
			}
		}
	}
	if !known {
		tb.Errorf("no case is called %q", name)
	}
	return false
}

func fails(tb testing.TB, factory Factory, c testCase) bool {
	tb.Helper()
	r := &recorder{TB: tb}
	done := make(chan struct{})
	go func() { // FailNow ends the goroutine that it is called on
		defer close(done)
		defer func() {
			if recover() != nil { // a case that trips over a wrong answer has failed as well
				r.Fail()
			}
		}()
		c.run(setup(r, factory))
	}()
	<-done
	r.cleanUp()
	return r.Failed()
}

// recorder is a test that remembers its failure instead of being one.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failed   bool
	cleanups []func()
}

func (r *recorder) Helper()               {}
func (r *recorder) Log(...any)            {}
func (r *recorder) Logf(string, ...any)   {}
func (r *recorder) Error(...any)          { r.Fail() }
func (r *recorder) Errorf(string, ...any) { r.Fail() }
func (r *recorder) Fatal(...any)          { r.FailNow() }
func (r *recorder) Fatalf(string, ...any) { r.FailNow() }

func (r *recorder) Fail() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

func (r *recorder) FailNow() {
	r.Fail()
	runtime.Goexit()
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) Cleanup(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, fn)
}

func (r *recorder) cleanUp() {
	for _, fn := range slices.Backward(r.cleanups) {
		fn()
	}
}
