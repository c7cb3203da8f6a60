package gpu

import "syscall"

// attr gives the child a group of its own, so that a key on the terminal does
// not end it. When its parent dies, it ends at its next line, for want of a
// reader.
func attr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
