package prove

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// attackPublic tries an operation that asks for no token: by whatever names the other tenant beside it, and by the
// credentials that it takes.
func (e *engine) attackPublic(ctx context.Context, op *operation) error {
	t := &aim{op: op}
	each := hints()
	switch {
	case op.writes(): // a password costs its check, and log-ins have a limit
		each = []hint{allHeaders(), each[len(each)-1]}
	case e.sparse:
		each = []hint{allHeaders()}
	}
	for _, h := range each {
		if err := e.attackByHint(ctx, t, &actor{name: "nobody"}, h); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(keysOf(e.doc.properties(op.body))) {
		for _, pair := range e.forgeries(op, name) {
			foreign, never := e.credential(op, pair.foreign), e.credential(op, pair.never)
			foreign.sent, never.sent = pair.foreignSent, pair.neverSent
			if _, err := e.try(ctx, op, inToken, &actor{name: "nobody"}, foreign, never, alike); err != nil {
				return err
			}
		}
	}
	rightful := e.b
	if e.ofOperators(op) {
		if err := e.attackAsOwner(ctx, op); err != nil {
			return err
		}
		if rightful = e.platform; rightful == nil {
			e.report.skip(op.id + ": there was no operator to be its rightful caller")
			return nil
		}
	}
	_, err := e.control(ctx, op, nil, e.rightful(op, rightful, nil), inHeader, inQuery, inToken)
	return err
}

// attackAsOwner has a tenant's owner try where operators sign in. What only takes a token back says nothing of it, by its
// standard (RFC 7009, section 2.2).
func (e *engine) attackAsOwner(ctx context.Context, op *operation) error {
	want := refused
	if op.status == http.StatusNoContent {
		want = alike
	}
	own := e.a.owner
	for _, value := range []string{own.token, own.refresh} {
		body := node{"username": own.username, "password": own.password, "token": value, "refresh": value}
		for name := range body {
			if e.doc.properties(op.body)[name] == nil {
				delete(body, name)
			}
		}
		if _, err := e.lone(ctx, op, inToken, &actor{name: "a tenant's owner"}, e.credential(op, body), want); err != nil {
			return err
		}
	}
	return nil
}

// ofOperators reports whether an operation that asks for no token is the operators' all the same.
func (e *engine) ofOperators(op *operation) bool { return strings.HasPrefix(op.path, adminPrefix) }

func keysOf(m map[string]node) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range m {
			if !yield(name) {
				return
			}
		}
	}
}

// forgery is what a body says of somebody whom the sender is not, and the same of somebody who never was.
type forgery struct {
	foreign, never         node
	foreignSent, neverSent []string
}

// forgeries returns what can be tried with one field of a body of credentials.
func (e *engine) forgeries(op *operation, field string) []forgery {
	base := func() node { return e.credentials(op, e.a) }
	one := func(theirs, nobodys string, change func(n node, value string)) forgery {
		f := forgery{foreign: base(), never: base(), foreignSent: []string{theirs}, neverSent: []string{nobodys}}
		change(f.foreign, theirs)
		change(f.never, nobodys)
		return f
	}
	set := func(n node, value string) { n[field] = value }
	nobody := newID(e.Clock())
	switch field {
	case "tenant":
		return []forgery{one(e.b.slug, "prove-b-"+newMark()+"000", set), one(e.b.id, nobody, set)}
	case "username":
		theirs := e.b.owner.username
		if e.ofOperators(op) && e.platform != nil {
			theirs = e.platform.owner.username
		}
		return []forgery{one(theirs, newMark()+"1000@example.com", func(n node, value string) {
			n["username"], n["password"] = value, "Pw-wrong-wrong"
			if n["tenant"] != nil {
				n["tenant"] = e.b.slug
			}
		})}
	case "client_id":
		theirs := e.b.first(accountPath)
		if theirs == nil {
			return nil
		}
		id := text(theirs.values["client_id"])
		return []forgery{one(id, neverLike(id), func(n node, value string) { n["client_id"], n["client_secret"] = value, "wrong-wrong-wrong" })}
	case "token", "refresh":
		genuine := e.a.owner.token
		if field == "refresh" {
			genuine = e.a.owner.refresh
		}
		var out []forgery
		for _, forge := range []func(token, tenant string) string{renamed, selfSigned} {
			out = append(out, one(forge(genuine, e.b.id), forge(genuine, nobody), set))
		}
		return out
	default:
		return nil
	}
}

// credential returns a request of op with a body of credentials.
func (e *engine) credential(op *operation, body node) request {
	r := request{method: op.method, path: op.path, media: op.media, query: map[string][]string{}, header: http.Header{}}
	r.setBody(body)
	if op.media == formMedia {
		r.body = formOf(r.body)
	}
	return r
}

const formMedia = "application/x-www-form-urlencoded"

// formOf turns a JSON object into a form.
func formOf(body []byte) []byte {
	form := url.Values{}
	for name, v := range bodyOf(request{body: body}) {
		form.Set(name, text(v))
	}
	return []byte(form.Encode())
}

// credentials are what a member of the tenant sends to an operation that asks for no token.
func (e *engine) credentials(op *operation, s *side) node {
	who := s.roles[viewer]
	out := node{}
	for name := range e.doc.properties(op.body) {
		switch name {
		case "username":
			out[name] = who.username
		case "password":
			out[name] = who.password
		case "tenant":
			out[name] = s.slug
		case "token":
			out[name] = who.token
			if op.status == http.StatusNoContent { // it ends the token
				out[name] = s.spent
			}
		case "refresh":
			out[name] = s.placeholder()
		case "grant_type":
			out[name] = "client_credentials"
		case "client_id", "client_secret":
			if account := s.first(accountPath); account != nil {
				out[name] = account.values[name]
			}
		}
	}
	return out
}
