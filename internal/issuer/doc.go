// Package issuer verifies the access tokens of other issuers: OpenID Connect providers that are named in the
// configuration, each with the keys that it publishes.
//
// It promises that a token is taken only when it was signed by a key of its issuer, with an algorithm that the
// configuration lists and that fits the key's type, for the configured audience and for now. No token makes it fetch
// anything but the key set of its configured issuer, and that at most twice a minute, however many are forged. What it
// fetches, it fetches by TLS from public addresses, without following a redirect, and reads to a bound.
//
// It knows no users, no tenants and no storage: who the subject is here, and whether they belong to the tenant that
// the token claims, is the account package's to say.
package issuer
