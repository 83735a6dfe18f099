package openapi

import "github.com/tenantry/tenantry/internal/policy"

func text(description string) object { return object{{"type", "string"}, {"description", description}} }

func uuid(description string) object {
	return object{{"type", "string"}, {"format", "uuid"}, {"description", description}}
}

func roles() object {
	names := texts()
	for _, role := range policy.Roles() {
		names = append(names, role.String())
	}
	return object{{"type", "string"}, {"enum", names}, {"description", "The role in the tenant."}}
}

func tenantProperties() object {
	return object{{"id", uuid("The tenant's id.")}, {"slug", text("The tenant's short name.")}, {"name", text("The tenant's name.")}}
}

// closed is an object that a client sends.
func closed(properties object, required ...string) object {
	out := object{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}}
	if len(required) > 0 {
		out = append(out, member{"required", texts(required...)})
	}
	return out
}

// open is an object that a client gets: more may be added to it.
func open(properties object, required ...string) object {
	return object{{"type", "object"}, {"properties", properties}, {"required", texts(required...)}}
}

// required is a text that a client must send, and not empty.
func required(s object) object { return s.with(member{"minLength", 1}) }

// accountSchemas are what the operations on tokens take and answer.
func accountSchemas() object {
	seconds := object{{"type", "integer"}, {"description", "How many seconds the access token is good for."}}
	exp := object{{"type", "integer"}, {"format", "int64"}, {"description", "When the token expires, in seconds since 1970."}}
	password := required(text("The password.")).with(member{"format", "password"})
	withRole := append(tenantProperties(), member{"role", roles()})
	return object{
		{"SignIn", closed(object{
			{"username", required(text("The user's name."))},
			{"password", password},
			{"tenant", object{{"type", array{"string", "null"}}, {"description", "The tenant's slug or id. Users of one tenant may leave it out."}}},
		}, "username", "password")},
		{"RefreshRequest", closed(object{{"refresh", required(text("The refresh token."))}}, "refresh")},
		{"TokenRequest", closed(object{{"token", required(text("The token."))}}, "token")},
		{"Tokens", open(object{
			{"access", text("The access token.")},
			{"refresh", text("The refresh token: good once, for the next pair.")},
			{"token_type", object{{"type", "string"}, {"enum", texts("Bearer")}}},
			{"expires_in", seconds},
			{"tenant", open(withRole, "id", "slug", "name", "role")},
		}, "access", "refresh", "token_type", "expires_in", "tenant")},
		{"TokenInfo", open(object{
			{"token_type", object{{"type", "string"}, {"enum", texts("access", "refresh")}}},
			{"user_id", uuid("The user that the token is for.")},
			{"tenant", uuid("The tenant that the token is for.")},
			{"role", roles()},
			{"exp", exp},
		}, "token_type", "user_id", "tenant", "role", "exp")},
		{"Me", open(object{
			{"user", open(object{{"id", uuid("The user's id.")}, {"username", text("The user's name.")}}, "id", "username")},
			{"tenant", open(tenantProperties(), "id", "slug", "name")},
			{"role", roles()},
			{"scopes", object{{"type", "array"}, {"items", object{{"type", "string"}}}, {"description", "What the token is narrowed to; empty where it is not."}}},
			{"token", open(object{{"exp", exp}, {"kind", object{{"type", "string"}, {"enum", texts(string(policy.User), string(policy.Service))}}}}, "exp", "kind")},
		}, "user", "tenant", "role", "scopes", "token")},
	}
}

// serviceSchemas are the answers about the service itself and about its events.
func serviceSchemas() object {
	number := object{{"type", "integer"}, {"format", "int64"}}
	return object{
		{"Status", open(object{{"status", object{{"type", "string"}, {"enum", texts("ok", "ready")}}}}, "status")},
		{"Index", open(object{
			{"name", text("The service's name.")},
			{"version", text("The service's version.")},
			{"links", ref("Links")},
		}, "name", "version", "links")},
		{"Links", object{
			{"type", "object"},
			{"additionalProperties", object{{"type", "string"}, {"format", "uri-reference"}}},
			{"description", "Where to go from here."},
		}},
		{"PublicKey", keySchema()},
		{"KeySet", open(object{
			{"keys", object{{"type", "array"}, {"items", ref("PublicKey")}}},
		}, "keys")},
		{"EventsVerification", open(object{
			{"ok", object{{"type", "boolean"}, {"description", "Whether all events are as they were written."}}},
			{"checked", described(number, "How many events fit, from the first one on.")},
			{"first_broken", described(nullable(number), "The number of the first event that does not fit or is missing.")},
		}, "ok", "checked", "first_broken")},
	}
}

// keySchema is a public key; its numbers are there by the kind of key.
func keySchema() object {
	return open(object{
		{"kty", object{{"type", "string"}, {"enum", texts("OKP", "EC", "RSA")}, {"description", "The kind of key."}}},
		{"kid", text("The key's name, which tokens have in their header.")},
		{"use", object{{"type", "string"}, {"enum", texts("sig")}}},
		{"alg", object{{"type", "string"}, {"enum", texts("EdDSA", "ES256", "RS256")}, {"description", "The only algorithm that the key is for."}}},
		{"crv", text("The curve, of OKP and EC.")},
		{"x", text("A coordinate, of OKP and EC.")},
		{"y", text("A coordinate, of EC.")},
		{"n", text("The modulus, of RSA.")},
		{"e", text("The exponent, of RSA.")},
	}, "kty", "kid", "use", "alg")
}

func schemaParameters() array {
	choice := func(name, description string, values ...string) object {
		return object{
			{"name", name},
			{"in", "query"},
			{"description", description},
			{"schema", object{{"type", "string"}, {"enum", texts(values...)}, {"default", values[0]}}},
		}
	}
	return array{choice("format", "The form of the document.", "json", "yaml"), choice("version", "The version of OpenAPI.", "3.1", "3.0")}
}

// indexAnswer is a page for whoever asks for HTML, and JSON for everybody else.
func indexAnswer() object {
	return object{{"200", object{
		{"description", "The answer, or the same as a page for browsers."},
		{"headers", headers("ETag")},
		{"content", object{
			{jsonType, object{{"schema", ref("Index")}}},
			{"text/html", object{{"schema", object{{"type", "string"}}}}},
		}},
	}}, notModified()}
}

func schemaAnswer() object {
	return object{{"200", object{
		{"description", "The document."},
		{"headers", headers("ETag")},
		{"content", object{
			{jsonType, object{{"schema", object{{"type", "object"}}}}},
			{"application/yaml", object{{"schema", object{{"type", "string"}}}}},
		}},
	}}}
}
