package gpu

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// maxRow bounds a line of nvidia-smi; longer ones are no rows.
const maxRow = 4 << 10

// stream is an nvidia-smi that goes on talking.
type stream struct {
	lines chan string   // closed at the end of its output
	end   chan error    // gets how it ended
	said  func() string // its standard error, once it has ended
}

// words gives what it said on standard error.
func (s *stream) words() string {
	if s.said == nil {
		return ""
	}
	return s.said()
}

// over waits a little for the end of a process that is ending, and tells whether
// it came.
func (s *stream) over(end *error) bool {
	for late := time.After(leave); ; {
		select {
		case _, ok := <-s.lines: // its writer may be waiting for us
			if !ok {
				s.lines = nil
			}
		case *end = <-s.end:
			return true
		case <-late:
			return false
		}
	}
}

// start starts nvidia-smi; it ends with ctx, and on Linux with this process. That
// it could not be started is told as its end.
func start(ctx context.Context, path string, args []string) *stream {
	words := &capped{}
	s := &stream{lines: make(chan string), end: make(chan error, 1), said: words.String}
	r, w, err := os.Pipe()
	if err != nil {
		close(s.lines)
		s.end <- err
		return s
	}
	go func() {
		defer close(s.lines)
		defer r.Close()
		read(ctx, r, s.lines)
	}()
	go func() {
		// The system ends the child together with the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		cmd := command(ctx, path, args...)
		cmd.Stdout, cmd.Stderr = w, words
		err := cmd.Start()
		w.Close()
		if err == nil {
			err = cmd.Wait()
		}
		// What it left behind may hold its output open.
		_ = r.SetReadDeadline(time.Now().Add(leave / 2))
		s.end <- err
	}()
	return s
}

// read sends lines until the end.
func read(ctx context.Context, r io.Reader, lines chan<- string) {
	b := bufio.NewReaderSize(r, maxRow)
	for cut := false; ; {
		line, err := b.ReadSlice('\n')
		whole := err == nil || errors.Is(err, io.EOF) && len(line) > 0
		if whole && !cut {
			select {
			case lines <- strings.TrimSpace(string(line)):
			case <-ctx.Done():
				return
			}
		}
		cut = errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !cut {
			return
		}
	}
}
