package postgres

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage/sqlgen"
)

// keptStatements bounds how many prepared statements one connection keeps. Each costs the server some 20 to 100 KiB,
// and a program has a few for each of its operations.
const keptStatements = 256

// step is one statement of a trip and what is to be done with its answer.
type step struct {
	sqlgen.Statement
	// read takes the rows; nil for a statement whose rows say nothing.
	read func(rows *pgconn.ResultReader) error
	// explain says what it means to a caller that the database refused the statement, with nil where it means
	// nothing to one. It runs after the rollback, and may ask the database.
	explain func(ctx context.Context, refused *pgconn.PgError) error
}

// readError is an error of a step's read: the answer was taken, the connection is well.
type readError struct{ error }

// prepared is one statement that the server has confirmed.
type prepared struct {
	description *pgconn.StatementDescription
	used        uint64 // the trip that used it last
}

// session is what the engine knows of one connection. It lives as long as the connection and belongs to whoever
// holds that.
type session struct {
	conn *pgconn.PgConn
	// unprepared sessions send the text each time, for poolers that can't keep statements apart.
	unprepared bool
	epoch      uint64 // of the engine, when the statements that are kept were known to be good
	kept       map[string]*prepared
	dropped    []string // names that the server is to forget with the next trip
	trips      uint64
	names      uint64
	sent       []sending // of the trip under way, aligned with its steps
	params     params
	row        []schema.Value
	formats    []int16
}

// sending says how a step was sent: name is that of a statement which the same trip prepares.
type sending struct {
	name  string
	first bool // this step's answer is preceded by that of the preparation
}

func newSession(conn *pgconn.PgConn, unprepared bool) *session {
	return &session{conn: conn, unprepared: unprepared, kept: map[string]*prepared{}, formats: binaryFormat()}
}

// trip sends all steps at once and reads all answers. The server skips what stands behind a step that fails; trip
// returns that step's place and error: a *pgconn.PgError, a readError, or what broke the connection, which is then
// closed, as it is when ctx ends.
func (s *session) trip(ctx context.Context, steps []step) (failed int, err error) {
	s.trips++
	s.sent = s.sent[:0]
	pipeline := s.conn.StartPipeline(ctx)
	forgotten := len(s.dropped)
	for _, name := range s.dropped {
		pipeline.SendDeallocate(name)
	}
	s.dropped = s.dropped[:0]
	for i := range steps {
		s.send(pipeline, steps, i)
	}
	if err := pipeline.Sync(); err != nil {
		return 0, err
	}
	failed, err = s.receive(pipeline, steps, forgotten)
	if closing := pipeline.Close(); err == nil {
		err = closing
	}
	return failed, err
}

func (s *session) send(pipeline *pgconn.Pipeline, steps []step, i int) {
	statement := &steps[i].Statement
	s.params.set(statement.Args)
	if s.unprepared {
		s.sent = append(s.sent, sending{})
		pipeline.SendQueryParams(statement.SQL, s.params.values, s.params.oids, s.formats, s.formats)
		return
	}
	if known := s.kept[statement.SQL]; known != nil {
		known.used = s.trips
		s.sent = append(s.sent, sending{})
		pipeline.SendQueryStatement(known.description, s.params.values, s.formats, s.formats)
		return
	}
	how := sending{name: s.underway(steps[:i], statement.SQL)}
	if how.name == "" {
		s.names++
		how = sending{name: "t" + strconv.FormatUint(s.names, 10), first: true}
		pipeline.SendPrepare(how.name, statement.SQL, s.params.oids)
	}
	s.sent = append(s.sent, how)
	pipeline.SendQueryPrepared(how.name, s.params.values, s.formats, s.formats)
}

// underway returns the name under which an earlier step of the trip prepares the same text, empty where none does.
func (s *session) underway(before []step, sql string) string {
	for i := range before {
		if s.sent[i].name != "" && before[i].SQL == sql {
			return s.sent[i].name
		}
	}
	return ""
}

func (s *session) receive(pipeline *pgconn.Pipeline, steps []step, forgotten int) (failed int, err error) {
	for range forgotten {
		if _, err := pipeline.GetResults(); err != nil {
			return 0, err
		}
	}
	for i := range steps {
		if s.sent[i].first {
			if err := s.keep(pipeline, steps[i].SQL, s.sent[i].name); err != nil {
				return i, err
			}
		}
		if err := receiveRows(pipeline, steps[i].read); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// keep takes the confirmation that a statement is prepared. Only then may another trip rely on it.
func (s *session) keep(pipeline *pgconn.Pipeline, sql, name string) error {
	result, err := pipeline.GetResults()
	if err != nil {
		return err
	}
	description, ok := result.(*pgconn.StatementDescription)
	if !ok {
		return fmt.Errorf("prepare: the driver answered %T", result)
	}
	description.Name = name
	if len(description.Fields) == 0 {
		// The driver asks for the columns again each time where there are none; a nameless one, which nobody
		// reads, saves that.
		description.Fields = make([]pgconn.FieldDescription, 1)
	}
	if len(s.kept) >= keptStatements {
		s.dropOldest()
	}
	s.kept[sql] = &prepared{description: description, used: s.trips}
	return nil
}

// dropOldest forgets the statement that was not used for longest. One that this trip uses is never it, unless a
// trip has more than keptStatements texts; then the server forgets it with the next trip, after its use.
func (s *session) dropOldest() {
	oldest := ""
	for sql, p := range s.kept {
		if oldest == "" || p.used < s.kept[oldest].used {
			oldest = sql
		}
	}
	s.dropped = append(s.dropped, s.kept[oldest].description.Name)
	delete(s.kept, oldest)
}

// forget drops all statements: a migration has changed what they return, or the server lost them.
func (s *session) forget() {
	for _, p := range s.kept {
		s.dropped = append(s.dropped, p.description.Name)
	}
	clear(s.kept)
}

func receiveRows(pipeline *pgconn.Pipeline, read func(*pgconn.ResultReader) error) error {
	result, err := pipeline.GetResults()
	if err != nil {
		return err
	}
	rows, ok := result.(*pgconn.ResultReader)
	if !ok {
		return fmt.Errorf("query: the driver answered %T", result)
	}
	var reading error
	if read != nil {
		reading = read(rows)
	}
	// A failure of the server comes first: what was read before it is no answer.
	if _, err := rows.Close(); err != nil {
		return err
	}
	if reading != nil {
		return readError{reading}
	}
	return nil
}

// rollbackTime is how long a connection may take to leave a transaction before it is given up.
const rollbackTime = 2 * time.Second

// rollback ends a transaction that may be open; the connection is closed where that can't be done. ctx may have
// ended already.
func (s *session) rollback(ctx context.Context) {
	if s.conn.IsClosed() || s.conn.TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
	defer cancel()
	if _, err := s.trip(ctx, []step{{Statement: sqlgen.Statement{SQL: "ROLLBACK"}}}); err != nil || s.conn.TxStatus() != 'I' {
		_ = s.conn.Close(ctx) // the pool makes another; there is nobody to tell
	}
}
