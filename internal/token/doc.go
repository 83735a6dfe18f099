// Package token signs and verifies the server's own tokens: JSON Web Tokens (RFC 7519) that bind a caller to one
// tenant, or make them an operator of the platform. RFC 8725 holds: the key decides the algorithm, never the token;
// issuer, audience, type and times are always checked and get no leeway; one kind of token never passes for another.
//
// The keys are a secret from the configuration, which signs with HS256 and has no name, and pairs, which are named
// and have their times: a pair verifies before it signs and after, so that keys can be replaced while tokens are
// good. Where they come from is the account package's business; Vault makes them fit to be stored.
//
// It knows no users and no storage: that a token verifies says that it was signed with our key for that tenant
// and has not expired. Whether its user still belongs there and whether it was revoked is the account package's
// to say. Nothing here looks anything up, and no header of a token makes it fetch anything.
package token
