//go:build linux || darwin

package pool

import (
	"fmt"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

const (
	cpuPerFile = 30 * time.Second
	maxWritten = 64 << 20 // bytes of one file; readers write none, programs that they start may
)

func limitProcess() error {
	limits := map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: 64, unix.RLIMIT_FSIZE: maxWritten}
	if runtime.GOOS == "linux" { // elsewhere it does not count what mmap gives
		limits[unix.RLIMIT_DATA] = 512 << 20
	}
	for which, n := range limits {
		if err := unix.Setrlimit(which, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("set resource limit %d: %w", which, err)
		}
	}
	return nil
}

// limitCPU gives the process cpuPerFile from now on. The hard limit stays.
func limitCPU() error {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return fmt.Errorf("get CPU time: %w", err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CPU, &limit); err != nil {
		return fmt.Errorf("get CPU limit: %w", err)
	}
	seconds := time.Duration(used.Utime.Nano()+used.Stime.Nano()+int64(cpuPerFile)) / time.Second
	limit.Cur = min(uint64(seconds)+1, limit.Max)
	if err := unix.Setrlimit(unix.RLIMIT_CPU, &limit); err != nil {
		return fmt.Errorf("set CPU limit: %w", err)
	}
	return nil
}

// isolate puts the process into a group of its own, so that killGroup reaches its
// children too, and on Linux away from all networks if alone is set.
func isolate(cmd *exec.Cmd, alone bool) {
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if alone {
		noNetwork(cmd.SysProcAttr)
	}
}

func killGroup(cmd *exec.Cmd) {
	if cmd.Process != nil && cmd.ProcessState == nil {
		unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
	}
}
