// Package openapi writes the OpenAPI document of the API, from the operation table and the schemas alone, so that
// what is documented and what is served can't drift apart. The document is version 3.1; one of version 3.0 is derived
// from it for tools that know no other. Both are made once, at start, and the same input makes the same bytes.
//
// It serves nothing, and no Go type of a resource may appear here.
package openapi
