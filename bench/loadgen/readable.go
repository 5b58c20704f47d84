package main

import (
	"net"
	"syscall"
	"time"
	"unsafe"
)

const pollIn = 1 // POLLIN of poll(2)

type pollFd struct {
	fd      int32
	events  int16
	revents int16
}

// readable waits until there is something to read, or until `due`, to some 60 µs: the timers of the runtime, which
// waits in whole milliseconds, would send in bursts what a pace spaces.
func readable(conn *net.TCPConn, due time.Time) (ready bool, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false, err
	}
	controlErr := raw.Control(func(fd uintptr) {
		ready, err = poll(int32(fd), time.Until(due))
	})
	if err == nil {
		err = controlErr
	}
	return ready, err
}

func poll(fd int32, wait time.Duration) (ready bool, err error) {
	asked := pollFd{fd: fd, events: pollIn}
	timeout := syscall.NsecToTimespec(max(int64(wait), 0))
	found, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&asked)), 1,
		uintptr(unsafe.Pointer(&timeout)), 0, 0, 0)
	if errno != 0 && errno != syscall.EINTR {
		return false, errno
	}
	return found == 1 && errno == 0, nil
}
