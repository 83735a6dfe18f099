package resource

import (
	"context"
	"encoding/hex"
	"io"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/id"
	"github.com/tenantry/tenantry/internal/operation"
	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
)

const (
	// plainBytes is the media type of a file of which none is known.
	plainBytes = "application/octet-stream"
	// maxMediaType is the longest media type that is taken, in bytes.
	maxMediaType = 255
	// contentPatience bounds each transaction of an operation on a file, whose whole takes as long as the client's
	// line does.
	contentPatience = 30 * time.Second
	// discardPatience bounds the removal of files after a commit; what it leaves is the sweeper's.
	discardPatience = time.Minute
)

// Upload is a file on its way in.
type Upload struct {
	// Type is what the client says it is; empty where it says nothing.
	Type string
	// Length is how many bytes the client says will come, -1 where it says nothing.
	Length int64
	// Body is read only once the caller may store a file and the record exists.
	Body io.Reader
}

// Content is a file on its way out. It must be closed.
type Content struct {
	io.ReadSeekCloser

	// Name is the record's, empty where the resource gives its files none; Type is a media type that is safe to send.
	Name, Type string
	// ETag changes with every byte of the file.
	ETag string
}

// PutContent stores a record's file and returns the record. The file streams to its place first; it is the record's
// when the transaction that makes the record name it has been committed, and then the file from before goes.
func (s *Service) PutContent(ctx context.Context, call Call, op *operation.Operation, path string, up Upload, p *Precondition) (Answer, error) {
	def, record, err := s.contentOf(call, op, path)
	if err != nil {
		return Answer{}, err
	}
	media, err := s.expect(ctx, call, def, record, up, p)
	if err != nil {
		return Answer{}, err
	}
	files, err := s.filesOf(call)
	if err != nil {
		return Answer{}, err
	}
	file, err := files.Create(ctx, record, up.Body, s.maxUpload)
	if err != nil {
		return Answer{}, err
	}
	var rec storage.Record
	err = s.changeContent(ctx, call, def, record, p, &rec, func(_ string, next []schema.Value) error {
		def.content.name(next, file, media)
		return nil
	})
	if err != nil {
		s.abandon(ctx, call, file.Key, err)
		return Answer{}, err
	}
	return answer(def.encoder, record, rec), nil
}

// GetContent returns a record's file: not_found where there is none, whatever the reason.
func (s *Service) GetContent(ctx context.Context, call Call, op *operation.Operation, path string) (Content, error) {
	def, record, err := s.contentOf(call, op, path)
	if err != nil {
		return Content{}, err
	}
	files, err := s.filesOf(call)
	if err != nil {
		return Content{}, err
	}
	for last := ""; ; {
		rec, err := s.look(ctx, call, def, record)
		if err != nil {
			return Content{}, err
		}
		key, stored := def.content.key(call.Actor.Tenant, def.Schema, rec.Values)
		if !stored {
			return Content{}, fault.Missing()
		}
		file, err := files.Open(ctx, record, key)
		switch {
		case err == nil:
			return def.content.describe(rec.Values, file), nil
		case !fault.Is(err, fault.NotFound):
			return Content{}, err
		case key == last: // the file did not make way for another one: it is lost
			return Content{}, fault.Wrap(fault.Internal, "", err)
		}
		last = key
	}
}

// DeleteContent removes a record's file: not_found where there is none.
func (s *Service) DeleteContent(ctx context.Context, call Call, op *operation.Operation, path string, p *Precondition) error {
	def, record, err := s.contentOf(call, op, path)
	if err != nil {
		return err
	}
	return s.changeContent(ctx, call, def, record, p, new(storage.Record), func(key string, next []schema.Value) error {
		if key == "" {
			return fault.Missing()
		}
		def.content.reset(def.Schema, next)
		return nil
	})
}

// contentOf begins an operation on a record's file.
func (s *Service) contentOf(call Call, op *operation.Operation, path string) (*Definition, id.ID, error) {
	def, err := s.begin(call, op)
	if err != nil {
		return nil, id.ID{}, err
	}
	record, err := parseID(path)
	if err == nil && def.content == nil {
		err = fault.Missing()
	}
	return def, record, err
}

