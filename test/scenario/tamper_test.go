package scenario_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of whoever owns the database
	_ "modernc.org/sqlite"             // the driver of whoever owns the file

	"github.com/tenantry/tenantry"
)

// TestTampering changes the trail behind the server's back, as somebody who owns the database can, and asks whether it
// shows.
func TestTampering(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statement string // on the table events
		want      string
	}{
		"a changed action":  {"UPDATE events SET action = 'read' WHERE seq = 2", `{"ok":false,"checked":1,"first_broken":2}`},
		"a changed time":    {"UPDATE events SET at = (SELECT min(e.at) FROM events e) WHERE seq = 3", `{"ok":false,"checked":2,"first_broken":3}`},
		"a changed address": {"UPDATE events SET ip = '10.0.0.1' WHERE seq = 1", `{"ok":false,"checked":0,"first_broken":1}`},
		"one cut out":       {"DELETE FROM events WHERE seq = 2", `{"ok":false,"checked":1,"first_broken":2}`},
		"the last cut off":  {"DELETE FROM events WHERE seq = 13", `{"ok":false,"checked":12,"first_broken":13}`},
		"all gone":          {"DELETE FROM events", `{"ok":false,"checked":0,"first_broken":1}`},
		"two swapped":       {"UPDATE events SET seq = -1 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3; UPDATE events SET seq = 3 WHERE seq = -1", `{"ok":false,"checked":1,"first_broken":2}`},
		"nothing":           {"UPDATE events SET action = action", `{"ok":true,"checked":13,"first_broken":null}`},
	} {
		t.Run("sqlite, "+name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			w := newWorld(t, tenantry.Options{DataDir: dir})
			w.tamper("sqlite", filepath.Join(dir, "tenants", w.tenants["acme"]+".db"),
				"DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete; "+c.statement, c.want)
		})
		t.Run("postgres, "+name, func(t *testing.T) {
			t.Parallel()
			db := migrated(t)
			w := newWorld(t, tenantry.Options{DatabaseURL: db.ServerURL, MigrationURL: db.OwnerURL})
			w.tamper("pgx", db.SuperURL, "SET search_path = tenant; "+c.statement, c.want)
		})
	}
}

// tamper makes four events in acme's trail, behind the nine that the world begins with, runs the statement as the owner of the database and verifies.
func (w *world) tamper(driver, source, statement, want string) {
	w.t.Helper()
	for i := range 4 {
		w.play(w.t, []step{{name: "an event", do: "POST /documents/", body: fmt.Sprintf(`{"name":"%d"}`, i), status: 201, events: []string{"created"}}})
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(w.t.Context(), statement); err != nil {
		w.t.Fatal(err)
	}
	a := w.send(request{as: "owner-acme", method: "GET", path: "/api/v1/events/verify/"})
	if problem := contains(a.body, want); problem != "" {
		w.t.Errorf("%s: %s", problem, a.body)
	}
}
