package postgres_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func TestARecordComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	project, task := b.create(t, b.storeA, "Élan"), id.New()
	var returned storage.Record
	err := b.storeA.Update(t.Context(), func(tx storage.Tx) error {
		if err := tx.Require(t.Context(), b.projects, project, "project"); err != nil {
			return err
		}
		if err := tx.Put(t.Context(), b.tasks, b.task(task, project, ""), 0); err != nil {
			return err
		}
		return tx.Return(t.Context(), b.tasks, task, &returned)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := b.task(task, project, "")
	want.Values[b.tasks.Index("project_name")] = schema.String("Élan")
	got, err := b.storeA.Get(t.Context(), b.tasks, task)
	if err != nil {
		t.Fatal(err)
	}
	for name, rec := range map[string]storage.Record{"get": got, "return": returned} {
		if diff := cmp.Diff(want, rec); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}
