package gpu

import "syscall"

// attr gives the child a group of its own, so that a key on the terminal does
// not end it, and ends it with the thread that started it.
func attr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
