package jwt

import (
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Audience is a string or an array of them (RFC 7519, section 4.1.3).
type Audience []string

// MarshalJSONTo implements json.MarshalerTo: a single one is written as a string, which every reader takes.
func (a Audience) MarshalJSONTo(enc *jsontext.Encoder) error {
	if len(a) == 1 {
		return enc.WriteToken(jsontext.String(a[0]))
	}
	return json.MarshalEncode(enc, []string(a))
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (a *Audience) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '"' {
		return json.UnmarshalDecode(dec, (*[]string)(a))
	}
	name, err := dec.ReadToken()
	if err != nil {
		return err
	}
	*a = Audience{name.String()}
	return nil
}

// Date is a NumericDate (RFC 7519, section 2). A fraction is taken, a string or null is not.
type Date struct{ time.Time }

// MarshalJSONTo implements json.MarshalerTo.
func (d Date) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteToken(jsontext.Int(d.Unix()))
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (d *Date) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseFloat(string(value), 64)
	if err != nil || seconds < 0 || seconds > maxSeconds {
		return errDate
	}
	// Any text but a number has failed by now.
	whole, fraction := math.Modf(seconds)
	d.Time = time.Unix(int64(whole), int64(fraction*float64(time.Second))).UTC()
	return nil
}

// maxSeconds is the end of the year 9999.
const maxSeconds = 253402300799
