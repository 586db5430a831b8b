package main

import (
	"os"
	"os/exec"
	"syscall"
)

// otherUser is the user as whom the program is run where the tests are run by root.
func otherUser() (id int, ok bool) { return 65532, os.Getuid() == 0 }

func asOther(cmd *exec.Cmd) {
	if id, ok := otherUser(); ok {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(id), Gid: uint32(id)}}
	}
}
