//go:build unix

package redistest

import (
	"os/exec"
	"syscall"
)

// detach gives the guard a session of its own: an interrupt at the terminal must not take it before it has cleaned up.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
