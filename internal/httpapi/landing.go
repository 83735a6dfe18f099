package httpapi

import (
	"net/http"
	"strings"

	"github.com/tenantry/tenantry/internal/httpapi/accept"
	"github.com/tenantry/tenantry/internal/schema"
)

// link is one way from / into the service.
type link struct{ name, path, title, about string }

// links are where to go from /. The web interface is there only where it is served.
func links(admin bool) []link {
	all := []link{
		{"api", "/api/v1/", "", ""},
		{"docs", "/api/docs/", "Documentation", "Every operation of the API, to read and to try."},
		{"redoc", "/api/redoc/", "Reference", "The same on one page, for reading."},
		{"schema", "/api/schema/", "OpenAPI document", "For generators of clients, and for machines."},
		{"health", "/healthz", "Health", "Whether the process lives."},
		{"readiness", "/readyz", "Readiness", "Whether requests are served."},
	}
	if !admin {
		return all
	}
	return append([]link{{"admin", adminPath, "Admin", "Look at a tenant's data and change it, or manage the platform."}}, all...)
}

// index names the service, its version and where to go from here: as a page for browsers, as JSON for programs.
func (s *server) index(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	h := x.w.Header()
	h["Vary"] = s.fixed.varyAccept
	if accept.HTML(x.r.Header["Accept"]) {
		return x.sendPage(s.landing, s.fixed.landingPolicy)
	}
	return x.sendJSON(http.StatusOK, s.fixed.index)
}

func indexBody(name, version string, links []link) []byte {
	out := append([]byte(nil), `{"name":`...)
	out = schema.AppendString(out, name)
	out = append(out, `,"version":`...)
	out = schema.AppendString(out, version)
	out = append(out, `,"links":{`...)
	for i, l := range links {
		if i > 0 {
			out = append(out, ',')
		}
		out = schema.AppendString(out, l.name)
		out = schema.AppendString(append(out, ':'), l.path)
	}
	return append(out, `}}`...)
}

// landingPolicy lets the page load its style and its icon, and nothing else.
const landingPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func landingPage(name, version string, links []link) file {
	var out strings.Builder
	out.WriteString(pageHead(name) + `<link rel="stylesheet" href="/api/docs/assets/landing.css">
</head>
<body>
<main>
<h1>` + escapeHTML(name) + `</h1>
<p class="version">Version ` + escapeHTML(version) + `</p>
<p>A REST API for many tenants, each of which sees its own data alone.</p>
<ul>
`)
	for _, l := range links {
		if l.title != "" {
			out.WriteString(`<li><a href="` + l.path + `">` + l.title + `</a><span>` + escapeHTML(l.about) + "</span></li>\n")
		}
	}
	out.WriteString("</ul>\n</main>\n</body>\n</html>\n")
	return newFile("text/html; charset=utf-8", []byte(out.String()))
}
