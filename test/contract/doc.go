// Package contract holds the test of the built server against the OpenAPI document that it serves: every operation
// is called, on both engines, and every answer, errors included, has to be what the document says.
//
// It is a module of its own, so that the validator is no dependency of Tenantry. The validator is kin-openapi, which
// reads 3.1 and checks values by JSON Schema 2020-12: it brings 14 modules, while libopenapi-validator brings 141
// and takes minutes to compile. Neither has anything in common with what makes the document.
//
// The document itself is held against Spectral and Redocly, and used as clients' authors use it: oapi-codegen makes a
// Go client and openapi-typescript makes types from it, which goclient and node/flow.ts compile and call the server
// with. Those of the tools that Node.js runs are pinned by node/package-lock.json.
//
// The tokens of other issuers come from Zitadel's OpenID Connect provider, which runs in the test: users log in with
// its form, and the server gets to know it by its discovery document alone.
//
// Calls are derived from the document: bodies from schemas, ids in paths from records made for the call. What can't
// be derived stands in recipes_test.go.
package contract
