package limit

import (
	"math/bits"
	"time"
)

// This is the generic cell rate algorithm. A bucket is one moment: when it is full again. A charge moves the moment
// by the time in which one unit flows back, Per/Count, and is allowed where it stays within Per from now.
//
// Per/Count is seldom a whole number of microseconds, and a rounded one would let through more than Count or less.
// So a moment is a whole number of them and a rest of Count-ths. script.lua computes the same on the same numbers.

// moment is micros + rest/Count microseconds, where Count is the rate's that the moment belongs to and 0 <= rest < Count.
type moment struct{ micros, rest int64 }

func (m moment) before(o moment) bool {
	return m.micros < o.micros || m.micros == o.micros && m.rest < o.rest
}

// plus and minus move a moment by a span of the same form.
func (r Rate) plus(m, span moment) moment {
	m.micros, m.rest = m.micros+span.micros, m.rest+span.rest
	if m.rest >= r.Count {
		m.micros, m.rest = m.micros+1, m.rest-r.Count
	}
	return m
}

func (r Rate) minus(m, span moment) moment {
	m.micros, m.rest = m.micros-span.micros, m.rest-span.rest
	if m.rest < 0 {
		m.micros, m.rest = m.micros-1, m.rest+r.Count
	}
	return m
}

// unit is the time in which one unit flows back.
func (r Rate) unit() moment {
	per := r.Per.Microseconds()
	return moment{per / r.Count, per % r.Count}
}

// sane returns when a bucket is full, seen at now: not before now, and not further away than an empty bucket takes.
// The latter would be the trace of another rate or of a clock that was set back.
func (r Rate) sane(full moment, now int64) moment {
	empty := moment{now + r.Per.Microseconds(), 0}
	if full.rest >= r.Count {
		full.rest = 0
	}
	switch {
	case full.before(moment{now, 0}):
		return moment{now, 0}
	case empty.before(full):
		return empty
	default:
		return full
	}
}

// charged returns the moment after one more charge, and whether the rate allows it.
func (r Rate) charged(full moment, now int64) (moment, bool) {
	next := r.plus(full, r.unit())
	return next, !(moment{now + r.Per.Microseconds(), 0}).before(next)
}

// refunded takes back a charge that had moved the bucket to end. What time has repaid since is not given again: else
// a client could save up more than Count by keeping answers in flight.
func (r Rate) refunded(full, end moment, now int64) moment {
	start := moment{now, 0}
	if !start.before(end) {
		return full
	}
	back := r.minus(end, start)
	if unit := r.unit(); unit.before(back) {
		back = unit
	}
	return r.sane(r.minus(full, back), now)
}

// left returns how many charges are allowed at now, and how long it takes until it is one more: 0 where all are.
//
//nolint:gosec // a sane moment keeps all of these numbers positive and within 63 bits
func (r Rate) left(full moment, now int64) (int64, time.Duration) {
	// In Count-ths of a microsecond, of which Per and Count together can have more than 63 bits.
	per := uint64(r.Per.Microseconds())
	hi, lo := bits.Mul64(per-uint64(full.micros-now), uint64(r.Count))
	lo, borrow := bits.Sub64(lo, uint64(full.rest), 0)
	remaining, part := bits.Div64(hi-borrow, lo, per)
	if int64(remaining) >= r.Count {
		return r.Count, 0
	}
	missing := (per - part + uint64(r.Count) - 1) / uint64(r.Count)
	return int64(remaining), time.Duration(missing) * time.Microsecond
}
