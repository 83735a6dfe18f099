package httpapi

import (
	"context"
	"net"
	"net/http"

	"github.com/tenantry/tenantry/internal/fault"
)

// Framed returns a listener whose connections remember of each request whether it says its length. net/http forgets
// that of a request that is sent in chunks as well, and serves it; a proxy in front that goes by the length would see
// another request begin where we see none (RFC 9112, section 6.3).
func Framed(l net.Listener) net.Listener { return framedListener{l} }

type framedListener struct{ net.Listener }

// Accept implements net.Listener.
func (l framedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &framedConn{TCPConn: tcp}, err
	}
	return conn, err
}

// framedConn is read by one goroutine at a time.
type framedConn struct {
	*net.TCPConn

	head headScan
}

// Read implements net.Conn.
func (c *framedConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.head.see(p[:n])
	return n, err
}

const lengthName = "content-length"

// headScan looks for one name in the head of a request while it is read.
type headScan struct {
	done    bool // the head is over
	length  bool // it had the name
	column  int
	matched int // how much of the name the line begins with
}

func (h *headScan) see(p []byte) {
	for _, b := range p {
		switch {
		case h.done:
			return
		case b == '\n':
			h.done = h.column == 0
			h.column, h.matched = 0, 0
		case b != '\r':
			h.letter(b)
		}
	}
}

func (h *headScan) letter(b byte) {
	switch {
	case h.matched != h.column:
	case h.matched == len(lengthName):
		h.length = h.length || b == ':'
	case b|0x20 == lengthName[h.matched] || b == '-' && lengthName[h.matched] == '-':
		h.matched++
	}
	h.column++
}

// framedKey finds the connection of a request in its context.
type framedKey struct{}

func withFramed(ctx context.Context, c net.Conn) context.Context {
	if framed, ok := c.(*framedConn); ok {
		return context.WithValue(ctx, framedKey{}, framed)
	}
	return ctx
}

// nextHead makes the connection look at the head of its next request.
func nextHead(c net.Conn, state http.ConnState) {
	if framed, ok := c.(*framedConn); ok && state == http.StateIdle {
		framed.head = headScan{}
	}
}

// refuseTwoLengths refuses a request whose end could be read in two ways, and the connection with it.
func (x *exchange) refuseTwoLengths() error {
	if len(x.r.TransferEncoding) == 0 {
		return nil
	}
	framed, ok := x.r.Context().Value(framedKey{}).(*framedConn)
	if !ok || !framed.head.length {
		return nil
	}
	x.w.Header()["Connection"] = []string{"close"}
	return fault.New(fault.MalformedBody, "The request has both Content-Length and Transfer-Encoding.")
}
