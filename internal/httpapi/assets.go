package httpapi

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/tenantry/tenantry/internal/fault"
	"github.com/tenantry/tenantry/internal/httpapi/accept"
	"github.com/tenantry/tenantry/internal/operation"
)

//go:embed assets/*.gz assets/*.js assets/*.svg assets/*.css
var assetFiles embed.FS

// asset is one file that the pages load: packed, plain, or in both forms. The tags differ, since the bytes do.
type asset struct {
	contentType []string
	packed      []byte // gzip; nil for small files
	packedTag   string
	plain       []byte // nil for a packed file: unpacked for the rare client that needs it
	plainTag    string
}

// assetOperation is the route of the pages' files. It is no operation of the API, so the table does not have it.
func assetOperation() *operation.Operation {
	return &operation.Operation{ID: "getDocsAsset", Method: http.MethodGet, Path: "/api/docs/assets/{file}"}
}

func loadAssets() (map[string]asset, error) {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, fmt.Errorf("read embedded assets: %w", err)
	}
	assets := make(map[string]asset, len(entries))
	for _, entry := range entries {
		body, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read embedded assets: %w", err)
		}
		name, packed := strings.CutSuffix(entry.Name(), ".gz")
		one := asset{contentType: []string{assetType(name)}, plainTag: contentTag(body)}
		if packed {
			one.packed, one.packedTag = body, one.plainTag+".gz"
		} else {
			one.plain = body
		}
		assets[name] = one
	}
	return assets, nil
}

func assetType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return "application/octet-stream"
	}
}

// docsAsset answers with one file of the documentation's pages.
func (s *server) docsAsset(x *exchange) error {
	one, found := s.assets[x.r.PathValue("file")]
	if !found {
		return fault.New(fault.NotFound, "There is nothing at this path.")
	}
	if err := x.refuseQuery(); err != nil {
		return err
	}
	out := file{contentType: one.contentType, etag: one.plainTag, body: one.plain}
	packed := one.packed != nil && accept.Gzip(x.r.Header["Accept-Encoding"])
	switch {
	case packed:
		out.etag, out.body = one.packedTag, one.packed
	case one.packed != nil:
		body, err := unpack(one.packed)
		if err != nil {
			return err
		}
		out.body = body
	}
	x.w.Header()["Vary"] = s.fixed.varyEncoding
	if packed {
		x.w.Header()["Content-Encoding"] = s.fixed.gzip
	}
	return x.sendFile(out)
}

func unpack(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack embedded asset: %w", err)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("unpack embedded asset: %w", err)
	}
	return body, nil
}
