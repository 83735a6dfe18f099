package openapi

import "github.com/tenantry/tenantry/internal/operation"

// formType is the media type of OAuth 2's requests.
const formType = "application/x-www-form-urlencoded"

// clientTokenBody is the form of the client credentials grant.
func clientTokenBody() object {
	return object{{"required", true}, {"content", object{{formType, object{{"schema", ref("ClientCredentials")}}}}}}
}

// clientTokenAnswers are the answers of OAuth 2's token endpoint, whose errors are its own (RFC 6749, section 5.2).
func clientTokenAnswers() object {
	refused := func(description string, names ...string) object {
		return object{
			{"description", description},
			{"headers", headers(names...)},
			{"content", object{{jsonType, object{{"schema", ref("OAuthError")}}}}},
		}
	}
	return append(
		answered("200", "The access token.", ref("ClientToken")),
		member{"400", refused("The request can't be served as it is.")},
		member{"401", refused("The client is not who it says.", "WWW-Authenticate")},
	)
}

func oauthSchemas() object {
	errors := texts("invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope")
	return object{
		{"ClientCredentials", object{
			{"type", "object"},
			{"properties", object{
				{"grant_type", object{{"type", "string"}, {"enum", texts("client_credentials")}}},
				{"client_id", text("The service account's client_id; by HTTP Basic as well.")},
				{"client_secret", text("Its secret; by HTTP Basic as well.").with(member{"format", "password"})},
				{"scope", text("What the token is narrowed to, separated by spaces: `read`, `write`, `<resource>:read`, `<resource>:write`. Without it the token is not narrowed.")},
			}},
			{"required", texts("grant_type")},
		}},
		{"ClientToken", open(object{
			{"access_token", text("The access token.")},
			{"token_type", object{{"type", "string"}, {"enum", texts("Bearer")}}},
			{"expires_in", object{{"type", "integer"}, {"description", "How many seconds the access token is good for."}}},
			{"scope", text("What the token is narrowed to, where it is.")},
		}, "access_token", "token_type", "expires_in")},
		{"OAuthError", open(object{
			{"error", object{{"type", "string"}, {"enum", errors}, {"description", "What is wrong, in OAuth 2's words."}}},
			{"error_description", text("What to do about it.")},
		}, "error")},
	}
}

// operatorSchemas are what the operations on operators' tokens take and answer.
func operatorSchemas() object {
	user := open(object{{"id", uuid("The user's id.")}, {"username", text("The user's name.")}}, "id", "username")
	seconds := object{{"type", "integer"}, {"description", "How many seconds the access token is good for."}}
	bearer := object{{"type", "string"}, {"enum", texts("Bearer")}}
	exp := object{{"type", "integer"}, {"format", "int64"}, {"description", "When the token expires, in seconds since 1970."}}
	withRole := append(tenantProperties(), member{"role", roles()})
	return object{
		{"OperatorSignIn", closed(object{
			{"username", required(text("The operator's name."))},
			{"password", required(text("The password.")).with(member{"format", "password"})},
		}, "username", "password")},
		{"OperatorTokens", open(object{
			{"access", text("The access token.")},
			{"refresh", text("The refresh token: good once, for the next pair.")},
			{"token_type", bearer},
			{"expires_in", seconds},
			{"user", user},
		}, "access", "refresh", "token_type", "expires_in", "user")},
		{"OperatorMe", open(object{
			{"user", user},
			{"token", open(object{{"exp", exp}, {"kind", object{{"type", "string"}, {"enum", texts("operator")}}}}, "exp", "kind")},
		}, "user", "token")},
		{"TokenExchange", closed(object{
			{"reason", required(text("Why the operator looks into the tenant; its admins can read it.")).with(member{"maxLength", 500})},
			{"role", roles().with(member{"default", "admin"})},
		}, "reason")},
		{"SigningKeyRotation", closed(object{
			{"algorithm", object{
				{"type", "string"},
				{"enum", texts("EdDSA", "ES256", "RS256")},
				{"default", "EdDSA"},
				{"description", "What the key is for."},
			}},
			{"activate_in", object{
				{"type", "integer"},
				{"minimum", 0},
				{"maximum", 366 * 86400},
				{"default", 0},
				{"description", "In how many seconds the key signs; 0 is a time in which every node has learnt of it."},
			}},
		})},
		{"SigningKey", signingKey()},
		{"SigningKeyPage", open(object{
			{"next", nullable(text("All keys are on one page."))},
			{"previous", nullable(text("All keys are on one page."))},
			{"results", object{{"type", "array"}, {"items", ref("SigningKey")}}},
		}, "next", "previous", "results")},
		{"ExchangedToken", open(object{
			{"access", text("An access token of the tenant, which names the operator.")},
			{"token_type", bearer},
			{"expires_in", seconds},
			{"tenant", open(withRole, "id", "slug", "name", "role")},
		}, "access", "token_type", "expires_in", "tenant")},
	}
}

func signingKey() object {
	moment := func(description string) object {
		return nullable(object{{"type", "string"}, {"format", "date-time"}}).with(member{"description", description})
	}
	return open(object{
		{"kid", text("The key's name; `default` is the secret of the configuration.")},
		{"algorithm", object{{"type", "string"}, {"enum", texts("HS256", "EdDSA", "ES256", "RS256")}}},
		{"state", object{
			{"type", "string"},
			{"enum", texts("next", "current", "standby", "retired")},
			{"description", "Whether it signs: not yet, now, or no more. The secret stands by while a pair signs."},
		}},
		{"verifies", object{{"type", "boolean"}, {"description", "Whether its tokens are good."}}},
		{"created_at", moment("When it was made; the secret has no times.")},
		{"activates_at", moment("From when on it signs.")},
		{"retires_at", moment("From when on its tokens are refused.")},
		{"public", object{{"description", "The public half, as in the key set; null for the secret."}, {"anyOf", array{ref("PublicKey"), object{{"type", "null"}}}}}},
	}, "kid", "algorithm", "state", "verifies", "created_at", "activates_at", "retires_at", "public")
}

// keyParameter is a key's name in the path.
func keyParameter() object {
	return object{
		{"name", "kid"},
		{"in", "path"},
		{"required", true},
		{"description", "The key's name; `default` is the secret of the configuration."},
		{"schema", object{{"type", "string"}, {"minLength", 1}}},
	}
}

// ofOperators reports whether the document has operations of operators.
func (b *builder) ofOperators() bool {
	for i := range b.ops {
		if b.ops[i].Kind == operation.OperatorSignIn {
			return true
		}
	}
	return false
}
