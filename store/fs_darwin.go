package store

import "golang.org/x/sys/unix"

// networkFS names the network file system that dir lies on, or gives "". On
// those, locks and shared memory between machines do not hold.
func networkFS(dir string) string {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return ""
	}
	switch name := unix.ByteSliceToString(st.Fstypename[:]); name {
	case "nfs", "smbfs", "afpfs", "webdav", "macfuse", "osxfuse":
		return name
	}
	return ""
}
