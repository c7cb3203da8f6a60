package runner

import "syscall"

// scriptAttr gives the script a session of its own.
func scriptAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true}
}
