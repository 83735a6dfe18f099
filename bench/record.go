package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgtype"
)

// executed is one statement as the server sent it, with its arguments.
type executed struct {
	sql    string
	oids   []uint32
	values [][]byte // nil is null
}

// recorder is a proxy before the database that reads what the server sends: so the limit is measured with the
// very statements, whatever they have become.
type recorder struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	trips [][]executed
}

func startRecorder(ctx context.Context, to string) (*recorder, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &recorder{listener: listener, to: to}
	go r.accept(ctx)
	return r, nil
}

func (r *recorder) accept(ctx context.Context) {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := new(net.Dialer).DialContext(ctx, "tcp", r.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		go func() { _, _ = io.Copy(client, server); _ = client.Close() }()
		go func() { _ = r.watch(client, server); _ = server.Close() }()
	}
}

// watch passes on what a client sends, message by message.
func (r *recorder) watch(client io.Reader, server io.Writer) error {
	start := make([]byte, 4)
	if _, err := io.ReadFull(client, start); err != nil {
		return err
	}
	rest := make([]byte, int(binary.BigEndian.Uint32(start))-4)
	if _, err := io.ReadFull(client, rest); err != nil {
		return err
	}
	if _, err := server.Write(append(start, rest...)); err != nil {
		return err
	}
	known := map[string]executed{} // by the name of the prepared statement
	var trip []executed
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(client, head); err != nil {
			return err
		}
		body := make([]byte, int(binary.BigEndian.Uint32(head[1:]))-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return err
		}
		switch head[0] {
		case 'P':
			readParse(body, known)
		case 'B':
			trip = append(trip, readBind(body, known))
		case 'S':
			r.keep(trip)
			trip = nil
		}
		if _, err := server.Write(append(head, body...)); err != nil {
			return err
		}
	}
}

func (r *recorder) keep(trip []executed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trips = append(r.trips, trip)
}

func readParse(body []byte, known map[string]executed) {
	name, body, _ := bytes.Cut(body, []byte{0})
	sql, body, _ := bytes.Cut(body, []byte{0})
	e := executed{sql: string(sql)}
	for n := binary.BigEndian.Uint16(body); n > 0; n-- {
		e.oids = append(e.oids, binary.BigEndian.Uint32(body[2:]))
		body = body[4:]
	}
	known[string(name)] = e
}

func readBind(body []byte, known map[string]executed) executed {
	_, body, _ = bytes.Cut(body, []byte{0})
	name, body, _ := bytes.Cut(body, []byte{0})
	e := known[string(name)]
	body = body[2+2*int(binary.BigEndian.Uint16(body)):] // formats: the server sends all in binary
	count := int(binary.BigEndian.Uint16(body))
	body = body[2:]
	for range count {
		size := int32(binary.BigEndian.Uint32(body)) //nolint:gosec // -1 is null
		body = body[4:]
		if size < 0 {
			e.values = append(e.values, nil)
			continue
		}
		e.values, body = append(e.values, body[:size:size]), body[size:]
	}
	return e
}

// during returns the only trip that do made to a tenant's data.
func (r *recorder) during(do func() error) ([]executed, error) {
	r.mu.Lock()
	from := len(r.trips)
	r.mu.Unlock()
	if err := do(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var found [][]executed
	for _, trip := range r.trips[from:] {
		if slices.ContainsFunc(trip, func(e executed) bool { return strings.Contains(e.sql, "platform.enter") }) {
			found = append(found, trip)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("the server went to the database %d times for one request", len(found))
	}
	return found[0], nil
}

// recorded is what the server was seen to do for each kind of request.
type recorded struct {
	scripts map[string]string // for pgbench
	bodies  map[string][]byte // of the answers
	trips   map[string][]string
}

// record starts the server behind a recorder and asks it each kind of request.
func record(ctx context.Context, w *world, dir, binary string) (out recorded, err error) {
	direct, err := url.Parse(w.server)
	if err != nil {
		return out, err
	}
	r, err := startRecorder(ctx, direct.Host)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, r.listener.Close()) }()
	through := *direct
	through.Host = r.listener.Addr().String()
	server, err := startServer(ctx, binary, dir, w.env(through.String())...)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	out = recorded{scripts: map[string]string{}, bodies: map[string][]byte{}, trips: map[string][]string{}}
	q := loadQuestion{Base: server.base, Tokens: w.tokens[:1], Tasks: 1}
	for _, kind := range kinds() {
		q.Kind = kind
		var trip []executed
		// The first time the server finds out who asks; the second is like all others.
		for range 2 {
			trip, err = r.during(func() error {
				req, err := q.request(ctx)
				if err != nil {
					return err
				}
				out.bodies[kind], err = do(http.DefaultClient, req)
				return err
			})
			if err != nil {
				return out, err
			}
		}
		if out.scripts[kind], err = script(trip, w, out.bodies[kind]); err != nil {
			return out, err
		}
		for _, e := range trip {
			out.trips[kind] = append(out.trips[kind], e.sql)
		}
	}
	return out, nil
}

