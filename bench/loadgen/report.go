package main

import (
	"sort"
	"syscall"
	"time"
)

// report is what the bench reads. Latency is from the writing of a request to the last byte of its answer.
type report struct {
	Generator string            `json:"generator"`
	Sent      int               `json:"sent"`
	Answered  int               `json:"answered"`
	Counted   int               `json:"counted"` // answered without error within the window
	Seconds   float64           `json:"seconds"`
	P50       float64           `json:"p50_us"`
	P99       float64           `json:"p99_us"`
	P999      float64           `json:"p999_us"`
	CPU       float64           `json:"cpu_us"` // of the generator itself, for each request counted
	Errors    map[string]int    `json:"errors"` // by gRPC status
	Refused   int               `json:"refused"`
	Stored    uint64            `json:"stored"`   // events told stored within the window
	Verdicts  int               `json:"verdicts"` // on events that were not simply allowed
	Samples   map[string]string `json:"samples"`
	Failures  []string          `json:"failures"`
}

func newReport(o options, loads []*load, failures []error, cpu time.Duration) report {
	r := report{
		Generator: "go", Seconds: o.seconds.Seconds(), Errors: map[string]int{}, Samples: map[string]string{},
		Failures: []string{},
	}
	var latencies []uint32
	for i, l := range loads {
		r.Sent += l.sent
		r.Answered += l.answered
		r.Counted += l.inWindow
		r.Refused += l.refused
		r.Stored += l.events.inWindow
		r.Verdicts += l.events.verdicts
		latencies = append(latencies, l.latencies...)
		for status, n := range l.errors {
			r.Errors[status] += n
			r.Samples[status] = l.samples[status]
		}
		if failures[i] != nil {
			r.Failures = append(r.Failures, failures[i].Error())
		}
	}
	sort.Slice(latencies, func(a, b int) bool { return latencies[a] < latencies[b] })
	if n := len(latencies); n > 0 {
		r.P50, r.P99, r.P999 = float64(latencies[n/2]), float64(latencies[n*99/100]), float64(latencies[n*999/1000])
		r.CPU = float64(cpu.Microseconds()) / float64(n)
	}
	return r
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
