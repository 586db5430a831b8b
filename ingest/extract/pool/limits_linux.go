package pool

import (
	"os"
	"syscall"
)

// noNetwork lets the process start in a network of its own, in which there is
// nothing to reach. Whoever is not root may do that only in a user namespace of
// its own too, in which it stays the same user; root stays outside of one, as
// inside it could no longer read other users' files. Where the system allows
// neither, the process does not start.
func noNetwork(attr *syscall.SysProcAttr) {
	attr.Cloneflags = syscall.CLONE_NEWNET
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 {
		return
	}
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
}
