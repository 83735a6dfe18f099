package resource

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/schema"
	"github.com/tenantry/tenantry/internal/storage"
	"github.com/tenantry/tenantry/internal/tenant"
)

// content knows the fields of a resource that tell of a record's file, by their places; -1 where there is none.
type content struct {
	title, path, size, media, checksum int
	// held is the resource as a client may write it while a file is stored.
	held *schema.Resource
}

// The least that the fields must be able to hold.
const (
	keyLength      = 3*36 + len("/files//")
	checksumLength = len(checksumPrefix) + 64
)

func newContent(r *schema.Resource) *content {
	c := r.Content
	if c.IsZero() {
		return nil
	}
	held := *r
	held.Fields = slices.Clone(r.Fields)
	for i := range held.Fields {
		switch f := &held.Fields[i]; f.Name {
		case c.Path, c.Size:
			f.ReadOnly = true
		case c.Type:
			f.Kept = true
		}
	}
	held.Finish()
	return &content{
		title: r.Index(c.Name), path: r.Index(c.Path), size: r.Index(c.Size), media: r.Index(c.Type), checksum: r.Index(c.Checksum),
		held: &held,
	}
}

// key returns the key of the record's file, false where there is none. Only the server sets a checksum, so that what a
// client writes into the field of the key never leads to a file.
func (c *content) key(t tenant.ID, r *schema.Resource, values []schema.Value) (string, bool) {
	if values[c.checksum].IsNull() {
		return "", false
	}
	key := values[c.path].Text()
	return key, strings.HasPrefix(key, storage.FilePrefix(t, recordID(r, values)))
}

// tag is the entity tag of the record's file, without its quotes; empty where there is none.
func (c *content) tag(values []schema.Value) string { return values[c.checksum].Text() }

// name makes a record name a file.
func (c *content) name(values []schema.Value, file storage.File, media string) {
	values[c.path] = schema.String(file.Key)
	values[c.checksum] = schema.String(checksum(file))
	if c.size >= 0 {
		values[c.size] = schema.Int(file.Size)
	}
	if c.media >= 0 {
		values[c.media] = schema.String(media)
	}
}

// reset makes a record name no file.
func (c *content) reset(r *schema.Resource, values []schema.Value) {
	values[c.checksum] = schema.Null()
	values[c.path] = r.Fields[c.path].Zero()
	if c.size >= 0 {
		values[c.size] = r.Fields[c.size].Zero()
	}
}

func (c *content) describe(values []schema.Value, file io.ReadSeekCloser) Content {
	out := Content{ReadSeekCloser: file, Type: plainBytes, ETag: c.tag(values)}
	if c.title >= 0 {
		out.Name = values[c.title].Text()
	}
	if c.media >= 0 {
		// A client may have written something else since the upload; what is no media type is not sent as one.
		if media, ok := mediaType(values[c.media].Text()); ok {
			out.Type = media
		}
	}
	return out
}

// checkContent reports what is wrong with the fields that a resource's Content names.
func checkContent(r *schema.Resource) []error {
	c := r.Content
	if c.IsZero() || len(r.Fields) == 0 { // a struct with mistakes of its own has no fields
		return nil
	}
	var mistakes []error
	if c.Path == "" || c.Checksum == "" {
		mistakes = append(mistakes, fmt.Errorf("resource %q: content: Path and Checksum must name fields", r.Name))
	}
	for _, one := range []struct {
		role, field string
		wrong       func(f *schema.Field) string
	}{
		{"Name", c.Name, wrongName},
		{"Path", c.Path, wrongPath},
		{"Size", c.Size, wrongSize},
		{"Type", c.Type, wrongType},
		{"Checksum", c.Checksum, wrongChecksum},
	} {
		if one.field == "" {
			continue
		}
		if wrong := wrongField(r.Field(one.field), one.wrong); wrong != "" {
			mistakes = append(mistakes, fmt.Errorf("resource %q: content: %s: field %q %s", r.Name, one.role, one.field, wrong))
		}
	}
	return mistakes
}

func wrongField(f *schema.Field, wrong func(*schema.Field) string) string {
	switch {
	case f == nil:
		return "does not exist"
	case !f.Stored() || f.BuiltIn || f.Ref != nil:
		return "is none that a file can be told by: it is derived, a reference or Tenantry's own"
	}
	return wrong(f)
}

func wrongName(f *schema.Field) string {
	if f.Type != schema.Text {
		return "must be a text"
	}
	return ""
}

// settable is what every field needs that an upload sets, whatever it held before.
func settable(f *schema.Field, t schema.Type) string {
	if f.Type != t || len(f.Enum) > 0 || f.Required || f.Unique || f.Immutable {
		return "must be of the type " + t.String() + " without enum, required, unique and immutable"
	}
	return ""
}

func wrongPath(f *schema.Field) string {
	if f.MaxLength > 0 && f.MaxLength < keyLength {
		return fmt.Sprintf("must have room for %d characters", keyLength)
	}
	return settable(f, schema.Text)
}

func wrongSize(f *schema.Field) string {
	if f.Min != nil && *f.Min > 0 || f.Max != nil {
		return "must have no min above 0 and no max: the size of a file is what it is"
	}
	return settable(f, schema.Integer)
}

func wrongType(f *schema.Field) string {
	if f.MaxLength > 0 && f.MaxLength < maxMediaType {
		return fmt.Sprintf("must have room for %d characters", maxMediaType)
	}
	return settable(f, schema.Text)
}

func wrongChecksum(f *schema.Field) string {
	switch {
	case !f.ReadOnly || !f.Nullable || !f.Default.IsNull():
		return "must be read-only and a pointer, without a default: it is null while there is no file"
	case f.MaxLength > 0 && f.MaxLength < checksumLength:
		return fmt.Sprintf("must have room for %d characters", checksumLength)
	}
	return settable(f, schema.Text)
}
