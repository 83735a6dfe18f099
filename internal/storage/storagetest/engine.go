package storagetest

import (
	"slices"
	"testing"

	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

func engineCases() []testCase {
	return []testCase{
		{"migrating again does nothing", func(b *bench) {
			b.project(b.a, "Roof")
			b.must(b.engine.Migrate(b.ctx))
			b.must(b.engine.Ready(b.ctx))
			pending, err := b.engine.Pending(b.ctx)
			b.must(err)
			if len(pending) != 0 {
				b.Fatalf("there is still to do: %q", pending)
			}
			b.wantTexts(b.projects, b.all(b.a, b.projects), "name", "Roof")
		}},
		{"eight migrate at once", func(b *bench) {
			b.together(8, func(int) {
				if err := b.engine.Migrate(b.ctx); err != nil {
					b.Errorf("migrate: %v", err)
				}
			})
			b.project(b.a, "Roof")
		}},
	}
}

// Opener opens the same database again and again, each time with other resources, neither migrated nor closed: the
// cases close what they open.
type Opener func(resources []*schema.Resource) (storage.Engine, error)

// RunEvolution holds an engine against the cases in which the resources change from one program to the next. The
// factory makes an empty database and returns what opens it.
func RunEvolution(t *testing.T, factory func(t testing.TB) func(resources []*schema.Resource) (storage.Engine, error)) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(*evolution)
	}{
		{"an empty database is pending, not ready, and ready once migrated", emptyDatabase},
		{"a new resource gets its table", newResource},
		{"new fields get a column and existing records a value", newFields},
		{"a field becomes nullable, its enum grows, it becomes unique and stops being it", widerFields},
		{"a new reference is kept like an old one", newReference},
		{"a change that can't be made is named and nothing is touched", refusedChange},
		{"a resource that is no more keeps its table", goneResource},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(&evolution{bench: &bench{TB: t, ctx: t.Context()}, open: factory(t)})
		})
	}
}

// evolution is a database through the life of several programs.
type evolution struct {
	*bench
	open Opener
}

// program opens the database as a program with these resources does, migrates it, and opens the one tenant. What
// it returns ends the program.
func (e *evolution) program(resources ...*schema.Resource) (end func()) {
	e.Helper()
	engine, err := e.open(resources)
	e.must(err)
	e.engine, e.resources = engine, resources
	e.must(engine.Migrate(e.ctx))
	e.must(engine.Ready(e.ctx))
	if e.tenants[0].IsZero() {
		var s storage.Store
		e.tenants[0], s = e.newTenant("alpha")
		s.Close()
	}
	e.a, err = engine.Open(e.ctx, e.tenants[0])
	e.must(err)
	return func() {
		e.Helper()
		e.a.Close()
		e.must(engine.Close())
	}
}

// small returns a resource with these fields beside the built-in ones.
func small(name string, more ...schema.Field) *schema.Resource {
	return finished(&schema.Resource{Name: name, Fields: append([]schema.Field{
		{Name: "id", Type: schema.UUID, BuiltIn: true}, {Name: "title", Type: schema.Text},
	}, more...)})
}

func emptyDatabase(e *evolution) {
	engine, err := e.open([]*schema.Resource{small("notes")})
	e.must(err)
	defer func() { e.must(engine.Close()) }()
	if engine.Ready(e.ctx) == nil {
		e.Fatal("an empty database is ready")
	}
	pending, err := engine.Pending(e.ctx)
	e.must(err)
	if len(pending) == 0 {
		e.Fatal("an empty database has nothing to do")
	}
	e.must(engine.Migrate(e.ctx))
	e.must(engine.Ready(e.ctx))
	pending, err = engine.Pending(e.ctx)
	e.must(err)
	if len(pending) != 0 {
		e.Fatalf("there is still to do: %q", pending)
	}
}

func newResource(e *evolution) {
	notes := small("notes")
	end := e.program(notes)
	kept := e.record(notes, text("title", "kept"))
	e.insert(e.a, notes, kept)
	end()
	tags := small("tags", schema.Field{Name: "note", Type: schema.UUID, Ref: &schema.Ref{Resource: "notes"}})
	engine, err := e.open([]*schema.Resource{tags, notes})
	e.must(err)
	pending, err := engine.Pending(e.ctx)
	e.must(err)
	if len(pending) == 0 {
		e.Error("a new resource is nothing to do")
	}
	e.must(engine.Close())
	end = e.program(tags, notes)
	defer end()
	e.insert(e.a, tags, e.record(tags, reference("note", ident(kept))))
	e.wantTexts(notes, e.all(e.a, notes), "title", "kept")
}

