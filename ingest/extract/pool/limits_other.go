//go:build !linux && !darwin

package pool

import "os/exec"

// No resource limits here: what remains are the stack limit and the time limit
// of the pool.
func limitProcess() error { return nil }

func limitCPU() error { return nil }

func isolate(*exec.Cmd, bool) {}

func killGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		cmd.Process.Kill()
	}
}
