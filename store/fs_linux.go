package store

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// networkFS names the network file system that dir lies on, or gives "". On
// those, locks and shared memory between machines do not hold.
func networkFS(dir string) string {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return ""
	}
	return networkName(uint32(st.Type), func() string { return fuseType(dir) })
}

// networkName names a network file system by its magic number, as of statfs(2),
// or gives "". What mounts a FUSE file system is asked of fuse.
func networkName(magic uint32, fuse func() string) string {
	switch magic {
	case 0x6969:
		return "NFS"
	case 0x517B:
		return "SMB"
	case 0xFF534D42:
		return "CIFS"
	case 0xFE534D42:
		return "SMB2"
	case 0x5346414F, 0x6B414653:
		return "AFS"
	case 0x01021997:
		return "9P"
	case 0x0BD00BD0:
		return "Lustre"
	case 0x47504653:
		return "GPFS"
	case 0x00C36400:
		return "CephFS"
	case 0x19830326:
		return "BeeGFS"
	case 0x65735546:
		if t := fuse(); strings.Contains(t, "sshfs") || strings.Contains(t, "smb") || strings.Contains(t, "nfs") {
			return t
		}
	}
	return ""
}

// fuseType gives the type of the mount that dir lies on, such as "fuse.sshfs":
// all of them share one magic number.
func fuseType(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return ""
	}
	defer f.Close()
	best, kind := "", ""
	for sc := bufio.NewScanner(f); sc.Scan(); {
		f := strings.Fields(sc.Text())
		if len(f) < 3 {
			continue
		}
		mount := strings.ReplaceAll(f[1], `\040`, " ")
		if (dir == mount || strings.HasPrefix(dir, strings.TrimSuffix(mount, "/")+"/")) && len(mount) >= len(best) {
			best, kind = mount, f[2]
		}
	}
	return kind
}
