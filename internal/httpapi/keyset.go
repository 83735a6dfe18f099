package httpapi

// tellKeys answers with the public keys of tokens. Readers look again for a key that they don't know, but a cache in
// between gives them what it has: so for a minute at most.
func (s *server) tellKeys(x *exchange) error {
	if err := x.refuseQuery(); err != nil {
		return err
	}
	body, err := s.keySet()
	if err != nil {
		return err
	}
	return x.sendCached(newFile(jsonType, body), s.fixed.publicMinute)
}
