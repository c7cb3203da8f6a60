//go:build !linux && !darwin

package store

import "path/filepath"

// networkFS names the network file system that dir lies on, or gives "": here
// only shares that show in the path are known.
func networkFS(dir string) string {
	if v := filepath.VolumeName(dir); len(v) > 2 && v[0] == '\\' && v[1] == '\\' && v[2] != '?' {
		return "a share"
	}
	return ""
}
