package token

import "crypto"

// Private lets tests sign what the package would not.
func (p Pair) Private() crypto.Signer { return p.private }
