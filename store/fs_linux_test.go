package store

import "testing"

func TestNetworkFileSystemsAreToldFromLocalOnes(t *testing.T) {
	for _, c := range []struct {
		magic uint32
		fuse  string
		want  string
	}{
		{0x6969, "", "NFS"},
		{0xFE534D42, "", "SMB2"},
		{0x0BD00BD0, "", "Lustre"},
		{0x65735546, "fuse.sshfs", "fuse.sshfs"},
		{0x65735546, "fuse.ntfs-3g", ""}, // a local disk
		{0xEF53, "", ""},                 // ext4
		{0x01021994, "", ""},             // tmpfs
		{0x794C7630, "", ""},             // overlayfs
	} {
		if got := networkName(c.magic, func() string { return c.fuse }); got != c.want {
			t.Errorf("magic %#x, mounted as %q: %q, want %q", c.magic, c.fuse, got, c.want)
		}
	}
	if got := networkFS(t.TempDir()); got != "" {
		t.Skipf("the temporary directory lies on %s", got)
	}
}