// expect decides whether an upload is worth its bytes, before the first of them is read, and returns its media type.
func (s *Service) expect(ctx context.Context, call Call, def *Definition, record id.ID, up Upload, p *Precondition) (string, error) {
	rec, err := s.look(ctx, call, def, record)
	if err != nil {
		return "", err
	}
	if err := p.holdsContent(def, record, rec); err != nil {
		return "", err
	}
	media, ok := mediaType(up.Type)
	if !ok {
		return "", fault.Invalid(fault.Field{Name: "Content-Type", Code: fault.FieldFormat, Message: "must be a media type such as application/pdf, of at most 255 characters"})
	}
	if up.Length > s.maxUpload {
		return "", fault.New(fault.BodyTooLarge, "")
	}
	return media, nil
}

func (s *Service) look(ctx context.Context, call Call, def *Definition, record id.ID) (storage.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, contentPatience)
	defer cancel()
	store, err := s.store(ctx, call)
	if err != nil {
		return storage.Record{}, err
	}
	defer store.Close()
	return store.Get(ctx, def.Schema, record)
}

// changeContent changes what a record says of its file, in one transaction with its event. set gets the key of the
// present file, empty where there is none; rec is filled with what becomes of the record.
func (s *Service) changeContent(
	ctx context.Context, call Call, def *Definition, record id.ID, p *Precondition, rec *storage.Record,
	set func(key string, next []schema.Value) error,
) error {
	ctx, cancel := context.WithTimeout(ctx, contentPatience)
	defer cancel()
	return s.update(ctx, call, func(tx *Tx) error {
		current, err := tx.tx.Get(ctx, def.Schema, record)
		if err != nil {
			return err
		}
		if err := p.holdsContent(def, record, current); err != nil {
			return err
		}
		key, _ := def.content.key(call.Actor.Tenant, def.Schema, current.Values)
		next := slices.Clone(current.Values)
		if err := set(key, next); err != nil {
			return err
		}
		tx.forget(def, current.Values)
		return tx.change(ctx, def, "updated", current, next, rec)
	})
}

// holdsContent is holds for an operation on a record's file, where a client may know the file's tag or the record's.
func (p *Precondition) holdsContent(def *Definition, record id.ID, rec storage.Record) error {
	if tag := def.content.tag(rec.Values); p != nil && tag != "" && slices.Contains(p.Tags, tag) {
		return nil
	}
	return p.holds(record, rec)
}

// abandon removes the file of an upload whose transaction failed with err. Where it may have been committed all the
// same, the sweeper has to look: the record may name the file.
func (s *Service) abandon(ctx context.Context, call Call, key string, err error) {
	if f := fault.From(err); f.Code != fault.Internal && f.Code != fault.Unavailable {
		s.discard(ctx, call, []string{key})
	}
}

// discard removes files that no record names any more. What fails is left to the sweeper.
func (s *Service) discard(ctx context.Context, call Call, keys []string) {
	if len(keys) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardPatience)
	defer cancel()
	if files, err := s.filesOf(call); err == nil {
		_ = files.Delete(ctx, keys...)
	}
}

// forget remembers that the record's file goes when the transaction has been committed.
func (t *Tx) forget(def *Definition, values []schema.Value) {
	if def.content == nil {
		return
	}
	if key, stored := def.content.key(t.call.Actor.Tenant, def.Schema, values); stored {
		t.forgotten = append(t.forgotten, key)
	}
}

// writable is the resource as a client may write a record: what tells of a stored file is read-only.
func (t *Tx) writable(def *Definition, values []schema.Value) *schema.Resource {
	if def.content != nil {
		if _, stored := def.content.key(t.call.Actor.Tenant, def.Schema, values); stored {
			return def.content.held
		}
	}
	return def.Schema
}

// pin undoes what a hook or an action did to the fields that tell of a stored file.
func (t *Tx) pin(def *Definition, before, after []schema.Value) {
	if def.content == nil {
		return
	}
	if _, stored := def.content.key(t.call.Actor.Tenant, def.Schema, before); !stored {
		return
	}
	for _, i := range []int{def.content.path, def.content.size, def.content.checksum} {
		if i >= 0 {
			after[i] = before[i]
		}
	}
}

// mediaType checks a Content-Type. What passes is safe in a header.
func mediaType(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return plainBytes, true
	}
	if len(text) > maxMediaType || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
		return "", false
	}
	media, _, err := mime.ParseMediaType(text)
	if err != nil || !strings.Contains(media, "/") {
		return "", false
	}
	return text, true
}

// checksumPrefix says which hash a checksum is.
const checksumPrefix = "sha256:"

func checksum(file storage.File) string { return checksumPrefix + hex.EncodeToString(file.SHA256[:]) }
