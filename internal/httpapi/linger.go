package httpapi

import (
	"io"
	"net/http"
	"time"
)

const (
	// readByServer is how much of a body that nobody has read net/http itself reads, at most, before it cuts the connection.
	readByServer = 256 << 10
	// lingerTime is how long a client may go on sending a body that has been refused.
	lingerTime = 5 * time.Second
)

// linger sends a refusal, then takes the rest of the request's body from a client that reads no answer before it has
// sent everything. Cut at once, such a client would see its connection broken, and never why.
func (x *exchange) linger() {
	r := x.r
	if x.status < http.StatusBadRequest || r.Body == nil || r.ContentLength >= 0 && r.ContentLength <= readByServer {
		return
	}
	if r.ProtoMajor != 1 || r.Header["Expect"] != nil { // who expects 100 has sent nothing, and sends nothing now
		return
	}
	control := http.NewResponseController(x.w)
	until := time.Now().Add(lingerTime) //nolint:forbidigo // a connection's deadlines are in real time, whatever the clock says
	if control.SetReadDeadline(until) != nil || control.Flush() != nil {
		return
	}
	_, _ = io.Copy(io.Discard, r.Body) // whatever ends it, the answer is out
}