func newFields(e *evolution) {
	notes := small("notes")
	end := e.program(notes)
	kept := e.record(notes, text("title", "kept"))
	e.insert(e.a, notes, kept)
	end()
	wider := small("notes",
		schema.Field{Name: "status", Type: schema.Text, Required: true, Enum: []string{"it's new", "done"}, Default: schema.String("it's new")},
		schema.Field{Name: "code", Type: schema.Text, Nullable: true, Unique: true},
		schema.Field{Name: "rank", Type: schema.Integer, Default: schema.Int(-3)},
		schema.Field{Name: "score", Type: schema.Number},
		schema.Field{Name: "done", Type: schema.Boolean, Default: schema.Bool(true)},
		schema.Field{Name: "due", Type: schema.Date, Nullable: true},
		schema.Field{Name: "since", Type: schema.Time, Default: schema.Moment(moment(0))},
		schema.Field{Name: "day", Type: schema.Date, Default: schema.Days(-1)},
		schema.Field{Name: "meta", Type: schema.JSON},
		schema.Field{Name: "body", Type: schema.Text},
	)
	end = e.program(wider)
	defer end()
	got := e.get(e.a, wider, ident(kept))
	want := e.record(wider, text("title", "kept"), reference("id", ident(kept)))
	e.wantRecord(got, want)
	second := e.record(wider, text("title", "second"), text("code", "C"), text("status", "done"))
	e.insert(e.a, wider, second)
	e.wantRecord(e.get(e.a, wider, ident(second)), second)
	e.wantCode(e.put(e.a, wider, e.record(wider, text("code", "C")), 0), "conflict", "code")
}

func widerFields(e *evolution) {
	notes := small("notes", schema.Field{Name: "status", Type: schema.Text, Enum: []string{"a"}, Default: schema.String("a")},
		schema.Field{Name: "code", Type: schema.Text}, schema.Field{Name: "name", Type: schema.Text, Unique: true})
	tags := small("tags", schema.Field{Name: "note", Type: schema.UUID, Ref: &schema.Ref{Resource: "notes"}})
	end := e.program(notes, tags)
	kept := e.record(notes, text("title", "kept"), text("code", "c"), text("name", "n"))
	e.insert(e.a, notes, kept)
	e.insert(e.a, tags, e.record(tags, reference("note", ident(kept))))
	end()
	wider := small("notes", schema.Field{Name: "status", Type: schema.Text, Enum: []string{"b", "a"}, Nullable: true},
		schema.Field{Name: "code", Type: schema.Text, Unique: true}, schema.Field{Name: "name", Type: schema.Text})
	end = e.program(wider, tags)
	defer end()
	e.wantRecord(e.get(e.a, wider, ident(kept)), e.record(wider,
		reference("id", ident(kept)), text("title", "kept"), text("status", "a"), text("code", "c"), text("name", "n")))
	e.insert(e.a, wider, e.record(wider, text("status", "b"), text("code", "d"), text("name", "n")))
	e.insert(e.a, wider, e.record(wider, text("code", "e"), text("name", "n")))
	e.wantCode(e.put(e.a, wider, e.record(wider, text("code", "c")), 0), "conflict", "code")
	e.wantCode(e.remove(e.a, wider, ident(kept)), "conflict") // a table that was rebuilt is still referred to
}

func newReference(e *evolution) {
	notes := small("notes")
	end := e.program(notes)
	kept := e.record(notes, text("title", "kept"))
	e.insert(e.a, notes, kept)
	end()
	books := small("books")
	wider := small("notes", schema.Field{Name: "book", Type: schema.UUID, Nullable: true, Ref: &schema.Ref{Resource: "books"}})
	end = e.program(wider, books)
	defer end()
	book := e.record(books)
	e.insert(e.a, books, book)
	e.must(e.put(e.a, wider, with(wider, e.get(e.a, wider, ident(kept)), reference("book", ident(book))), 1))
	e.wantReference(e.put(e.a, wider, e.record(wider, reference("book", ident(kept))), 0), "book")
	e.wantCode(e.remove(e.a, books, ident(book)), "conflict")
}

func refusedChange(e *evolution) {
	notes := small("notes", schema.Field{Name: "rank", Type: schema.Integer})
	end := e.program(notes)
	kept := e.record(notes, text("title", "kept"), integer("rank", 3))
	e.insert(e.a, notes, kept)
	end()
	for _, changed := range []*schema.Resource{
		small("notes", schema.Field{Name: "rank", Type: schema.Text}),
		small("notes"),
		small("notes", schema.Field{Name: "rank", Type: schema.Integer}, schema.Field{Name: "must", Type: schema.Text, Required: true}),
	} {
		engine, err := e.open([]*schema.Resource{changed, small("others")})
		e.must(err)
		if _, err := engine.Pending(e.ctx); err == nil {
			e.Error("Pending says nothing of a change that can't be made")
		}
		if err := engine.Migrate(e.ctx); err == nil {
			e.Error("Migrate made a change that can't be made")
		}
		e.must(engine.Close())
	}
	end = e.program(notes)
	defer end()
	e.wantRecord(e.get(e.a, notes, ident(kept)), kept)
}

func goneResource(e *evolution) {
	notes, tags := small("notes"), small("tags")
	end := e.program(notes, tags)
	kept := e.record(tags, text("title", "kept"))
	e.insert(e.a, tags, kept)
	end()
	e.program(notes)()
	end = e.program(slices.Clone([]*schema.Resource{notes, tags})...)
	defer end()
	e.wantRecord(e.get(e.a, tags, ident(kept)), kept)
}
