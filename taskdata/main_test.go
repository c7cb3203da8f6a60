package taskdata_test

import (
	"fmt"
	"os"
	"testing"

	"pitwall/internal/pytest"
)

func TestMain(m *testing.M) {
	if err := pytest.Unshim(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
