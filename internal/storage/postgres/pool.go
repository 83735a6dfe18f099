package postgres

import "time"

// PoolState is how busy the connections are.
type PoolState struct {
	Used, Idle, Max int
	// Waits counts the requests that found no free connection, Waited is how long all of them waited.
	Waits  int64
	Waited time.Duration
}

// PoolState returns the state of the connections that serve requests.
func (e *Engine) PoolState() PoolState {
	s := e.pool.Stat()
	return PoolState{
		Used: int(s.AcquiredConns()), Idle: int(s.IdleConns()), Max: int(s.MaxConns()),
		Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime(),
	}
}
