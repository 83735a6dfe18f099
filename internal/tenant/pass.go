package tenant

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
)

// Pass is the gate's word that somebody was let into a tenant. Whoever opens a tenant's data shows it, so that a mix-up
// in between, or a tenant's name from a header or a body, opens nothing: naming a tenant is not enough. The zero Pass is
// good for none.
type Pass struct{ seal [sha256.Size]byte }

// Passes makes passes and knows its own again. There is one for a running service.
type Passes struct{ key [sha256.Size]byte }

// NewPasses returns a maker of passes with a key from random. It is never stored: passes end with the process.
func NewPasses(random io.Reader) (*Passes, error) {
	p := &Passes{}
	if _, err := io.ReadFull(random, p.key[:]); err != nil {
		return nil, fmt.Errorf("make a key of passes: %w", err)
	}
	return p, nil
}

// For returns the pass for a tenant. It is for the gate, and for parts of the program that act by themselves.
func (p *Passes) For(t ID) Pass {
	// Both parts have a fixed length, so that a plain hash is as good as an HMAC here.
	var in [sha256.Size + len(ID{})]byte
	copy(in[:], p.key[:])
	copy(in[sha256.Size:], t[:])
	return Pass{sha256.Sum256(in[:])}
}

// Admit reports whether the pass is for the tenant.
func (p *Passes) Admit(pass Pass, t ID) bool {
	expected := p.For(t)
	return subtle.ConstantTimeCompare(pass.seal[:], expected.seal[:]) == 1
}

// Equal reports whether both passes are for one tenant.
func (p Pass) Equal(other Pass) bool { return p == other }
