package openapi

import (
	"slices"

	"github.com/tenantry/tenantry/internal/operation"
)

// hasContent reports whether any resource's records have files.
func (b *builder) hasContent() bool {
	return slices.ContainsFunc(b.ops, func(op operation.Operation) bool { return op.Kind == operation.GetContent })
}

// binary is a file, of whatever type it is.
func binary() object {
	return object{{"*/*", object{{"schema", object{{"type", "string"}, {"format", "binary"}}}}}}
}

// contentBody is an upload.
func contentBody() object {
	return object{
		{"description", "The file as it is. Its Content-Type is kept; without one it is application/octet-stream."},
		{"required", true},
		{"content", binary()},
	}
}

// contentParameters choose the part of a file that is sent.
func contentParameters() array {
	header := func(name, description string) object {
		return object{{"name", name}, {"in", "header"}, {"description", description}, {"schema", object{{"type", "string"}}}}
	}
	return array{
		header("Range", "Answer with these parts alone, as in `bytes=0-1023` or `bytes=-500` (RFC 9110, section 14.2)."),
		header("If-Range", "Heed Range only where this still is the file's entity tag; send all of it otherwise."),
		parameterRef("IfMatch"), parameterRef("IfNoneMatch"),
	}
}

// contentAnswers are the answers with a file.
func contentAnswers() object {
	text := func(description string) object {
		return object{{"description", description}, {"schema", object{{"type", "string"}}}}
	}
	file := func(description string, more ...member) object {
		named := append(headers("ETag"), member{"Content-Disposition", text("`attachment`, with the file's name (RFC 6266).")},
			member{"Accept-Ranges", text("`bytes`.")})
		return object{{"description", description}, {"headers", append(named, more...)}, {"content", binary()}}
	}
	return object{
		{"200", file("The file.")},
		{"206", file("The part that Range names, or several as multipart/byteranges.",
			member{"Content-Range", text("Which part of how many bytes this is, where it is one.")})},
		notModified(),
	}
}

// contentRange is the header of an answer to a Range that can't be.
func contentRange() member {
	return member{"Content-Range", object{
		{"description", "How many bytes the file has: `bytes */1024`."}, {"schema", object{{"type", "string"}}},
	}}
}
