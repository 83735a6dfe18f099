package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tenantry/tenantry"
	"github.com/tenantry/tenantry/internal/storage/postgres/pgtest"
	"github.com/tenantry/tenantry/resources"
)

// TestMain lets the scripts run this test binary as tenantry.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tenantry": func() {
		app := tenantry.New(tenantry.Config{})
		resources.Register(app)
		os.Exit(app.Main(os.Args[1:]))
	}})
}

// TestScript runs what concerns the machine and not the data, on embedded SQLite.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Cmds: commands(), RequireExplicitExec: true})
}

// TestScriptOnEachEngine runs what has to be alike on both.
func TestScriptOnEachEngine(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/engine/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run("sqlite/"+name, func(t *testing.T) {
			t.Parallel()
			run(t, file, nil)
		})
		t.Run("postgres/"+name, func(t *testing.T) {
			t.Parallel()
			database := pgtest.New(t)
			run(t, file, []string{"TENANTRY_DATABASE_URL=" + database.ServerURL, "TENANTRY_MIGRATION_URL=" + database.OwnerURL})
		})
	}
}

// TestScriptOnPostgres runs what concerns PostgreSQL alone, in production and as a deployment would: the server does not
// know the owner.
func TestScriptOnPostgres(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/postgres/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			database := pgtest.New(t)
			run(t, file, []string{
				"TENANTRY_ENVIRONMENT=production", "TENANTRY_DATABASE_URL=" + database.ServerURL,
				"TENANTRY_TEST_OWNER_URL=" + database.OwnerURL, superuser + "=" + database.SuperURL,
			})
		})
	}
}

// superuser is the variable that says how sql gets into the database.
const superuser = "TENANTRY_TEST_SUPERUSER_URL"

func run(t *testing.T, file string, environ []string) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Files: []string{file}, Cmds: commands(), RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, environ...)
			return nil
		},
	})
}

type command = func(ts *testscript.TestScript, neg bool, args []string)

func commands() map[string]command {
	return map[string]command{
		"fails": fails, "terminate": terminate, "address": address, "await": await, "get": get, "speak": speak, "field": field, "mode": mode, "sql": statement,
	}
}

// fails runs a command that has to end with an exit code: fails 2 tenantry serve --nonsense.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails CODE COMMAND ARGS...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("ended with %d instead of %s: %v", code, args[0], err)
	}
}

// terminate sends SIGTERM, which kill doesn't know, to what runs in the background.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, background := range ts.BackgroundCmds() {
		ts.Check(background.Process.Signal(syscall.SIGTERM))
	}
}

// address sets a variable to a free HOST:PORT: address ADDR.
func address(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], listener.Addr().String())
	ts.Check(listener.Close())
}

// request returns the status and the body of URL, with an access token where there is one.
func request(args []string) (status int, body []byte) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, args[0], http.NoBody)
	if err != nil {
		return 0, []byte(err.Error())
	}
	if len(args) > 2 {
		r.Header.Set("Authorization", "Bearer "+args[2])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return response.StatusCode, body
}

// await repeats a request until it is answered with the status: await URL STATUS [TOKEN].
func await(ts *testscript.TestScript, _ bool, args []string) {
	status, body := 0, []byte(nil)
	for range 400 {
		if status, body = request(args); strconv.Itoa(status) == args[1] {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	ts.Fatalf("answered with %d instead of %s: %s", status, args[1], body)
}

// speak sends a file, its lines ended as HTTP has it, and prints all that is answered: speak HOST:PORT FILE.
func speak(ts *testscript.TestScript, _ bool, args []string) {
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", args[0])
	ts.Check(err)
	defer func() { _ = conn.Close() }()
	ts.Check(conn.SetDeadline(time.Now().Add(20 * time.Second)))
	_, err = io.WriteString(conn, strings.ReplaceAll(ts.ReadFile(args[1]), "\n", "\r\n"))
	ts.Check(err)
	_, err = io.Copy(ts.Stdout(), conn)
	ts.Check(err)
}

// get prints the body of an answer that must have the status: get URL STATUS [TOKEN].
func get(ts *testscript.TestScript, _ bool, args []string) {
	status, body := request(args)
	if strconv.Itoa(status) != args[1] {
		ts.Fatalf("answered with %d instead of %s: %s", status, args[1], body)
	}
	_, err := ts.Stdout().Write(body)
	ts.Check(err)
}

// field sets a variable to what lies at a path in a JSON file: field TOKEN tokens.json tenants.0.access_token.
func field(ts *testscript.TestScript, _ bool, args []string) {
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &value))
	for step := range strings.SplitSeq(args[2], ".") {
		switch within := value.(type) {
		case map[string]any:
			value = within[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(within) {
				ts.Fatalf("no %s in %s", args[2], args[1])
			}
			value = within[i]
		}
	}
	text, ok := value.(string)
	if !ok {
		encoded, err := json.Marshal(value)
		ts.Check(err)
		text = string(encoded)
	}
	ts.Setenv(args[0], text)
}

// mode checks a file's rights: mode 0600 tokens.json.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	if got := info.Mode().Perm(); got != os.FileMode(want) {
		ts.Fatalf("%s has mode %o instead of %s", args[1], got, args[0])
	}
}

// statement runs SQL as the database's superuser: sql 'DROP POLICY ...'.
func statement(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, ts.Getenv(superuser))
	ts.Check(err)
	_, err = conn.Exec(ctx, strings.Join(args, " "))
	ts.Check(errors.Join(err, conn.Close(ctx)))
}