// script returns what pgbench runs: the statements of the trip with random tenants and records in the places of
// those that were seen.
func script(trip []executed, w *world, body []byte) (string, error) {
	var answer struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\\set t random(%d, %d)\n", firstNumber, firstNumber+w.tenants-1)
	fmt.Fprintf(&text, "\\set i random(%d, %d)\n", firstNumber, firstNumber+w.tasks-1)
	fmt.Fprintf(&text, "\\set p random(%d, %d)\n", firstNumber, firstNumber+projects-1)
	// Fresh ids rise per client, as the server's rise per process.
	text.WriteString("\\set n :n + 1\n\\set f " + strconv.Itoa(firstNumber) + " + :client_id * 1000000000 + :n\n\\startpipeline\n")
	for _, e := range trip {
		sql, err := e.literal(func(uuid string) string {
			switch {
			case uuid == numbered(tenantPrefix, 0):
				return uuidOf(tenantPrefix, "t")
			case uuid == numbered(taskPrefix, 0):
				return uuidOf(taskPrefix, "i")
			case strings.HasPrefix(uuid, projectPrefix):
				return uuidOf(projectPrefix, "p")
			case uuid == answer.ID:
				return uuidOf(freshPrefix, "f")
			default:
				return "'" + uuid + "'::uuid"
			}
		})
		if err != nil {
			return "", err
		}
		text.WriteString(sql + ";\n")
	}
	text.WriteString("\\endpipeline\n")
	return text.String(), nil
}

func uuidOf(prefix, variable string) string { return "('" + prefix + "' || :" + variable + ")::uuid" }

// literal returns the statement with its arguments written in, ids by name.
func (e executed) literal(name func(uuid string) string) (string, error) {
	sql := e.sql
	for i, value := range slices.Backward(e.values) { // from the last, so that $1 is not found in $10
		value, err := literal(e.oids[i], value, name)
		if err != nil {
			return "", fmt.Errorf("argument %d of %.80s: %w", i+1, e.sql, err)
		}
		sql = strings.ReplaceAll(sql, "$"+strconv.Itoa(i+1), value)
	}
	return sql, nil
}

func literal(oid uint32, value []byte, name func(uuid string) string) (string, error) {
	quoted := "'" + strings.ReplaceAll(string(value), "'", "''") + "'"
	switch {
	case value == nil && oid == pgtype.UUIDOID:
		return "NULL::uuid", nil
	case value == nil:
		return "NULL", nil
	case oid == pgtype.UUIDOID:
		h := hex.EncodeToString(value)
		return name(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]), nil
	case oid == pgtype.TextOID:
		return quoted + "::text", nil
	case oid == pgtype.JSONOID:
		return strings.ReplaceAll(quoted, ":", ": ") + "::json", nil // pgbench takes a colon and a name for a variable
	case oid == pgtype.Int8OID:
		return strconv.FormatInt(int64(binary.BigEndian.Uint64(value)), 10) + "::bigint", nil //nolint:gosec // the bits
	case oid == pgtype.BoolOID:
		return strconv.FormatBool(value[0] == 1), nil
	case oid == pgtype.TimestamptzOID:
		return "now()", nil
	case oid == pgtype.DateOID:
		return "date '2026-12-01'", nil
	case oid == pgtype.ByteaOID:
		return `'\x` + hex.EncodeToString(value) + "'::bytea", nil
	default:
		return "", fmt.Errorf("a type that the benchmark does not know: %d", oid)
	}
}
